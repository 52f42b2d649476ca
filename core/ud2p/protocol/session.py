"""A session: everything between two introduced peers, as one machine without I/O.

The way of the data, down and up again::

    send_message → outgoing → frames → recovery, sealer → datagrams_to_send
    take_messages ← incoming ← frames ← received, opener ← receive_datagram

States: CONNECTING until a challenge was answered, OPEN, then CLOSING (this side left and says so, up to four times) or
DRAINING (the peer left; its repeated CLOSE is answered), then CLOSED. A session never leaves CLOSED.

=========== =================== ============================================
state       leaves for          when
=========== =================== ============================================
CONNECTING  OPEN                the first path is valid
CONNECTING  CLOSED              15 s have passed
any living  CLOSING             send_close, or the peer broke the protocol
any living  DRAINING            a CLOSE record opened
CLOSING     CLOSED              the peer's CLOSE came, or 1.4 s have passed
DRAINING    CLOSED              1.5 s have passed
=========== =================== ============================================
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from ud2p.contracts.cipher import CipherInfo
from ud2p.contracts.transport import Address
from ud2p.errors import ChatClosed, RemoteProtocolError
from ud2p.protocol.closing import Closing
from ud2p.protocol.frames import (
    MAX_CLOSE_BYTES,
    FrameType,
    decode_ack,
    decode_fragment,
    encode_frame,
    iter_frames,
)
from ud2p.protocol.incoming import Arrived, IncomingMessages
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.liveness import Liveness
from ud2p.protocol.outgoing import Fragment, OutgoingMessages
from ud2p.protocol.paths import Paths
from ud2p.protocol.received import ReceivedRecords
from ud2p.protocol.record import Drops, RecordOpener, RecordSealer
from ud2p.protocol.recovery import Recovery
from ud2p.protocol.session_events import Closed, Delivered, Heard, Opened, SessionEvent

CONNECT_DEADLINE_S = 15.0
Datagrams: TypeAlias = list[tuple[bytes, Address]]
_NO_ACK = (FrameType.ACK, FrameType.CLOSE, FrameType.PATH_CHALLENGE, FrameType.PATH_RESPONSE)


class State(Enum):
    """Where a session is; see the module's table."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    DRAINING = "draining"
    CLOSED = "closed"


class Session:
    """One end of a session. Both ends are this class; ``role`` says which keys are whose."""

    def __init__(
        self,
        role: Role,
        master: Master,
        cipher: CipherInfo,
        now: float,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """
        :param now: seconds on any steady clock, the same for every later call
        :param random_bytes: gives that many unpredictable bytes
        """
        self.cipher = cipher.name
        self.state = State.CONNECTING
        self._sealer = RecordSealer(cipher, _key(master, role, cipher), master.session_id(role.other))
        self._opener = RecordOpener(cipher, _key(master, role.other, cipher), master.session_id(role))
        self._paths = Paths(random_bytes)
        self._received = ReceivedRecords()
        self._recovery = Recovery()
        self._incoming = IncomingMessages()
        self._outgoing = OutgoingMessages(self._sealer.max_payload)
        self._events: list[SessionEvent] = []
        self._signals: list[bytes] = []
        self._liveness = Liveness(now, random_bytes)
        self._connect_deadline = now + CONNECT_DEADLINE_S
        self._closing: Closing | None = None

    # what came in

    def receive_datagram(self, datagram: bytes, source: Address | None, now: float) -> None:
        """A datagram arrived.

        :param source: where it came from; None when the signalling channel brought it
        """
        if self.state is State.CLOSED:
            return
        opened = self._opener.open(datagram)
        if opened is None:
            if self._opener.exhausted:
                self._end("exhausted", now, "too many forged datagrams came; connect again to go on")
            return
        if self._liveness.heard(now):
            self._events.append(Heard())
            self._outgoing.send_again(self._recovery.heard_again())
        try:
            self._receive_frames(opened[0], opened[1], source, now)
        except RemoteProtocolError as error:
            self._end("protocol", now, str(error))

    def add_candidate(self, address: Address, now: float) -> None:
        """The peer may be reached at ``address``; it is probed until one path is valid."""
        if self.state is State.CONNECTING:
            self._paths.add_candidate(address, now)

    # what the user wants

    def send_message(self, kind: FrameType, data: bytes) -> int:
        """Queue a message (``MSG`` or ``CONTROL``), at most 64 KiB.

        :returns: its number, which :class:`Delivered` names later
        :raises MessageTooLong: over 64 KiB
        :raises ChatClosed: when the session is over
        """
        if self.state not in (State.CONNECTING, State.OPEN):
            raise ChatClosed("the chat is over; connect again to go on")
        return self._outgoing.push(kind, data)

    def send_close(self, reason: str, now: float) -> None:
        """Leave, and tell the peer. What was not delivered stays undelivered."""
        self._end(reason, now)

    # what comes out

    def events(self) -> list[SessionEvent]:
        """What happened since the last call."""
        events, self._events = self._events, []
        return events

    def take_messages(self) -> list[Arrived]:
        """Messages in order, each once. While nobody takes them, the peer is held back."""
        return self._incoming.take() if self.state is not State.CONNECTING else []

    def datagrams_to_send(self, now: float) -> Datagrams:
        """What to send now, and where to."""
        if self.state is State.CLOSED:
            return []
        datagrams: Datagrams = []
        if self._closing is not None and self._paths.active is not None:
            for frame in self._closing.frames_to_send(now):
                self._add_unrepeated(datagrams, frame, self._paths.active, now)
        for address, value in self._paths.responses_to_send():
            self._add_unrepeated(datagrams, encode_frame(FrameType.PATH_RESPONSE, value), address, now)
        if self.state is State.CONNECTING:
            for address, value in self._paths.challenges_to_send(now):
                self._add_unrepeated(datagrams, encode_frame(FrameType.PATH_CHALLENGE, value), address, now)
        elif self.state is State.OPEN:
            self._add_records(datagrams, now)
        return datagrams

    def signals_to_send(self) -> list[bytes]:
        """Sealed records for the signalling channel: the word that this side leaves, should no datagram get through."""
        signals, self._signals = self._signals, []
        return signals

    # time

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` is due; None when nothing is left to do."""
        if self.state is State.CLOSED:
            return None
        if self._closing is not None:
            return self._closing.next_timer()
        if self.state is State.CONNECTING:
            return min(self._connect_deadline, self._paths.next_timer() or self._connect_deadline)
        timers = (self._received.due_at, self._recovery.next_timer(), self._liveness.next_timer())
        return min(timer for timer in timers if timer is not None)

    def handle_timer(self, now: float) -> None:
        """Time passed; call :meth:`datagrams_to_send` and :meth:`events` after it."""
        if self._closing is not None:
            if now >= self._closing.deadline:
                self.state = State.CLOSED
        elif self.state is State.CONNECTING:
            if now >= self._connect_deadline:
                self.state = State.CLOSED
                self._events.append(Closed("unreachable", by_peer=False))
        elif self.state is State.OPEN:
            self._outgoing.send_again(self._recovery.handle_timer(now))
            silent = self._liveness.handle_timer(now)
            if silent is not None:
                self._events.append(silent)

    # what a person may ask

    @property
    def address(self) -> Address | None:
        """Where the peer is reached; None before a path is valid."""
        return self._paths.active

    @property
    def drops(self) -> Drops:
        """The datagrams that were dropped, by why."""
        return self._opener.drops

    @property
    def undelivered(self) -> list[int]:
        """The numbers of the chat messages that the peer has not acknowledged."""
        return [message.number for message in self._outgoing.undelivered if message.kind is FrameType.MSG]

    @property
    def is_idle(self) -> bool:
        """True when everything that was sent was acknowledged."""
        return self._outgoing.is_idle

    # inside

    def _receive_frames(self, number: int, payload: bytes, source: Address | None, now: float) -> None:
        asks_for_ack, is_accepted = False, True
        for kind, body in iter_frames(payload):
            if kind == FrameType.MSG or kind == FrameType.CONTROL:
                is_accepted &= self._incoming.receive(FrameType(kind), *decode_fragment(body))
            elif kind == FrameType.ACK:
                self._receive_ack(body, now)
            elif kind == FrameType.CLOSE:
                self._receive_close(body, now)
            elif source is not None and kind == FrameType.PATH_CHALLENGE:
                self._paths.receive_challenge(body, source)
            elif source is not None and kind == FrameType.PATH_RESPONSE:
                self._receive_response(body, source, now)
            asks_for_ack |= kind not in _NO_ACK
        if is_accepted:
            self._received.receive(number, asks_for_ack, now)
        if source is not None and self.state is State.CONNECTING:
            self._paths.add_candidate(source, now)

    def _receive_ack(self, body: bytes, now: float) -> None:
        arrived, lost = self._recovery.acknowledged(*decode_ack(body), now)
        delivered = self._outgoing.acknowledge(arrived)
        self._outgoing.send_again(lost)
        numbers = tuple(message.number for message in delivered if message.kind is FrameType.MSG)
        if numbers:
            self._events.append(Delivered(numbers))

    def _receive_response(self, value: bytes, source: Address, now: float) -> None:
        round_trip_s = self._paths.receive_response(value, source, now)
        if round_trip_s is not None and self.state is State.CONNECTING:
            self._recovery.round_trip.sample(round_trip_s)
            self.state = State.OPEN
            self._liveness.sent(now)
            self._events.append(Opened(source))

    def _receive_close(self, body: bytes, now: float) -> None:
        if self._closing is None:
            self.state = State.DRAINING
            self._closing = Closing("left", now, is_answer=True)
            self._events.append(Closed(body[:MAX_CLOSE_BYTES].decode("utf-8", "replace"), by_peer=True))
        elif self._closing.is_answer:
            self._closing.heard_again(now)
        else:
            self.state = State.CLOSED

    def _end(self, reason: str, now: float, text: str = "") -> None:
        if self._closing is not None or self.state is State.CLOSED:
            return
        self.state = State.CLOSING
        self._closing = Closing(reason, now, is_answer=False)
        self._events.append(Closed(reason, by_peer=False, text=text))
        if not self._sealer.exhausted:
            self._signals.append(self._sealer.seal(self._closing.frame)[1])

    def _add_records(self, datagrams: Datagrams, now: float) -> None:
        """Fill records with the ACK that is due, fragments, and a PING where only an answer is wanted."""
        address = self._paths.active
        if address is None:
            return
        while not self._sealer.exhausted:
            fragments: list[Fragment] = []
            wants_ping = self._liveness.wants_ping(now)
            if self._recovery.may_send and self._outgoing.has_fragments:
                ack = self._received.ack_frame(now)
                fragments = self._outgoing.next_fragments(self._sealer.max_payload - len(ack or b""))
            elif wants_ping or self._recovery.is_probing or _is_due(self._received.due_at, now):
                ack = self._received.ack_frame(now)
            else:
                return
            frames = [ack] if ack is not None else []
            frames += [fragment.message.frame(fragment.part) for fragment in fragments]
            if not fragments and (wants_ping or self._recovery.is_probing):
                frames.append(encode_frame(FrameType.PING))
            if not frames:
                return
            asks_for_ack = bool(fragments) or ack is None or len(frames) > 1
            self._seal_record(datagrams, b"".join(frames), fragments, asks_for_ack, address, now)
        self._end("exhausted", now, "this chat has sent as much as its cipher allows; connect again to go on")

    def _seal_record(
        self,
        datagrams: Datagrams,
        frames: bytes,
        fragments: list[Fragment],
        asks_for_ack: bool,
        address: Address,
        now: float,
    ) -> None:
        number, datagram = self._sealer.seal(frames)
        self._recovery.sent(number, len(datagram), fragments, asks_for_ack, now)
        datagrams.append((datagram, address))
        if asks_for_ack:
            self._liveness.sent(now)

    def _add_unrepeated(self, datagrams: Datagrams, frame: bytes, address: Address, now: float) -> None:
        """Seal what is never repeated by recovery: probes, their answers, and CLOSE."""
        if not self._sealer.exhausted:
            self._seal_record(datagrams, frame, [], False, address, now)


def _key(master: Master, sender: Role, cipher: CipherInfo) -> bytes:
    return master.traffic_key(sender, 0, cipher.name, cipher.key_size)


def _is_due(at: float | None, now: float) -> bool:
    return at is not None and now >= at
