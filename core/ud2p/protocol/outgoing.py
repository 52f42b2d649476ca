"""Messages that leave: cut into fragments, sent in order, sent again when lost, done when acknowledged."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from ud2p.errors import ChatClosed, MessageTooLong
from ud2p.protocol.frames import (
    FRAGMENT_OVERHEAD_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_MESSAGE_NUMBER,
    FrameType,
    encode_fragment,
)
from ud2p.protocol.incoming import WINDOW_BYTES, WINDOW_MESSAGES


class OutgoingMessage:
    """A message on its way."""

    __slots__ = ("data", "fragment_bytes", "is_acked", "kind", "missing", "number", "parts")

    def __init__(self, number: int, kind: FrameType, data: bytes, fragment_bytes: int) -> None:
        self.number = number
        self.kind = kind
        self.data = data
        self.fragment_bytes = fragment_bytes
        self.parts = self.missing = 1 if len(data) <= fragment_bytes else -(-len(data) // fragment_bytes)
        """How many fragments there are, and how many of them were not acknowledged."""
        self.is_acked = bytearray(self.parts)

    def frame(self, part: int) -> bytes:
        """The frame of one fragment."""
        if self.parts == 1:
            return encode_fragment(self.kind, self.number, len(self.data), 0, self.data)
        offset = part * self.fragment_bytes
        data = self.data[offset : offset + self.fragment_bytes]
        return encode_fragment(self.kind, self.number, len(self.data), offset, data)

    def frame_size(self, part: int) -> int:
        """The length of :meth:`frame` in bytes."""
        left = len(self.data) - part * self.fragment_bytes
        return FRAGMENT_OVERHEAD_BYTES + (left if left < self.fragment_bytes else self.fragment_bytes)


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
        self._again: dict[Fragment, None] = {}
        """What was lost: in order, and each once however often it is given up on."""
        self._under_way: deque[OutgoingMessage] = deque()
        self._under_way_bytes = 0

    @property
    def undelivered(self) -> list[OutgoingMessage]:
        """What the peer has not acknowledged, oldest first."""
        return [message for message in self._under_way if message.missing] + list(self._queued)

    @property
    def is_idle(self) -> bool:
        """True when everything was acknowledged."""
        return not self._under_way and not self._queued

    @property
    def has_fragments(self) -> bool:
        """Whether anything is there for :meth:`next_fragments`."""
        if self._queued:
            self._admit()
        return bool(self._fresh or self._again)

    def push(self, kind: FrameType, data: bytes) -> int:
        """Queue a message.

        :returns: its number
        :raises MessageTooLong: over 64 KiB
        :raises ChatClosed: after four thousand million messages, which is as far as numbers go
        """
        if len(data) > MAX_MESSAGE_BYTES:
            raise MessageTooLong("a message may hold at most 64 KiB; send it as a file with sendf")
        if self._next_number > MAX_MESSAGE_NUMBER:
            raise ChatClosed("this chat has no more numbers for messages; connect again to go on")
        message = OutgoingMessage(self._next_number, kind, data, self._fragment_bytes)
        self._next_number += 1
        self._queued.append(message)
        return message.number

    def next_fragments(self, room: int) -> list[Fragment]:
        """What goes into the next record, lost fragments first.

        :param room: bytes of frames that still fit
        """
        again, fresh = self._again, self._fresh
        chosen: list[Fragment] = []
        while again or fresh:
            fragment = next(iter(again)) if again else fresh[0]
            message, part = fragment
            if not message.is_acked[part]:
                room -= message.frame_size(part)
                if room < 0:
                    break
                chosen.append(fragment)
            if again:
                del again[fragment]
            else:
                fresh.popleft()
        return chosen

    def send_again(self, fragments: Iterable[Fragment]) -> None:
        """These were lost."""
        for fragment in fragments:
            if not fragment.message.is_acked[fragment.part]:
                self._again[fragment] = None

    def acknowledge(self, fragments: Iterable[Fragment]) -> list[OutgoingMessage]:
        """These arrived.

        :returns: the messages that are delivered by that
        """
        delivered = []
        for message, part in fragments:
            if not message.is_acked[part]:
                message.is_acked[part] = 1
                message.missing -= 1
                if not message.missing:
                    delivered.append(message)
        if delivered:
            self._retire()
        return delivered

    def _admit(self) -> None:
        queued, under_way = self._queued, self._under_way
        while queued and (not under_way or self._has_room_for(queued[0])):
            message = queued.popleft()
            under_way.append(message)
            self._under_way_bytes += len(message.data)
            for part in range(message.parts):
                self._fresh.append(Fragment(message, part))

    def _has_room_for(self, message: OutgoingMessage) -> bool:
        oldest = self._under_way[0].number
        return message.number < oldest + WINDOW_MESSAGES and self._under_way_bytes + len(message.data) <= WINDOW_BYTES

    def _retire(self) -> None:
        # Only from the front: the receiver holds what is complete but out of order, and that counts as under way.
        under_way = self._under_way
        while under_way and not under_way[0].missing:
            self._under_way_bytes -= len(under_way.popleft().data)
