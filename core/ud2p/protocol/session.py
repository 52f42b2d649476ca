"""A session: everything between two introduced peers, as one machine without I/O.

The way of the data, down and up again::

    send_message  → reliable → sealer → datagrams_to_send
    take_messages ← reliable ← opener ← receive_datagram

States: CONNECTING until a challenge was answered, OPEN, then CLOSING (this side left and says so, up to four times) or
DRAINING (the peer left; its repeated CLOSE is answered), then CLOSED. A session never leaves CLOSED.

=========== =================== ====================================================================================
state       leaves for          when
=========== =================== ====================================================================================
CONNECTING  OPEN                the first path is valid
CONNECTING  CLOSED              15 s have passed
any living  CLOSING             send_close, the peer broke the protocol, the cipher its contract, or no key is left
any living  DRAINING            a CLOSE record opened
CLOSING     CLOSED              the peer's CLOSE came, or 1.4 s have passed
DRAINING    CLOSED              1.5 s have passed
=========== =================== ====================================================================================

The event ``Closed`` is the last one; after it nothing but CLOSE is read or sent. A datagram never raises: it is opened,
or dropped and counted, or ends the session.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from ud2p.contracts.cipher import CipherInfo
from ud2p.contracts.transport import Address
from ud2p.errors import ChatClosed, PluginError, RemoteProtocolError
from ud2p.protocol.candidates import candidate_frames
from ud2p.protocol.closing import Closing, encode_close
from ud2p.protocol.frames import MAX_CLOSE_BYTES, FrameType, decode_frames
from ud2p.protocol.incoming import Arrived
from ud2p.protocol.keyring import Keyring
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.liveness import Liveness
from ud2p.protocol.paths import Paths
from ud2p.protocol.record import Drops
from ud2p.protocol.reliable import Reliable
from ud2p.protocol.sending import Datagrams, Sending
from ud2p.protocol.session_events import Closed, Delivered, Heard, Moved, Opened, SessionEvent

CONNECT_DEADLINE_S = 15.0
_PING, _CLOSE = int(FrameType.PING), int(FrameType.CLOSE)
_KEY_FRAMES = (int(FrameType.REKEY), int(FrameType.REKEY_WANTED))
_CANDIDATES = int(FrameType.CANDIDATES)
_PATH_FRAMES = tuple(map(int, (FrameType.PATH_CHALLENGE, FrameType.PATH_RESPONSE, FrameType.PATH_NOMINATE)))
_LOOKS_AGAIN_AFTER, _LOOKS_AGAIN_EVERY = 3, 6
"""Probe timeouts without an answer; the later ones are 10 s long."""


class State(Enum):
    """Where a session is; see the module's table."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    DRAINING = "draining"
    CLOSED = "closed"


# A look into an enum costs 0.1 µs on Python 3.11, and every record takes many.
_CONNECTING, _OPEN, _CLOSED = State.CONNECTING, State.OPEN, State.CLOSED


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
        self.state = _CONNECTING
        self.keys = Keyring(role, master, cipher, now, random_bytes)
        """What its records, and the files beside it, are sealed under."""
        self._sealer, self._opener = self.keys.sealer, self.keys.opener
        self._paths = Paths(random_bytes, nominates=role is Role.INITIATOR)
        self._path: Address | None = None
        self._own_candidates: Sequence[Address] = ()
        self._generation = -1
        self._reliable = Reliable(self._sealer.max_payload)
        self._events: list[SessionEvent] = []
        self._liveness = Liveness(now, random_bytes)
        self._sending = Sending(self.keys, self._paths, self._reliable, self._liveness)
        self._connect_deadline = now + CONNECT_DEADLINE_S
        self._closing: Closing | None = None

    # what came in

    def receive_datagram(self, datagram: bytes, source: Address | None, now: float) -> None:
        """A datagram arrived.

        :param source: where it came from; None when the signalling channel brought it
        """
        if self.state is _CLOSED:
            return
        try:
            opened = self.keys.open(datagram, now)
        except PluginError as error:
            self._end("cipher", now, str(error))
            return
        if opened is None:
            if self._opener.exhausted:
                self._end("exhausted", now, "too many forged datagrams came; connect again to go on")
            return
        try:
            number, payload = opened
            frames = decode_frames(payload)
            if self._closing is not None:
                self._receive_while_closing(frames, now)
                return
            if self._liveness.heard(now):
                self._events.append(Heard())
                self._reliable.heard_again()
            self._receive_frames(number, frames, source, now)
        except RemoteProtocolError as error:
            self._end("protocol", now, str(error))
        except PluginError as error:
            self._end("cipher", now, str(error))

    def add_candidate(self, address: Address, now: float) -> None:
        """The peer may be reached at ``address``; it is probed."""
        if self.state in (_CONNECTING, _OPEN):
            self._paths.add_candidate(address, now)

    def allow_loopback(self) -> None:
        """The broker is on this machine's loopback, so the peer may be there too."""
        self._paths.allows_loopback = True

    # what the user wants

    def send_message(self, kind: FrameType, data: bytes) -> int:
        """Queue a message (``MSG`` or ``CONTROL``), at most 64 KiB.

        :returns: its number, which :class:`Delivered` names later
        :raises MessageTooLong: over 64 KiB
        :raises ChatClosed: when the session is over
        """
        if self.state not in (_CONNECTING, _OPEN):
            raise ChatClosed("the chat is over; connect again to go on")
        return self._reliable.push(kind, data)

    def send_candidates(self, addresses: Sequence[Address], now: float) -> None:
        """Tell the peer where this end may be reached, over the signalling channel; later calls say where it is now.

        :param addresses: the best first; no more than 16 are told
        """
        if self.state not in (_CONNECTING, _OPEN):
            return
        self._own_candidates = addresses
        self._generation += 1
        try:
            for frame in candidate_frames(self._generation, addresses, self._sealer.max_payload):
                self._sending.add_signal(frame)
        except PluginError as error:
            self._end("cipher", now, str(error))
            return
        if self._generation and self.state is _OPEN:
            self._paths.look_again(now)
            self._liveness.ping_soon()  # From the new address, if that is another one: the peer hears of it at once.

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
        if self.state is _CONNECTING:
            return []
        if self._reliable.has_refused:
            self._liveness.ping_soon()  # The peer waits for a long timeout by now, and a PING ends it.
        return self._reliable.take()

    def datagrams_to_send(self, now: float) -> Datagrams:
        """What to send now, and where to."""
        if self.state is _CLOSED:
            return []
        datagrams: Datagrams = []
        if self._closing is None:
            try:
                datagrams = self._sending.datagrams(now, is_open=self.state is _OPEN)
            except PluginError as error:
                self._end("cipher", now, str(error))
            self._end_when_used_up(now)
        if self._closing is not None and self._paths.active is not None:
            for frame in self._closing.frames_to_send(now):
                datagrams += [(datagram, self._paths.active) for datagram in self._sending.last_word(frame)]
        return datagrams

    @property
    def has_signals(self) -> bool:
        """Whether :meth:`signals_to_send` gives any."""
        return bool(self._sending.signals)

    def signals_to_send(self) -> list[bytes]:
        """Sealed records for the signalling channel: this side's candidates, and the word that it leaves, should no
        datagram get through."""
        signals, self._sending.signals = self._sending.signals, []
        return signals

    # time

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` is due; None when nothing is left to do."""
        if self.state is _CLOSED:
            return None
        if self._closing is not None:
            return self._closing.next_timer() if self._paths.active is not None else self._closing.deadline
        if self.state is _CONNECTING:
            probe_at = self._paths.next_timer()
            return self._connect_deadline if probe_at is None else min(self._connect_deadline, probe_at)
        rekey_at = self.keys.next_timer()
        if self._sealer.exhausted:  # Nothing else may leave before there is another key.
            return min(rekey_at, self._liveness.silence_at)
        at, reliable_at = self._liveness.next_timer(), self._reliable.next_timer()
        if rekey_at < at:
            at = rekey_at
        path_at = self._paths.next_at
        if path_at < at:
            at = path_at
        return at if reliable_at is None or at < reliable_at else reliable_at

    def handle_timer(self, now: float) -> None:
        """Time passed; call :meth:`datagrams_to_send` and :meth:`events` after it."""
        if self._closing is not None:
            if now >= self._closing.deadline:
                self.state = _CLOSED
        elif self.state is _CONNECTING:
            self._paths.handle_timer(now)
            if now >= self._connect_deadline:
                self.state = _CLOSED
                self._events.append(Closed("unreachable", by_peer=False))
                self._sending.signals += self._sending.last_word(encode_close("unreachable"))
        elif self.state is _OPEN:
            timeouts = self._reliable.recovery.timeouts
            self._reliable.handle_timer(now)
            self.keys.handle_timer(now)
            if timeouts != (timeouts := self._reliable.recovery.timeouts):
                self._look_again(timeouts, now)
            self._paths.handle_timer(now)
            self._follow_path(now)
            silent = self._liveness.handle_timer(now)
            if silent is not None:
                self._events.append(silent)

    # what a person may ask

    @property
    def address(self) -> Address | None:
        """Where the peer is reached; None before a path is valid."""
        return self._paths.active

    @property
    def answered_addresses(self) -> list[Address]:
        """See :attr:`Paths.answered`."""
        return self._paths.answered

    @property
    def drops(self) -> Drops:
        """The datagrams that were dropped, by why."""
        return self._opener.drops

    @property
    def undelivered(self) -> list[int]:
        """The numbers of the chat messages that the peer has not acknowledged."""
        return self._reliable.undelivered

    @property
    def is_idle(self) -> bool:
        """True when everything that was sent was acknowledged."""
        return self._reliable.is_idle

    # inside

    def _receive_frames(self, number: int, frames: list[tuple[int, bytes]], source: Address | None, now: float) -> None:
        for kind, body in frames:
            if kind <= _PING:
                continue  # The reliable layer's.
            if kind == _CLOSE:
                self._receive_close(body, now)
                return
            if kind == _CANDIDATES:
                self._paths.receive_candidates(body, now)
            elif source is not None and kind in _PATH_FRAMES:
                self._paths.receive_frame(kind, body, source, now)
                self._follow_path(now)
            elif kind in _KEY_FRAMES:
                self.keys.receive_frame(kind, body, now)
        if source is not None and source != self._paths.active:
            self._paths.heard_from(source, now, is_highest=number == self._opener.highest)
        delivered = self._reliable.receive(number, frames, now)
        if delivered:
            self._events.append(Delivered(tuple(delivered)))

    def _follow_path(self, now: float) -> None:
        """Whatever leaves from here on takes the path that was chosen."""
        address, round_trip_s = self._paths.active, self._paths.round_trip_s
        if address is None or address == self._path:
            return
        self._path = address
        if self.state is _CONNECTING:
            self._reliable.recovery.round_trip.sample(round_trip_s)
            self.state = _OPEN
            self._liveness.sent(now)
            self._events.append(Opened(address))
        else:
            self._reliable.path_changed(round_trip_s)
            self._events.append(Moved(address))

    def _look_again(self, timeouts: int, now: float) -> None:
        """Nothing was acknowledged for long: the peer may be elsewhere, and so may this end."""
        if timeouts % _LOOKS_AGAIN_EVERY == _LOOKS_AGAIN_AFTER:
            self._paths.look_again(now)
            if self._own_candidates:
                self.send_candidates(self._own_candidates, now)

    def _receive_close(self, body: bytes, now: float) -> None:
        self.state = State.DRAINING
        self._closing = Closing("left", now, is_answer=True)
        self._events.append(Closed(body[:MAX_CLOSE_BYTES].decode("utf-8", "replace"), by_peer=True))

    def _receive_while_closing(self, frames: list[tuple[int, bytes]], now: float) -> None:
        if self._closing is None or all(kind != _CLOSE for kind, _ in frames):
            return
        if self._closing.is_answer:
            self._closing.heard_again(now)
        else:
            self.state = _CLOSED

    def _end(self, reason: str, now: float, text: str = "") -> None:
        if self._closing is not None or self.state is _CLOSED:
            return
        self.state = State.CLOSING
        self._closing = Closing(reason, now, is_answer=False)
        self._events.append(Closed(reason, by_peer=False, text=text))
        self._sending.signals += self._sending.last_word(self._closing.frame)

    def _end_when_used_up(self, now: float) -> None:
        # New keys are agreed on only when it is open.
        if self.keys.is_used_up or (self.state is _CONNECTING and self._sealer.exhausted):
            self._end("exhausted", now, "this chat has used as many keys as it may; connect again to go on")
