"""Messages that arrive: put together from fragments, handed on in order, each once."""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.frames import FrameType

WINDOW_MESSAGES = 1024
"""How far ahead of the next message due a fragment may lie."""
WINDOW_BYTES = 512 * 1024
"""How many bytes of messages a sender may have under way, from the first unacknowledged one on."""
MAX_HELD_BYTES = 2 * WINDOW_BYTES
MAX_UNREAD_BYTES = 1024 * 1024
MAX_GAPS = 160
"""More than the smallest fragments of an honest sender (241 bytes, every second one lost) leave in one message."""
_ENTRY_BYTES = 64
"""What holding a message costs besides its text, so that empty ones are not free."""

Arrived: TypeAlias = tuple[FrameType, bytes]


class _Partial:
    """A message of which some fragments are here."""

    __slots__ = ("data", "kind", "runs")

    def __init__(self, kind: FrameType, total: int) -> None:
        self.kind = kind
        self.data = bytearray(total)
        self.runs: list[tuple[int, int]] = []

    def add(self, offset: int, data: bytes) -> bool:
        """Put a fragment in; False when it would leave more gaps than any honest sender makes.

        :raises RemoteProtocolError: when it says otherwise where it overlaps what is here
        """
        end = offset + len(data)
        touching = [run for run in self.runs if run[0] <= end and offset <= run[1]]
        if not touching and len(self.runs) >= MAX_GAPS:
            return False
        for start, stop in touching:
            low, high = max(start, offset), min(stop, end)
            if self.data[low:high] != data[low - offset : high - offset]:
                raise RemoteProtocolError("two fragments of one message contradict each other")
        self.data[offset:end] = data
        apart = [run for run in self.runs if run not in touching]
        merged = (min([offset, *(run[0] for run in touching)]), max([end, *(run[1] for run in touching)]))
        self.runs = sorted([*apart, merged])
        return True

    @property
    def is_whole(self) -> bool:
        return self.runs == [(0, len(self.data))]


class IncomingMessages:
    """Reassembly and order. Memory is bounded whatever arrives."""

    __slots__ = ("_held_bytes", "_next", "_partial", "_unread", "_unread_bytes", "_whole", "has_refused")

    def __init__(self) -> None:
        self._next = 0
        self._partial: dict[int, _Partial] = {}
        self._whole: dict[int, Arrived] = {}
        self._unread: deque[Arrived] = deque()
        self._held_bytes = 0
        self._unread_bytes = 0
        self.has_refused = False
        """Whether something was sent back for want of a reader since the last :meth:`take`."""

    def receive(self, kind: FrameType, message: int, total: int, offset: int, data: bytes) -> bool:
        """A fragment arrived (its claims are already checked against the 64 KiB of a message).

        :returns: False when there is no room for it now: its record must not be acknowledged, so that it comes again
        :raises RemoteProtocolError: when it contradicts an earlier fragment of the same message
        """
        if message < self._next or message in self._whole:
            return True
        if self._unread_bytes >= MAX_UNREAD_BYTES:
            self.has_refused = True
            return False
        if message >= self._next + WINDOW_MESSAGES:
            return False
        if len(data) == total:
            if message in self._partial:
                self._forget_partial(message, kind, total)
            return self._complete(message, (kind, data))
        return self._add_fragment(kind, message, total, offset, data)

    def take(self) -> list[Arrived]:
        """The messages that are due, oldest first; makes room for more."""
        if not self._unread:
            return []
        arrived = list(self._unread)
        self._unread.clear()
        self._unread_bytes = 0
        self.has_refused = False
        return arrived

    def _add_fragment(self, kind: FrameType, message: int, total: int, offset: int, data: bytes) -> bool:
        partial = self._partial.get(message)
        if partial is None:
            if self._held_bytes + total > MAX_HELD_BYTES:
                return False
            partial = self._partial[message] = _Partial(kind, total)
            self._held_bytes += total
        self._check_same(partial, kind, total)
        if not partial.add(offset, data):
            return False
        if partial.is_whole:
            self._forget_partial(message, kind, total)
            return self._complete(message, (kind, bytes(partial.data)))
        return True

    def _forget_partial(self, message: int, kind: FrameType, total: int) -> None:
        self._check_same(self._partial[message], kind, total)
        del self._partial[message]
        self._held_bytes -= total

    @staticmethod
    def _check_same(partial: _Partial, kind: FrameType, total: int) -> None:
        if partial.kind is not kind or len(partial.data) != total:
            raise RemoteProtocolError("two fragments of one message contradict each other")

    def _complete(self, message: int, arrived: Arrived) -> bool:
        if message != self._next:
            if self._held_bytes + len(arrived[1]) > MAX_HELD_BYTES:
                return False
            self._whole[message] = arrived
            self._held_bytes += len(arrived[1])
            return True
        self._hand_on(arrived)
        while self._whole and (waiting := self._whole.pop(self._next, None)) is not None:
            self._held_bytes -= len(waiting[1])
            self._hand_on(waiting)
        return True

    def _hand_on(self, arrived: Arrived) -> None:
        self._next += 1
        self._unread.append(arrived)
        self._unread_bytes += len(arrived[1]) + _ENTRY_BYTES
