"""The invitations that wait for an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ud2p_server.client import Client


@dataclass(frozen=True, slots=True, eq=False)
class Invitation:
    """One client asked another for a chat."""

    id: bytes
    inviter: Client
    target: Client
    offer: bytes
    """The inviter's, for the introduction."""
    expires_at: float

    def other(self, client: Client) -> Client:
        """The one of the two that is not ``client``."""
        return self.target if client is self.inviter else self.inviter


class InvitationBook:
    """All pending invitations, by id and by client. All live equally long, so the order in which they came is the
    order in which they expire. Clients without any cost nothing here."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, Invitation] = {}
        self._outgoing: dict[Client, dict[Client, Invitation]] = {}
        self._incoming: dict[Client, dict[Client, Invitation]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, invitation: Invitation) -> None:
        """Keep an invitation; there is none yet between these two in this direction."""
        self._by_id[invitation.id] = invitation
        self._outgoing.setdefault(invitation.inviter, {})[invitation.target] = invitation
        self._incoming.setdefault(invitation.target, {})[invitation.inviter] = invitation

    def get(self, id: bytes) -> Invitation | None:
        """The invitation of that id."""
        return self._by_id.get(id)

    def between(self, inviter: Client, target: Client) -> Invitation | None:
        """The invitation of one to the other."""
        return self._outgoing.get(inviter, {}).get(target)

    def of(self, client: Client) -> list[Invitation]:
        """What a client sent and got."""
        return [*self._outgoing.get(client, {}).values(), *self._incoming.get(client, {}).values()]

    def outgoing(self, client: Client) -> int:
        """How many of its own wait."""
        return len(self._outgoing.get(client, ()))

    def incoming(self, client: Client) -> int:
        """How many wait for its answer."""
        return len(self._incoming.get(client, ()))

    def incoming_from(self, client: Client, is_from: Callable[[str], bool]) -> int:
        """How many wait for its answer whose inviters have such an address."""
        return sum(is_from(inviter.host) for inviter in self._incoming.get(client, ()))

    def remove(self, invitation: Invitation) -> None:
        """Forget an invitation that is here."""
        del self._by_id[invitation.id]
        for table, here, there in (
            (self._outgoing, invitation.inviter, invitation.target),
            (self._incoming, invitation.target, invitation.inviter),
        ):
            del table[here][there]
            if not table[here]:
                del table[here]

    def next_expiry(self) -> float | None:
        """When the oldest expires."""
        return next((invitation.expires_at for invitation in self._by_id.values()), None)

    def expired(self, now: float) -> list[Invitation]:
        """Those whose time is over; they stay until they are removed."""
        over = []
        for invitation in self._by_id.values():
            if now < invitation.expires_at:
                break
            over.append(invitation)
        return over
