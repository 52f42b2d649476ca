"""Messages that leave: cut into fragments, sent in order, sent again when lost, done when acknowledged."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ud2p.errors import MessageTooLong
from ud2p.protocol.frames import FRAGMENT_OVERHEAD_BYTES, MAX_MESSAGE_BYTES, FrameType, encode_fragment
from ud2p.protocol.incoming import WINDOW_BYTES, WINDOW_MESSAGES


class OutgoingMessage:
    """A message on its way."""

    __slots__ = ("acked", "data", "fragment_bytes", "kind", "number", "parts")

    def __init__(self, number: int, kind: FrameType, data: bytes, fragment_bytes: int) -> None:
        self.number = number
        self.kind = kind
        self.data = data
        self.fragment_bytes = fragment_bytes
        self.parts = max(1, -(-len(data) // fragment_bytes))
        self.acked: set[int] = set()

    @property
    def is_delivered(self) -> bool:
        """Whether every fragment was acknowledged."""
        return len(self.acked) == self.parts

    def frame(self, part: int) -> bytes:
        """The frame of one fragment."""
        offset = part * self.fragment_bytes
        data = self.data if self.parts == 1 else self.data[offset : offset + self.fragment_bytes]
        return encode_fragment(self.kind, self.number, len(self.data), offset, data)

    def frame_size(self, part: int) -> int:
        """The length of :meth:`frame` in bytes."""
        offset = part * self.fragment_bytes
        return FRAGMENT_OVERHEAD_BYTES + min(self.fragment_bytes, len(self.data) - offset)


class Fragment(NamedTuple):
    """One part of a message."""

    message: OutgoingMessage
    part: int


class OutgoingMessages:
    """The queue. At most 1,024 messages and 512 KiB are under way, counted from the first unacknowledged one."""

    def __init__(self, max_payload: int) -> None:
        self._fragment_bytes = max_payload - FRAGMENT_OVERHEAD_BYTES
        self._next_number = 0
        self._queued: deque[OutgoingMessage] = deque()
        self._fresh: deque[Fragment] = deque()
        self._again: deque[Fragment] = deque()
        self._under_way: dict[int, OutgoingMessage] = {}
        self._under_way_bytes = 0

    @property
    def undelivered(self) -> list[OutgoingMessage]:
        """What the peer has not acknowledged, oldest first."""
        return [m for m in self._under_way.values() if not m.is_delivered] + list(self._queued)

    @property
    def is_idle(self) -> bool:
        """True when everything was acknowledged."""
        return not self._under_way and not self._queued

    @property
    def has_fragments(self) -> bool:
        """Whether :meth:`next_fragments` would give any."""
        self._admit()
        return bool(self._again or self._fresh)

    def push(self, kind: FrameType, data: bytes) -> int:
        """Queue a message.

        :returns: its number
        :raises MessageTooLong: over 64 KiB
        """
        if len(data) > MAX_MESSAGE_BYTES:
            raise MessageTooLong("a message may hold at most 64 KiB; send it as a file with sendf")
        message = OutgoingMessage(self._next_number, kind, data, self._fragment_bytes)
        self._next_number += 1
        self._queued.append(message)
        return message.number

    def next_fragments(self, room: int) -> list[Fragment]:
        """What goes into the next record.

        :param room: bytes of frames that still fit
        """
        self._admit()
        chosen: list[Fragment] = []
        for queue in (self._again, self._fresh):
            while queue:
                fragment = queue[0]
                if fragment.part in fragment.message.acked:
                    queue.popleft()
                    continue
                room -= fragment.message.frame_size(fragment.part)
                if room < 0:
                    return chosen
                chosen.append(queue.popleft())
        return chosen

    def send_again(self, fragments: list[Fragment]) -> None:
        """These were lost."""
        self._again.extend(f for f in fragments if f.part not in f.message.acked)

    def acknowledge(self, fragments: list[Fragment]) -> list[OutgoingMessage]:
        """These arrived.

        :returns: the messages that are delivered by that
        """
        delivered = []
        for message, part in fragments:
            if part not in message.acked:
                message.acked.add(part)
                if message.is_delivered:
                    delivered.append(message)
        if delivered:
            self._retire()
        return delivered

    def _admit(self) -> None:
        while self._queued and self._has_room_for(self._queued[0]):
            message = self._queued.popleft()
            self._under_way[message.number] = message
            self._under_way_bytes += len(message.data)
            self._fresh.extend(Fragment(message, part) for part in range(message.parts))

    def _has_room_for(self, message: OutgoingMessage) -> bool:
        if not self._under_way:
            return True
        first = next(iter(self._under_way))
        return message.number < first + WINDOW_MESSAGES and self._under_way_bytes + len(message.data) <= WINDOW_BYTES

    def _retire(self) -> None:
        # Only from the front: the receiver holds what is complete but out of order, and that counts as under way.
        while self._under_way:
            message = next(iter(self._under_way.values()))
            if not message.is_delivered:
                return
            del self._under_way[message.number]
            self._under_way_bytes -= len(message.data)
