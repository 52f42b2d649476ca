"""Where this end can be reached, looked up anew every few seconds, for a peer who must be told when it changes."""

from __future__ import annotations

from ud2p.contracts import Address, Endpoint
from ud2p.protocol.candidates import MAX_CANDIDATES, nameable

LOOKS_EVERY_S = 5.0
"""No system tells of a new address in the same way, and asking costs less than a millisecond."""


class AddressWatch:
    """The candidates of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._known: list[Address] | None = None
        self._reflexive: Address | None = None
        self.next_at = 0.0
        """When to look next."""

    def saw(self, reflexive: Address | None) -> None:
        """The rendezvous says where it sees this end."""
        self._reflexive = reflexive

    def news(self, now: float) -> list[Address] | None:
        """What to tell the peer; None while nothing has changed or nobody need look."""
        if now < self.next_at:
            return None
        self.next_at = now + LOOKS_EVERY_S
        found = [candidate.address for candidate in self._endpoint.candidates() if nameable(candidate.address)]
        if self._known is not None and set(found) == set(self._known):
            return None
        if self._known is None and self._reflexive is not None and self._reflexive not in found:
            found_with = [*found[: MAX_CANDIDATES - 1], self._reflexive]
        else:
            found_with = found[:MAX_CANDIDATES]
        self._known = found
        return found_with
