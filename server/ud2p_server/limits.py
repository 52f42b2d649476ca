"""What a broker allows its clients: every limit and lifetime, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from ud2p.protocol.broker import TIMES, Times


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a broker. The defaults suit a hundred thousand honest clients."""

    times: Times = TIMES
    """Deadlines of a single connection."""
    tick_s: float = 0.5
    """How exactly deadlines are kept; one look at all that is due each time."""
    connections: int = 120_000
    connections_per_address: int = 1_000
    """From one IP address (IPv6: one /64)."""
    newcomers_per_address: int = 100
    """Of those, the ones that are not logged in yet."""
    connects_burst: int = 200
    """Connections that one address may make at once..."""
    connects_a_second: float = 10.0
    """...and how fast that allowance comes back."""
    spares_loopback: bool = True
    """Whether this machine's own addresses are left out of what is counted by address."""
    queued_bytes: int = 256 * 1024
    """What may wait for a client that does not read before it is dropped."""
    busy_bytes: int = 128 * 1024
    """What may wait for a client before others can't add to it, so that nobody can get somebody else dropped."""
    requests_a_turn: int = 100
    """Requests of one client that are handled before others have their turn."""
    closing_s: float = 5.0
    """How long a closed connection may take to read its last lines."""
    shutdown_s: float = 2.0
    """The same, when the broker ends."""
    invitation_s: float = 60.0
    """How long an invitation waits for its answer."""
    outgoing_invitations: int = 16
    """Pending, of one client."""
    incoming_invitations: int = 64
    """Pending, to one client..."""
    incoming_invitations_per_address: int = 16
    """...and those of them that come from one address, so that no address can take up all of them."""
    invitations_burst: int = 60
    """Invitations that a client may make at once..."""
    invitations_a_second: float = 1.0
    """...and how fast that allowance comes back."""
    invitations_burst_per_address: int = 300
    """The same for all clients of one address together..."""
    invitations_a_second_per_address: float = 5.0
    """...and how fast that comes back."""
    rendezvous_wait_s: float = 3.0
    """How long both peers are waited for before each is told what is known of the other."""
    rendezvous_keep_s: float = 30.0
    """How long registrations are taken."""
    sessions: int = 64
    """Introductions of one client for which signals are passed on; the oldest ends when there are more."""
    seat_keep_s: float = 300.0
    """How long the sessions of a client whose connection was lost are kept for its return..."""
    kept_sessions: int = 100_000
    """...and how many are, of all clients; the one that waits longest ends when there are more."""
    names_per_identity: int = 8
    """Names that one identity may own."""
    new_names_per_address: int = 32
    """Names that may be taken for the first time from one address in a day."""
    names: int = 1_000_000
    """Names that are owned at all."""
