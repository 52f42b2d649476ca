"""The I/O of one session: an endpoint below, a timer, and the machine between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from ud2p.contracts import Address, Endpoint
from ud2p.protocol.incoming import Arrived
from ud2p.protocol.rendezvous import RendezvousClient
from ud2p.protocol.session import Session, State
from ud2p.protocol.session_events import SessionEvent


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
    """Feeds a session from its endpoint and the clock, and sends what it wants sent."""

    def __init__(self, session: Session, user: SessionUser, signal: Callable[[bytes], None]) -> None:
        """
        :param signal: sends bytes to the peer over the signalling channel, or drops them
        """
        self.session = session
        self.endpoint: Endpoint | None = None
        self._user = user
        self._signal = signal
        self._loop = asyncio.get_running_loop()
        self._rendezvous: RendezvousClient | None = None
        self._rendezvous_address: Address | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_pump_due = False
        self.finished = asyncio.Event()
        """Set when the session has nothing left to send."""

    def start(self, endpoint: Endpoint, rendezvous: RendezvousClient, rendezvous_address: Address) -> None:
        """The endpoint is bound: register it at the rendezvous and begin."""
        self.endpoint = endpoint
        self._rendezvous = rendezvous
        self._rendezvous_address = rendezvous_address
        self.pump()

    def receive(self, datagrams: list[tuple[bytes, Address]]) -> None:
        """The endpoint's datagrams."""
        now = self._loop.time()
        for datagram, source in datagrams:
            if self._rendezvous is None or not self._rendezvous.receive_datagram(datagram, now):
                self.session.receive_datagram(datagram, source, now)
        self.pump()

    def receive_signal(self, data: bytes) -> None:
        """Bytes from the peer, over the signalling channel."""
        self.session.receive_datagram(data, None, self._loop.time())
        self.pump()

    def add_candidate(self, address: Address) -> None:
        """The broker says where the peer is."""
        self.session.add_candidate(address, self._loop.time())
        self.pump()

    def leave(self, reason: str) -> None:
        """Close the session; :attr:`finished` is set when the peer knows, or does not answer."""
        self.session.send_close(reason, self._loop.time())
        self.pump()

    def pump_soon(self) -> None:
        """Send what is queued once the caller's turn of the loop is over, so that several messages share a record."""
        if not self._is_pump_due:
            self._is_pump_due = True
            self._loop.call_soon(self.pump)

    def pump(self) -> None:
        """Carry everything that is due in either direction."""
        self._is_pump_due = False
        now = self._loop.time()
        self._send(now)
        for signal in self.session.signals_to_send():
            self._signal(signal)
        for event in self.session.events():
            self._user.handle_session_event(event)
        if self._user.has_room:
            messages = self.session.take_messages()
            if messages:
                self._user.handle_messages(messages)
        if self.session.state is State.CLOSED:
            self._finish()
        else:
            self._schedule()

    def _send(self, now: float) -> None:
        if self.endpoint is None:
            return
        for datagram, address in self.session.datagrams_to_send(now):
            self.endpoint.send(datagram, address)
        if self._rendezvous is None or self._rendezvous_address is None:
            return
        if self.session.state is not State.CONNECTING:
            self._rendezvous = None
            return
        for datagram in self._rendezvous.datagrams_to_send(now):
            self.endpoint.send(datagram, self._rendezvous_address)

    def _schedule(self) -> None:
        times = [self.session.next_timer()]
        if self._rendezvous is not None:
            times.append(self._rendezvous.next_timer())
        at = min((time for time in times if time is not None), default=None)
        if self._timer is not None:
            # A timer that is too early finds nothing to do and sets itself anew: cheaper than one more each record.
            if at is not None and self._timer.when() <= at:
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer = self._loop.call_at(at, self._handle_timer)

    def _handle_timer(self) -> None:
        self._timer = None
        now = self._loop.time()
        self.session.handle_timer(now)
        if self._rendezvous is not None:
            self._rendezvous.handle_timer(now)
        self.pump()

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.finished.set()
