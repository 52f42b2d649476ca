"""The reliable layer: messages in order, each once, over records that get lost.

It joins four machines: what leaves (:mod:`outgoing`), which records are under way (:mod:`recovery`), which arrived
(:mod:`received`), and what arrives (:mod:`incoming`)::

    push → outgoing → next_frames → (sealed, sent) → recovery        handle_timer, ACK: lost → outgoing, once more
    take ← incoming ← receive     ← (opened)       → received        ACK of it: next_frames

Sealing, addresses and the end of it all are the session's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ud2p.protocol.frames import FrameType, decode_ack, decode_fragment, encode_frame
from ud2p.protocol.incoming import Arrived, IncomingMessages
from ud2p.protocol.outgoing import Fragment, OutgoingMessages
from ud2p.protocol.received import ReceivedRecords
from ud2p.protocol.recovery import Recovery

# Every record asks for these; a look into an enum costs 0.1 to 0.2 µs on Python 3.11.
_MSG = FrameType.MSG
_MESSAGES = {int(kind): kind for kind in (_MSG, FrameType.CONTROL)}
_ACK, _PING = int(FrameType.ACK), int(FrameType.PING)
_NO_ACK = frozenset(map(int, set(FrameType) - {_MSG, FrameType.CONTROL, FrameType.PING}))
_PING_FRAME = encode_frame(FrameType.PING)


class Load(NamedTuple):
    """What one record carries."""

    frames: bytes
    fragments: Sequence[Fragment]
    acks: int
    """The largest number that its ACK covers, -1 where it has none."""
    asks_for_ack: bool


class Reliable:
    """One end."""

    __slots__ = ("_incoming", "_max_payload", "_outgoing", "_received", "recovery")

    def __init__(self, max_payload: int) -> None:
        """
        :param max_payload: bytes of frames that fit a record
        """
        self._max_payload = max_payload
        self._outgoing = OutgoingMessages(max_payload)
        self._incoming = IncomingMessages()
        self._received = ReceivedRecords()
        self.recovery = Recovery()

    @property
    def undelivered(self) -> list[int]:
        """The numbers of the chat messages that the peer has not acknowledged."""
        return [message.number for message in self._outgoing.undelivered if message.kind is FrameType.MSG]

    @property
    def is_idle(self) -> bool:
        """True when everything that was pushed was acknowledged."""
        return self._outgoing.is_idle

    @property
    def has_refused(self) -> bool:
        """Whether something was sent back because nobody took what had arrived before."""
        return self._incoming.has_refused

    def push(self, kind: FrameType, data: bytes) -> int:
        """See :meth:`OutgoingMessages.push`."""
        return self._outgoing.push(kind, data)

    def take(self) -> list[Arrived]:
        """See :meth:`IncomingMessages.take`."""
        return self._incoming.take()

    def receive(self, number: int, frames: Sequence[tuple[int, bytes]], now: float) -> list[int]:
        """Record ``number`` opened.

        :returns: the numbers of the messages that are delivered by that
        :raises RemoteProtocolError: when a frame makes no sense
        """
        delivered: list[int] = []
        asks_for_ack, is_accepted = False, True
        for kind, body in frames:
            if kind == _ACK:
                delivered += self._receive_ack(body, now)
                continue
            message_kind = _MESSAGES.get(kind)
            if message_kind is not None:
                is_accepted &= self._incoming.receive(message_kind, *decode_fragment(body))
            elif kind == _PING:
                self.heard_again()
            asks_for_ack |= kind not in _NO_ACK
        if is_accepted:
            self._received.receive(number, asks_for_ack, now)
        return delivered

    def heard_again(self) -> None:
        """The peer is there: what waits for a long timeout is sent again now."""
        self._outgoing.send_again(self.recovery.heard_again())

    def path_changed(self, round_trip_s: float) -> None:
        """Records go another way from now on: what is under way may be lost, and is sent again at once.

        :param round_trip_s: of the new path
        """
        self.recovery.path_changed(round_trip_s)
        self._outgoing.send_again(self.recovery.heard_again())

    def next_frames(self, now: float, wants_ping: bool) -> Load | None:
        """What the next record carries: the ACK that is due, fragments, and a PING where only an answer is wanted.

        :param wants_ping: whether an answer is wanted in any case
        :returns: None when there is nothing to send
        """
        received, outgoing, recovery = self._received, self._outgoing, self.recovery
        wants_ping = wants_ping or recovery.probes_due > 0
        has_fragments = outgoing.has_fragments and recovery.may_send()
        if not (has_fragments or wants_ping or (received.due_at is not None and received.due_at <= now)):
            return None
        ack = received.ack_frame(now)
        frames = b"" if ack is None else ack
        fragments = outgoing.next_fragments(self._max_payload - len(frames)) if has_fragments else []
        for message, part in fragments:
            frames += message.frame(part)
        if wants_ping and not fragments:
            frames += _PING_FRAME
        if not frames:
            return None
        return Load(frames, fragments, -1 if ack is None else received.largest, frames is not ack)

    def sent(self, number: int, size_bytes: int, load: Load, now: float) -> None:
        """The record with ``load`` left."""
        if load.asks_for_ack:
            self.recovery.sent(number, size_bytes, load.fragments, load.acks, now)

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer`, or an ACK, is due."""
        due_at, at = self._received.due_at, self.recovery.next_timer()
        if due_at is None or (at is not None and at < due_at):
            return at
        return due_at

    def handle_timer(self, now: float) -> None:
        """Time passed."""
        self._outgoing.send_again(self.recovery.handle_timer(now))

    def _receive_ack(self, body: bytes, now: float) -> list[int]:
        arrived, lost, acks = self.recovery.acknowledged(*decode_ack(body), now)
        delivered = self._outgoing.acknowledge(arrived) if arrived else []
        if lost:
            self._outgoing.send_again(lost)
        if acks >= 0:
            self._received.forget(acks)
        return [message.number for message in delivered]
