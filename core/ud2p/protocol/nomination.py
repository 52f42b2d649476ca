"""Nominations: how the initiator tells the responder which of the valid paths to use.

A PATH_NOMINATE holds the eight bytes of a challenge that was answered on the path. Whoever answered it knows which way
it came, so the frame means the same wherever it is delivered from. It is repeated, and lost at no great harm: both keep
a path that works.
"""

from __future__ import annotations

from ud2p.contracts.transport import Address
from ud2p.protocol.path_probe import NEVER

NOMINATIONS = 6
FIRST_NOMINATION_S = 0.05
MAX_ANSWERED = 256


class Nominating:
    """The initiator's side: one nomination, sent six times at growing distances."""

    __slots__ = ("_left", "_value", "next_at")

    def __init__(self) -> None:
        self._value = b""
        self._left = 0
        self.next_at = NEVER

    def begin(self, value: bytes, now: float) -> None:
        """Nominate the path that answered the challenge ``value``."""
        self._value, self._left, self.next_at = value, NOMINATIONS, now

    def value_to_send(self, now: float) -> bytes | None:
        """What a PATH_NOMINATE holds that is due."""
        if now < self.next_at:
            return None
        self._left -= 1
        wait_s = FIRST_NOMINATION_S * 2 ** (NOMINATIONS - 1 - self._left)
        self.next_at = now + wait_s if self._left else NEVER
        return self._value


class AnsweredChallenges:
    """The responder's side: where the newest challenges came from that were answered."""

    __slots__ = ("_sources",)

    def __init__(self) -> None:
        self._sources: dict[bytes, Address] = {}

    def add(self, value: bytes, source: Address) -> None:
        """A challenge from ``source`` is answered."""
        self._sources[value] = source
        if len(self._sources) > MAX_ANSWERED:
            del self._sources[next(iter(self._sources))]

    def source_of(self, value: bytes) -> Address | None:
        """Where that challenge came from, if it is remembered."""
        return self._sources.get(value)
