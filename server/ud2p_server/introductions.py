"""The introductions that a broker has made: what two peers need to find each other, and their signals.

For each the broker makes fresh random values: the session's id and key, and for either peer an id and a key for the
rendezvous. It tells both their UDP addresses as soon as it knows both, or after 3 s what it knows by then, and more
when it learns more. After that it passes opaque signals on, until one of the two leaves.

A seat belongs to a name and an identity, not to a connection: whoever loses the connection and logs in again as the
same one within 5 minutes sits down where it sat, registers anew and is found by its peer at its new address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ud2p.contracts.transport import Address
from ud2p.protocol.messages import Introduction, PeerAddress, Signal
from ud2p.protocol.rendezvous import RendezvousBook
from ud2p_server.client import Client
from ud2p_server.invitations import Invitation
from ud2p_server.limits import Limits


class Owner(NamedTuple):
    """Whose a seat is."""

    name: str
    """Casefolded."""
    identity: bytes
    """Both public keys."""


def owner_of(client: Client) -> Owner:
    """As whom a client is logged in."""
    return Owner(client.name.casefold(), client.identity)


@dataclass(slots=True, eq=False)
class Seat:
    """One side of a session."""

    client: Client
    """Who sits there, or sat there last."""
    rendezvous: bytes
    is_told: bool = False
    """Whether the other side was told this one's UDP address."""
    is_empty: bool = False
    """Whether the connection was lost and nobody has come back yet."""


@dataclass(slots=True, eq=False)
class Session:
    """Two clients that were introduced."""

    id: bytes
    seats: tuple[Seat, Seat]
    due_at: float
    """When the addresses are told at the latest."""
    kept_until: float = 0.0
    """Until when an empty seat is kept."""

    def other(self, seat: Seat) -> Seat:
        """The seat across the table."""
        return self.seats[1] if seat is self.seats[0] else self.seats[0]

    def seat_of(self, owner: Owner) -> Seat:
        """Where ``owner``, one of the two, sits."""
        return self.seats[0] if owner_of(self.seats[0].client) == owner else self.seats[1]


@dataclass(slots=True)
class Introductions:
    """All sessions of a broker."""

    limits: Limits
    random: Callable[[int], bytes]
    rendezvous: RendezvousBook = field(default_factory=RendezvousBook)
    _of: dict[Owner, dict[bytes, Session]] = field(default_factory=dict)
    _seats: dict[bytes, tuple[Session, Seat]] = field(default_factory=dict)
    _waiting: dict[bytes, Session] = field(default_factory=dict)
    """Those whose addresses are not told, in the order in which they are due."""
    _kept: dict[bytes, Session] = field(default_factory=dict)
    """Those with an empty seat, in the order in which they end."""

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
            self._of.setdefault(owner_of(seat.client), {})[session.id] = session
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
            sessions = self._of[owner_of(seat.client)]
            if len(sessions) > self.limits.sessions:
                self._end(next(iter(sessions.values())))

    def peer_of(self, client: Client, session: bytes) -> Seat | None:
        """The seat across in a session of this client."""
        owner = owner_of(client)
        found = self._of.get(owner, {}).get(session)
        if found is None:
            return None
        seat = found.seat_of(owner)
        return found.other(seat) if seat.client is client else None

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
        """Tell one side where the other is; one that is away is told when it is back."""
        peer = session.other(seat)
        if seat.is_empty:
            return
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

    def come(self, client: Client, now: float) -> None:
        """A client is logged in: it sits down where it sat before, and registers anew."""
        owner = owner_of(client)
        for session in self._of.get(owner, {}).values():
            seat = session.seat_of(owner)
            other = session.other(seat)
            seat.client, seat.is_empty, seat.is_told = client, False, False
            self.rendezvous.renew(seat.rendezvous, client.host, now + self.limits.rendezvous_keep_s)
            if not other.is_empty:
                self._kept.pop(session.id, None)
            if not other.is_told and self.rendezvous.address_of(other.rendezvous) is not None:
                self._tell(session, seat)

    def go(self, client: Client, now: float) -> None:
        """A client's connection was lost: its seats are kept for a while."""
        owner = owner_of(client)
        for session in self._of.get(owner, {}).values():
            seat = session.seat_of(owner)
            if seat.client is client:
                seat.is_empty = True
                session.kept_until = now + self.limits.seat_keep_s
                self._kept.pop(session.id, None)  # Whose other seat was empty before: it now ends later.
                self._kept[session.id] = session
        while len(self._kept) > self.limits.kept_sessions:
            self._end(next(iter(self._kept.values())))

    def leave(self, client: Client) -> None:
        """A client left: its sessions end; a peer that waits gets what is known."""
        for session in list(self._of.get(owner_of(client), {}).values()):
            self._end(session)

    def _end(self, session: Session) -> None:
        if session.id in self._waiting:
            self._tell_both(session)
        self._kept.pop(session.id, None)
        for seat in session.seats:
            self.rendezvous.remove(seat.rendezvous)
            del self._seats[seat.rendezvous]
            owner = owner_of(seat.client)
            del self._of[owner][session.id]
            if not self._of[owner]:
                del self._of[owner]

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` has something to do."""
        due = (session.due_at for session in self._waiting.values())
        ends = (session.kept_until for session in self._kept.values())
        times = (next(due, None), next(ends, None))
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Tell what is known to those who have waited long enough; end what nobody came back to."""
        while self._waiting and now >= (session := next(iter(self._waiting.values()))).due_at:
            self._tell_both(session)
        while self._kept and now >= (session := next(iter(self._kept.values()))).kept_until:
            self._end(session)
