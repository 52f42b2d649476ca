"""Where this end can be reached, looked up anew every few seconds, for a peer who must be told when it changes."""

from __future__ import annotations

from ud2p.contracts import Address, Endpoint
from ud2p.protocol.candidates import MAX_CANDIDATES, nameable

LOOKS_EVERY_S = 5.0
"""No system tells of a new address in the same way, and asking costs less than a millisecond."""


class AddressWatch:
    """The candidates of one endpoint: its own addresses, and the one where the rendezvous sees it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._own: set[Address] | None = None
        self._told: set[Address] | None = None
        self._reflexive: Address | None = None
        self.next_at = 0.0
        """When to look next."""

    def saw(self, reflexive: Address | None) -> None:
        """The rendezvous says where it sees this end: worth telling at once."""
        if reflexive is not None and reflexive != self._reflexive:
            self._reflexive, self.next_at = reflexive, 0.0

    def tell_again(self) -> None:
        """What was told may not have arrived, or the peer has forgotten it."""
        self._told, self.next_at = None, 0.0

    def news(self, now: float) -> list[Address] | None:
        """What to tell the peer, the best first and at most 16; None while nothing has changed or nobody need look."""
        if now < self.next_at:
            return None
        self.next_at = now + LOOKS_EVERY_S
        found = [candidate.address for candidate in self._endpoint.candidates() if nameable(candidate.address)]
        if self._own is not None and set(found) != self._own:
            self._reflexive = None  # It was that of the network that this end has left.
        self._own = set(found)
        if self._reflexive is not None and self._reflexive not in self._own:
            found = [*found[: MAX_CANDIDATES - 1], self._reflexive]
        found = found[:MAX_CANDIDATES]
        if set(found) == self._told:
            return None
        self._told = set(found)
        return found
