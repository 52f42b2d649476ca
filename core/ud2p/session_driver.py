"""The I/O of one session: an endpoint below, a timer, and the machines between them: a handshake, then a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ud2p.address_watch import AddressWatch
from ud2p.contracts import Address, Endpoint
from ud2p.errors import ChatClosed, PluginError, UD2PError
from ud2p.networks import is_loopback
from ud2p.protocol.frames import FrameType
from ud2p.protocol.handshake import Handshake
from ud2p.protocol.incoming import Arrived
from ud2p.protocol.keys import Master
from ud2p.protocol.record import RECORD_TYPE
from ud2p.protocol.session import Session, State
from ud2p.protocol.session_events import Closed, SessionEvent
from ud2p.registration import Registration

TIMER_SLACK_S = 0.01
"""A timer that goes off this soon is left as it is, and whatever falls due earlier waits for it. The shortest wait that
matters, an ACK's, is as long; and asking a session for its timers after every record costs some of the record."""
MAX_EARLY_DATAGRAMS = 16
"""How many records are kept of a peer who agreed on keys a moment sooner; what is lost of them is sent again."""
_OPEN = State.OPEN
_RECORD = bytes([RECORD_TYPE])


class SessionUser(Protocol):
    """Who is told what a session does."""

    @property
    def has_room(self) -> bool:
        """Whether messages may be handed over now; if not, call :meth:`SessionDriver.pump` when they may."""
        ...

    def handle_session_event(self, event: SessionEvent) -> None:
        """Something happened."""
        ...

    def handle_messages(self, messages: list[Arrived]) -> None:
        """Messages arrived, in order."""
        ...


class SessionDriver:
    """Carries the handshake; then feeds its session from the endpoint and the clock, and sends what it wants sent."""

    def __init__(
        self,
        handshake: Handshake,
        make_session: Callable[[Master, float], Session],
        user: SessionUser,
        signal: Callable[[bytes], None],
    ) -> None:
        """
        :param make_session: makes the session of a master, now; PluginError when the cipher can't be made, another
            UD2PError when the peer, whose key is known by then, is not to be let in
        :param signal: sends bytes to the peer over the signalling channel, or drops them
        """
        self.session: Session | None = None
        """What carries messages; None until keys are agreed on."""
        self.endpoint: Endpoint | None = None
        self._handshake = handshake
        self._make_session = make_session
        self._is_shaking_hands = True
        self._early: list[tuple[bytes, Address | None]] = []
        self._candidates: list[Address] = []
        self._is_peer_known = False
        self._is_broken = False
        self._user = user
        self._signal = signal
        self._loop = asyncio.get_running_loop()
        self._registration: Registration | None = None
        self._addresses: AddressWatch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._is_pump_due = False
        self._is_pumping = False
        self.finished = asyncio.Event()
        """Set when the session has nothing left to send."""

    @property
    def address(self) -> Address | None:
        """Where the peer is reached; None before a path is valid."""
        return None if self.session is None else self.session.address

    @property
    def peer_hosts(self) -> tuple[str, ...]:
        """The IP addresses at which the peer has answered, the one that is in use first; none before there is one."""
        addresses = () if self.session is None else self.session.answered_addresses
        return tuple(dict.fromkeys(host for host, _ in addresses))

    @property
    def is_draining(self) -> bool:
        """Whether the peer left, and this side is there for nothing but to answer that."""
        return self.session is not None and self.session.state is State.DRAINING

    def begin(self) -> None:
        """Begin the handshake, over the signalling channel."""
        self.pump()

    def start(self, endpoint: Endpoint, registration: Registration) -> None:
        """The endpoint is bound: register it at the rendezvous and look for a path."""
        self.endpoint = endpoint
        self._addresses = AddressWatch(endpoint)
        self._registration = registration
        self.pump()

    def broker_back(self, rendezvous: Address) -> None:
        """The connection to the broker is a new one, perhaps from another address: register anew, and tell the peer,
        whom nothing else may reach, where this end is.

        :param rendezvous: the broker's UDP address
        """
        if self._registration is not None and self._addresses is not None:
            self._registration.begin_again(rendezvous, self._loop.time())
            self._addresses.tell_again()
            self.pump()

    def receive(self, datagrams: list[tuple[bytes, Address]]) -> None:
        """The endpoint's datagrams."""
        now = self._loop.time()
        for datagram, source in datagrams:
            registration = self._registration
            if registration is None or not (registration.is_wanted and registration.receive_datagram(datagram, now)):
                self._receive_record(datagram, source, now)
            elif self._addresses is not None:
                self._addresses.saw(registration.reflexive)
        session = self.session
        if session is not None and session.state is _OPEN and self._user.has_room:
            # Messages first: an answer to one leaves before anything else is looked after.
            self._hand_over(session)
            self.pump_soon()
        else:
            self._pump(now)

    def receive_signal(self, data: bytes) -> None:
        """Bytes from the peer, over the signalling channel."""
        now = self._loop.time()
        if data[:1] == _RECORD:
            self._receive_record(data, None, now)
        elif self.session is None or self.session.state is State.CONNECTING:
            self._receive_handshake(data, now)
        self._pump(now)

    def add_candidate(self, address: Address) -> None:
        """The broker says where the peer is."""
        self._candidates.append(address)  # Nothing can be probed before the endpoint is bound.
        if self._is_peer_known and self._addresses is not None:
            self._addresses.tell_again()  # The peer has come back to the broker: what was told it meanwhile is lost.
        self._is_peer_known = True
        self.pump()

    def leave(self, reason: str) -> None:
        """Close the session; :attr:`finished` is set when the peer knows, or does not answer."""
        now = self._loop.time()
        if self.session is None:
            self._handshake.abort(reason)
        else:
            self.session.send_close(reason, now)
        self._pump(now)

    def send_message(self, kind: FrameType, data: bytes) -> int:
        """Queue a message. A lone one leaves at once; while others are under way, what is sent in one turn of the loop
        leaves at its end, so that several messages share a record.

        :returns: its number
        :raises MessageTooLong: over 64 KiB
        :raises ChatClosed: when the session is over
        """
        session = self.session
        if session is None:
            raise ChatClosed("the chat is not open yet; wait until it is")
        is_lone = session.is_idle and not self._is_pumping
        number = session.send_message(kind, data)
        if is_lone and session.state is _OPEN:
            now = self._loop.time()
            self._send(now)
            self._schedule(now)
        if not is_lone or session.state is not _OPEN:
            self.pump_soon()
        return number

    def pump_soon(self) -> None:
        """Carry everything that is due once the caller's turn of the loop is over."""
        if not self._is_pump_due:
            self._is_pump_due = True
            self._loop.call_soon(self.pump)

    def pump(self) -> None:
        """Carry everything that is due in either direction."""
        self._is_pump_due = False
        self._pump(self._loop.time())

    def _pump(self, now: float) -> None:
        if self._is_pumping:
            self.pump_soon()  # Somebody who is told something asks for more; what comes first is told first.
            return
        self._is_pumping = True
        try:
            if self._is_shaking_hands:
                self._shake_hands()
            self._send(now)
            if self.session is not None:
                self._tell(self.session)
        finally:
            self._is_pumping = False
        if self._is_over:
            self._finish()
        else:
            self._schedule(now)

    @property
    def _is_over(self) -> bool:
        return self._handshake.closed is not None if self.session is None else self.session.state is State.CLOSED

    def _receive_record(self, datagram: bytes, source: Address | None, now: float) -> None:
        if self.session is not None:
            self.session.receive_datagram(datagram, source, now)
        elif len(self._early) < MAX_EARLY_DATAGRAMS:
            self._early.append((datagram, source))

    def _receive_handshake(self, message: bytes, now: float) -> None:
        handshake = self._handshake
        handshake.receive_message(message)
        if handshake.closed is not None:
            self.session = None  # Where this side had keys already: no path was found by them yet.
        elif handshake.master is not None and self.session is None:
            try:
                self.session = self._make_session(handshake.master, now)
            except UD2PError as error:
                # The peer is told that it is not trusted, never why, nor what is known of it.
                handshake.abort("cipher" if isinstance(error, PluginError) else "untrusted", str(error))
                return
            early, self._early = self._early, []
            for datagram, source in early:
                self.session.receive_datagram(datagram, source, now)

    def _shake_hands(self) -> None:
        for message in self._handshake.messages_to_send():
            self._signal(message)
        if self.session is not None:
            self._is_shaking_hands = self.session.state is State.CONNECTING
        elif self._handshake.closed is not None:
            self._is_shaking_hands = False
            self._user.handle_session_event(self._handshake.closed)

    def _send(self, now: float) -> None:
        endpoint, session = self.endpoint, self.session
        if endpoint is None or self._is_broken:
            return
        try:
            if session is not None:
                self._tell_addresses(session, now)
                while self._candidates:
                    session.add_candidate(self._candidates.pop(0), now)
                for datagram, address in session.datagrams_to_send(now):
                    endpoint.send(datagram, address)
            if self._registration is not None:
                self._register(endpoint, self._registration, now)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - a transport promises not to raise; one that does ends its chat, nothing else
            self._is_broken, self._registration = True, None
            self.leave("transport")

    def _tell_addresses(self, session: Session, now: float) -> None:
        """Tell the peer where this end can be reached, first and whenever that changes."""
        watch = self._addresses
        if watch is None or now < watch.next_at:
            return
        if self._registration is not None and is_loopback(self._registration.broker[0]):
            session.allow_loopback()
        news = watch.news(now)
        if news is not None:
            session.send_candidates(news, now)

    def _register(self, endpoint: Endpoint, registration: Registration, now: float) -> None:
        if registration.is_wanted:
            is_connecting = not self._is_over if self.session is None else self.session.state is State.CONNECTING
            for datagram in registration.datagrams_to_send(now, is_connecting=is_connecting):
                endpoint.send(datagram, registration.broker)

    def _tell(self, session: Session) -> None:
        user = self._user
        if session.has_signals:
            for signal in session.signals_to_send():
                self._signal(signal)
        events = session.events()
        if events:
            for event in events:
                if type(event) is Closed:
                    self._hand_over(session)  # What came before the end is told before it, room or not.
                user.handle_session_event(event)
        if user.has_room:
            self._hand_over(session)

    def _hand_over(self, session: Session) -> None:
        messages = session.take_messages()
        if messages:
            self._user.handle_messages(messages)

    def _schedule(self, now: float) -> None:
        if self._timer_at <= now + TIMER_SLACK_S:
            return
        at = self._handshake.next_timer() if self.session is None else self.session.next_timer()
        if self._registration is not None and self._registration.is_wanted:
            times = (at, self._registration.next_timer())
            at = min((time for time in times if time is not None), default=None)
        if self._addresses is not None and at is not None and self._addresses.next_at < at and self.session is not None:
            at = self._addresses.next_at
        # A timer that is too early finds nothing to do and sets itself anew: cheaper than one more each record.
        if at is not None and at < self._timer_at:
            self._cancel_timer()
            self._timer, self._timer_at = self._loop.call_at(at, self._handle_timer), at

    def _handle_timer(self) -> None:
        self._cancel_timer()
        now = self._loop.time()
        if self.session is None:
            self._handshake.handle_timer(now)
        else:
            self.session.handle_timer(now)
        self._pump(now)

    def _finish(self) -> None:
        self._cancel_timer()
        self.finished.set()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, float("inf")
