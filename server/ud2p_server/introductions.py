"""The introductions that a broker has made: what two peers need to find each other, and their signals.

For each the broker makes fresh random values: the session's id and key, and for either peer an id and a key for the
rendezvous. It tells both their UDP addresses as soon as it knows both, or after 3 s what it knows by then, and more
when it learns more. After that it passes opaque signals on, until one of the two leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ud2p.contracts.transport import Address
from ud2p.protocol.messages import Introduction, PeerAddress, Signal
from ud2p.protocol.rendezvous import RendezvousBook
from ud2p_server.client import Client
from ud2p_server.invitations import Invitation
from ud2p_server.limits import Limits


@dataclass(slots=True, eq=False)
class Seat:
    """One side of a session."""

    client: Client
    rendezvous: bytes
    is_told: bool = False
    """Whether the other side was told this one's UDP address."""


@dataclass(slots=True, eq=False)
class Session:
    """Two clients that were introduced."""

    id: bytes
    seats: tuple[Seat, Seat]
    due_at: float
    """When the addresses are told at the latest."""

    def other(self, seat: Seat) -> Seat:
        """The seat across the table."""
        return self.seats[1] if seat is self.seats[0] else self.seats[0]


@dataclass(slots=True)
class Introductions:
    """All sessions of a broker."""

    limits: Limits
    random: Callable[[int], bytes]
    rendezvous: RendezvousBook = field(default_factory=RendezvousBook)
    _of: dict[Client, dict[bytes, Session]] = field(default_factory=dict)
    _seats: dict[bytes, tuple[Session, Seat]] = field(default_factory=dict)
    _waiting: dict[bytes, Session] = field(default_factory=dict)
    """Those whose addresses are not told, in the order in which they are due."""

    def introduce(self, invitation: Invitation, offer: bytes, now: float) -> None:
        """Introduce the two of an invitation.

        :param offer: the target's
        """
        inviter, target = Seat(invitation.inviter, self.random(16)), Seat(invitation.target, self.random(16))
        session = Session(self.random(16), (inviter, target), now + self.limits.rendezvous_wait_s)
        key = self.random(32)
        self._waiting[session.id] = session
        for seat, offer_of_peer in ((inviter, offer), (target, invitation.offer)):
            rendezvous_key = self.random(32)
            expires_at = now + self.limits.rendezvous_keep_s
            self.rendezvous.add(seat.rendezvous, rendezvous_key, seat.client.host, expires_at)
            self._seats[seat.rendezvous] = (session, seat)
            self._of.setdefault(seat.client, {})[session.id] = session
            seat.client.link.send(
                Introduction(
                    invitation=invitation.id,
                    session=session.id,
                    initiator=seat is inviter,
                    key=key,
                    peer=session.other(seat).client.name,
                    identity=session.other(seat).client.identity[32:],
                    offer=offer_of_peer,
                    rendezvous=seat.rendezvous,
                    rendezvous_key=rendezvous_key,
                )
            )
        for seat in session.seats:
            if len(self._of[seat.client]) > self.limits.sessions:
                self._end(next(iter(self._of[seat.client].values())))

    def peer_of(self, client: Client, session: bytes) -> Client | None:
        """Who sits across in a session of this client."""
        found = self._of.get(client, {}).get(session)
        return next((seat.client for seat in found.seats if seat.client is not client), None) if found else None

    def pass_on(self, signal: Signal, to: Client) -> bool:
        """Hand a signal to the peer.

        :returns: False when so much waits for it already that it was dropped
        """
        if to.link.queued_bytes() > self.limits.busy_bytes:
            return False
        to.link.send(signal)
        return True

    def receive_datagram(self, data: bytes, source: Address, now: float) -> bytes | None:
        """Take a rendezvous datagram.

        :returns: the answer to ``source``
        """
        answer = self.rendezvous.receive_datagram(data, source, now)
        for id in self.rendezvous.events():
            session, seat = self._seats[id]
            other = session.other(seat)
            if session.id not in self._waiting:
                if not seat.is_told:
                    self._tell(session, other)
            elif self.rendezvous.address_of(other.rendezvous) is not None:
                self._tell_both(session)
        return answer

    def _tell_both(self, session: Session) -> None:
        del self._waiting[session.id]
        for seat in session.seats:
            self._tell(session, seat)

    def _tell(self, session: Session, seat: Seat) -> None:
        """Tell one side where the other is."""
        peer = session.other(seat)
        address = self.rendezvous.address_of(peer.rendezvous)
        peer.is_told = address is not None
        seat.client.link.send(
            PeerAddress(
                session=session.id,
                ip=peer.client.host,
                port=peer.client.port,
                udp_port=None if address is None else address[1],
            )
        )

    def end_of(self, client: Client) -> None:
        """A client left: its sessions end; a peer that waits gets what is known."""
        for session in list(self._of.get(client, {}).values()):
            self._end(session)

    def _end(self, session: Session) -> None:
        if session.id in self._waiting:
            self._tell_both(session)
        for seat in session.seats:
            self.rendezvous.remove(seat.rendezvous)
            del self._seats[seat.rendezvous]
            sessions = self._of[seat.client]
            del sessions[session.id]
            if not sessions:
                del self._of[seat.client]

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` has addresses to tell."""
        return next((session.due_at for session in self._waiting.values()), None)

    def handle_timer(self, now: float) -> None:
        """Tell what is known to those who have waited long enough."""
        while (due := self.next_timer()) is not None and now >= due:
            self._tell_both(next(iter(self._waiting.values())))
        self.rendezvous.handle_timer(now)
