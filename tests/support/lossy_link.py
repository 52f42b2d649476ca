"""Two sessions joined by a seeded network with loss, delay, reordering and duplication, on a fake clock.

The pair checks of itself, whatever a test is about: a machine whose timer does not move on would be a busy loop in
its driver, a datagram over 1,200 bytes would not travel, no record number is used twice, and nothing follows the
event ``Closed``.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ud2p.contracts import Address, CipherInfo
from ud2p.protocol.frames import FrameType
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.record import HEADER_BYTES, MAX_DATAGRAM_BYTES
from ud2p.protocol.session import Session, State
from ud2p.protocol.session_events import Closed, SessionEvent

ADDRESSES: dict[Role, Address] = {Role.INITIATOR: ("192.0.2.1", 1111), Role.RESPONDER: ("192.0.2.2", 2222)}
MASTER = Master(bytes(range(32)))


@dataclass
class Weather:
    """What the network does to a datagram."""

    loss: float = 0.0
    duplication: float = 0.0
    delay_s: float = 0.01
    jitter_s: float = 0.0


class Sent(NamedTuple):
    """A datagram that left."""

    sender: Role
    datagram: bytes
    to: Address
    at: float


class SessionPair:
    """An initiator and a responder. Time passes only in the methods that say so."""

    def __init__(
        self,
        cipher: CipherInfo,
        *,
        seed: int = 0,
        weather: Weather | None = None,
        masters: dict[Role, Master] | None = None,
    ) -> None:
        """
        :param masters: what each end has derived, where that is not the same
        """
        self.now = 1000.0
        self.weather = weather or Weather()
        self.random = random.Random(seed)
        masters = masters or dict.fromkeys(Role, MASTER)
        self.ends = {role: Session(role, masters[role], cipher, self.now, self.random.randbytes) for role in Role}
        self.events: dict[Role, list[SessionEvent]] = {role: [] for role in Role}
        self.messages: dict[Role, list[tuple[FrameType, bytes]]] = {role: [] for role in Role}
        self.readers = set(Role)
        """Who takes its messages."""
        self.sent: list[Sent] = []
        """Every datagram that left, in order, whatever became of it."""
        self.is_cut = False
        """Whether no datagram arrives."""
        self.has_signals = True
        """Whether the signalling channel is there."""
        self.tamper: Callable[[Sent], list[bytes]] | None = None
        """What somebody on the way makes of a datagram; sees each before loss and delay."""
        self._numbers: dict[Role, set[int]] = {role: set() for role in Role}
        self._wire: list[tuple[float, int, Role, bytes, Address]] = []
        self._order = itertools.count()

    @property
    def alice(self) -> Session:
        """The initiator."""
        return self.ends[Role.INITIATOR]

    @property
    def bob(self) -> Session:
        """The responder."""
        return self.ends[Role.RESPONDER]

    def introduce(self) -> None:
        """Tell both where the other one is."""
        for role, end in self.ends.items():
            end.add_candidate(ADDRESSES[role.other], self.now)
        self.pump()

    def open(self, within_s: float = 15.0) -> None:
        """Introduce, and let time pass until both ends are open."""
        self.introduce()
        self.run_until(lambda: all(end.state is State.OPEN for end in self.ends.values()), within_s)

    def run_until(self, is_reached: Callable[[], bool], within_s: float) -> None:
        """Let time pass until something is so; fail when it is not in time."""
        deadline = self.now + within_s
        while not is_reached():
            at = self._next_at()
            assert at is not None, "nothing will ever happen again"
            assert at <= deadline, f"it did not come about within {within_s} s"
            self.step()

    def run_for(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + seconds
        while (at := self._next_at()) is not None and at <= until:
            self.step()
        self.now = until
        self._fire_timers()

    def step(self) -> bool:
        """Jump to the next thing that happens; False when nothing ever will."""
        at = self._next_at()
        if at is None:
            return False
        self.now = max(self.now, at)
        while self._wire and self._wire[0][0] <= self.now:
            _, _, role, datagram, source = heapq.heappop(self._wire)
            self.ends[role].receive_datagram(datagram, source, self.now)
        self._fire_timers()
        return True

    def inject(self, to: Role, datagram: bytes, source: Address | None) -> None:
        """A datagram that neither end sent now."""
        self.ends[to].receive_datagram(datagram, source, self.now)
        self.pump()

    def route(self, sent: Sent) -> Address | None:
        """Where a datagram comes from as its receiver sees it; None when it leads nowhere."""
        return ADDRESSES[sent.sender] if sent.to == ADDRESSES[sent.sender.other] else None

    def texts(self, role: Role) -> list[bytes]:
        """What ``role`` has read."""
        return [data for _, data in self.messages[role]]

    def pump(self) -> None:
        """Carry what the ends want to send, and collect what they tell."""
        for role, end in self.ends.items():
            for datagram, to in end.datagrams_to_send(self.now):
                self._check(role, datagram)
                sent = Sent(role, datagram, to, self.now)
                self.sent.append(sent)
                source = self.route(sent)
                if source is not None:
                    self._carry(sent, source)
            for signal in end.signals_to_send():
                self._check(role, signal)
                if self.has_signals:
                    self.ends[role.other].receive_datagram(signal, None, self.now)
            events = end.events()
            assert not events or not any(isinstance(event, Closed) for event in self.events[role] + events[:-1])
            self.events[role] += events
            if role in self.readers:
                self.messages[role] += end.take_messages()

    def _check(self, sender: Role, datagram: bytes) -> None:
        assert HEADER_BYTES < len(datagram) <= MAX_DATAGRAM_BYTES
        number = int.from_bytes(datagram[HEADER_BYTES - 8 : HEADER_BYTES], "big")
        assert number not in self._numbers[sender]
        self._numbers[sender].add(number)

    def _fire_timers(self) -> None:
        for _ in range(5):
            for end in self.ends.values():
                end.handle_timer(self.now)
            self.pump()
            if all((at := end.next_timer()) is None or at > self.now for end in self.ends.values()):
                return
        raise AssertionError("a timer stays due however often it is handled: its driver would spin")

    def _next_at(self) -> float | None:
        times = [end.next_timer() for end in self.ends.values()] + [entry[0] for entry in self._wire[:1]]
        return min((time for time in times if time is not None), default=None)

    def _carry(self, sent: Sent, source: Address) -> None:
        for datagram in [sent.datagram] if self.tamper is None else self.tamper(sent):
            copies = 2 if self.random.random() < self.weather.duplication else 1
            for _ in range(copies):
                if self.is_cut or self.random.random() < self.weather.loss:
                    continue
                at = self.now + self.weather.delay_s + self.random.random() * self.weather.jitter_s
                entry = (at, next(self._order), sent.sender.other, datagram, source)
                heapq.heappush(self._wire, entry)
