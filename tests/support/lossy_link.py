"""Two sessions joined by a seeded network with loss, delay, reordering and duplication, on a fake clock."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass

from ud2p.contracts import Address, CipherInfo
from ud2p.protocol.frames import FrameType
from ud2p.protocol.keys import Master, Role, Transcript
from ud2p.protocol.session import Session, State
from ud2p.protocol.session_events import SessionEvent

ADDRESSES: dict[Role, Address] = {Role.INITIATOR: ("192.0.2.1", 1111), Role.RESPONDER: ("192.0.2.2", 2222)}


@dataclass
class Weather:
    """What the network does to a datagram."""

    loss: float = 0.0
    duplication: float = 0.0
    delay_s: float = 0.01
    jitter_s: float = 0.0


class SessionPair:
    """An initiator and a responder. Time passes only in :meth:`run_until` and :meth:`run_for`."""

    def __init__(self, cipher: CipherInfo, *, seed: int = 0, weather: Weather | None = None) -> None:
        self.now = 1000.0
        self.weather = weather or Weather()
        self.random = random.Random(seed)
        transcript = Transcript(b"s" * 16, "alice", "bob", b"offer a", b"offer b")
        master = Master.derive(b"k" * 32, transcript)
        self.ends = {role: Session(role, master, cipher, self.now, self.random.randbytes) for role in Role}
        self.events: dict[Role, list[SessionEvent]] = {role: [] for role in Role}
        self.messages: dict[Role, list[tuple[FrameType, bytes]]] = {role: [] for role in Role}
        self.sent: list[tuple[Role, bytes]] = []
        """Every datagram that left, in order, whatever became of it."""
        self.is_cut = False
        self._wire: list[tuple[float, int, Role, bytes, Address]] = []
        self._order = itertools.count()

    @property
    def alice(self) -> Session:
        return self.ends[Role.INITIATOR]

    @property
    def bob(self) -> Session:
        return self.ends[Role.RESPONDER]

    def introduce(self) -> None:
        """Tell both where the other one is."""
        for role, end in self.ends.items():
            end.add_candidate(ADDRESSES[role.other], self.now)
        self.pump()

    def open(self, within_s: float = 15.0) -> None:
        """Introduce, and wait until both ends are open."""
        self.introduce()
        deadline = self.now + within_s
        while not all(end.state is State.OPEN for end in self.ends.values()):
            assert self.now < deadline, "the sessions did not open in time"
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

    def inject(self, to: Role, datagram: bytes, source: Address) -> None:
        """A datagram that neither end sent now."""
        self.ends[to].receive_datagram(datagram, source, self.now)
        self.pump()

    def pump(self) -> None:
        """Carry what the ends want to send, and collect what they tell."""
        for role, end in self.ends.items():
            for datagram, to in end.datagrams_to_send(self.now):
                self.sent.append((role, datagram))
                if to == ADDRESSES[role.other]:
                    self._carry(role, datagram)
            for signal in end.signals_to_send():
                self.ends[role.other].receive_datagram(signal, None, self.now)
            self.events[role] += end.events()
            self.messages[role] += end.take_messages()

    def _fire_timers(self) -> None:
        for end in self.ends.values():
            end.handle_timer(self.now)
        self.pump()

    def _next_at(self) -> float | None:
        times = [end.next_timer() for end in self.ends.values()] + [entry[0] for entry in self._wire[:1]]
        return min((time for time in times if time is not None), default=None)

    def _carry(self, sender: Role, datagram: bytes) -> None:
        copies = 2 if self.random.random() < self.weather.duplication else 1
        for _ in range(copies):
            if self.is_cut or self.random.random() < self.weather.loss:
                continue
            at = self.now + self.weather.delay_s + self.random.random() * self.weather.jitter_s
            heapq.heappush(self._wire, (at, next(self._order), sender.other, datagram, ADDRESSES[sender]))
