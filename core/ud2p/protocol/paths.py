"""Paths: which of the peer's addresses datagrams really go to and come from.

The only probe is a sealed PATH_CHALLENGE with eight fresh random bytes; an address is valid once the same bytes came
back from it in a PATH_RESPONSE (RFC 9000 section 8.2). Probed are the *named* candidates (the peer's sealed CANDIDATES
and the address that the broker tells) and *learned* ones: a record that opened came from there (RFC 8445 calls them
peer-reflexive).

::

    opening   → settled    a candidate is valid: it is the path
    settled   → settled    the initiator has a better one that is valid: it uses that and nominates it
    settled   → doubtful   a highest-numbered record came from elsewhere, or no ACK comes: both are challenged
    doubtful  → settled    the old path answered, and stays; or it did not in time, and the best that did is the path

The responder uses what the initiator nominates once that is valid for it too. A nomination names a challenge, not an
address, so that it means the same wherever it is delivered from; and it never moves a path from a named address to a
learned one.

Whoever can copy datagrams can name any victim, so to a learned address no more is sent than came from there; and who is
at the other end of the chat, or at the broker, can name victims too, so all probes of addresses that never answered
come out of one budget.
"""

from __future__ import annotations

from collections.abc import Callable

from ud2p.contracts.transport import Address
from ud2p.protocol.candidates import MAX_CANDIDATES, Rank, decode_candidates, probeable, rank_of
from ud2p.protocol.frames import CHALLENGE_BYTES, FrameType, encode_frame
from ud2p.protocol.nomination import AnsweredChallenges, Nominating
from ud2p.protocol.path_probe import NEVER, RARE_PROBE_S, Probe, ProbeBudget, Schedule

OPENING = Schedule(fast_s=2.0, slow_s=5.0, end_s=15.0)
LATER = Schedule(fast_s=1.0, slow_s=3.0, end_s=3.0)
UPGRADE_FOR_S = 2.0
LOOPBACK_HEAD_START_S = 0.25
OLD_ANSWERS_WITHIN_S = 1.0
OLD_ANSWERS_WITHIN_ROUND_TRIPS = 3
MAX_LEARNED = 8
RECENTLY_S = 5.0
"""An address is still valid so long after it answered."""
_CHALLENGE, _RESPONSE, _NOMINATE = FrameType.PATH_CHALLENGE, FrameType.PATH_RESPONSE, FrameType.PATH_NOMINATE


class Paths:
    """The candidates and, once one answered, the path."""

    def __init__(self, random_bytes: Callable[[int], bytes], *, nominates: bool = True) -> None:
        """:param nominates: whether this is the initiator, who chooses among the valid"""
        self.active: Address | None = None
        """Where everything but probes goes; None until a path is valid."""
        self.allows_loopback = False
        """Whether the peer may be on this machine's loopback: only where the broker is."""
        self._random_bytes = random_bytes
        self._nominates = nominates
        self._probes: dict[Address, Probe] = {}
        self._answers: dict[Address, bytes] = {}
        self._answered = AnsweredChallenges()
        self._generation = -1
        self._listed: set[Address] = set()
        self._told: set[Address] = set()
        self._doubted_at: float | None = None
        self._trusted_until = -NEVER
        self._decide_at = self._upgrade_until = NEVER
        self._nominating = Nominating()
        self._nominated: Address | None = None
        self._budget = ProbeBudget()
        self.next_at = NEVER
        """When :meth:`handle_timer` or :meth:`probes_to_send` is due."""

    @property
    def round_trip_s(self) -> float:
        """Of the path."""
        return self._probes[self.active].round_trip_s if self.active is not None else 0.0

    @property
    def answered(self) -> list[Address]:
        """Where the peer has answered a challenge; the path first."""
        answered = [address for address, probe in self._probes.items() if probe.answered_at > -NEVER]
        return sorted(answered, key=lambda address: (address != self.active, self._preference(address)))

    def has_probes(self, now: float) -> bool:
        """Whether :meth:`probes_to_send` may give any now: asked before every record, so that it must cost nothing."""
        return bool(self._answers) or self.next_at <= now

    # what came in

    def add_candidate(self, address: Address, now: float) -> None:
        """The peer may be reached there, says the broker. What no peer can be at is ignored."""
        canonical = probeable(address, allows_loopback=self.allows_loopback)
        if canonical is not None and len(self._told) < MAX_CANDIDATES:
            self._told.add(canonical)
            self._name(canonical, now)
            self._reschedule()

    def receive_candidates(self, body: bytes, now: float) -> None:
        """The peer says where it may be reached.

        :raises RemoteProtocolError: when the body makes no sense
        """
        generation, addresses = decode_candidates(body)
        if generation < self._generation:
            return
        if generation > self._generation:
            self._generation = generation
            for gone in self._listed - self._told - {self.active} - set(addresses):
                self._probes.pop(gone, None)
            self._listed.clear()
            if generation and self.active is not None:
                self._doubt(now)  # The peer's network is another one.
        for address in addresses:
            if len(self._listed) < MAX_CANDIDATES and probeable(address, allows_loopback=self.allows_loopback):
                self._listed.add(address)
                self._name(address, now)
        self._reschedule()

    def heard_from(self, source: Address, now: float, *, is_highest: bool = True) -> None:
        """A record that opened came from there, and not from where the path is.

        :param is_highest: whether it has the highest number of all that opened: what is older says nothing of now
        """
        if probeable(source, allows_loopback=self.allows_loopback) is None:
            return
        probe = self._probes.get(source) or self._learn(source)
        probe.credit += 1
        if self.active is None:
            if not probe.is_under_way(now):
                probe.begin(now, OPENING)
            probe.hasten(now)
        elif is_highest and now >= self._trusted_until:
            self._doubt(now)
            if not probe.is_under_way(now):
                probe.begin(now, LATER)
        self._reschedule()

    def receive_frame(self, kind: int, body: bytes, source: Address, now: float) -> None:
        """A PATH_CHALLENGE, PATH_RESPONSE or PATH_NOMINATE came from ``source``. See :attr:`active` afterwards."""
        if len(body) != CHALLENGE_BYTES:
            return
        if kind == _CHALLENGE:
            self.receive_challenge(body, source)
        elif kind == _RESPONSE:
            self.receive_response(body, source, now)
        elif kind == _NOMINATE and not self._nominates:
            self._receive_nomination(body, now)

    def receive_challenge(self, value: bytes, source: Address) -> None:
        """A challenge came from ``source``: it is answered there, the newest only."""
        has_room = source in self._answers or len(self._answers) < MAX_CANDIDATES
        is_welcome = source == self.active or probeable(source, allows_loopback=self.allows_loopback) is not None
        if len(value) == CHALLENGE_BYTES and has_room and is_welcome:
            self._answers[source] = value

    def receive_response(self, value: bytes, source: Address, now: float) -> None:
        """A response came from ``source``: if it answers a challenge that was sent there, that address is valid."""
        probe = self._probes.get(source)
        if probe is None or not probe.answered(value, now):
            return
        if self.active is None:
            self._use(source, now)
        elif source == self.active:
            if self._doubted_at is not None:
                self._settle(now)
        else:
            self._choose(now)
        self._reschedule()

    def look_again(self, now: float) -> None:
        """Nothing comes back, or the network is another one: challenge the path and every other candidate."""
        if self.active is None:
            return
        self._doubt(now)
        for address, probe in self._probes.items():
            if address != self.active and not probe.is_under_way(now):
                probe.begin(now, LATER)
        self._reschedule()

    # what comes out

    def probes_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """The frames of the probes and answers that are due, each for a record of its own."""
        due: dict[Address, bytes] = {}
        for address, value in self._answers.items():
            due[address] = encode_frame(_RESPONSE, value)
            if not self._nominates:
                self._answered.add(value, address)
        self._answers.clear()
        for address, probe in self._probes.items():
            if probe.due_at <= now and self._may_probe(probe, now):
                value = self._random_bytes(CHALLENGE_BYTES)
                probe.challenged(value, now)
                due[address] = due.get(address, b"") + encode_frame(_CHALLENGE, value)
            if address in due:
                probe.credit -= 1
        nominated = self._nominating.value_to_send(now)
        if nominated is not None and self.active is not None:
            due[self.active] = due.get(self.active, b"") + encode_frame(_NOMINATE, nominated)
        self._reschedule()
        return list(due.items())

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer`, then :meth:`probes_to_send`, is due."""
        return self.next_at if self.next_at < NEVER else None

    def handle_timer(self, now: float) -> None:
        """Time passed. See :attr:`active` afterwards."""
        if now >= self._upgrade_until:
            self._upgrade_until = NEVER
            if self._doubted_at is None:
                for probe in self._probes.values():
                    probe.stop()
        if now >= self._decide_at:
            self._decide_at = NEVER  # From here on, the first that answers is used.
            self._choose(now)
        self._reschedule()

    # which one

    @property
    def _old_may_answer_until(self) -> float:
        if self._doubted_at is None:
            return NEVER
        return self._doubted_at + max(OLD_ANSWERS_WITHIN_S, OLD_ANSWERS_WITHIN_ROUND_TRIPS * self.round_trip_s)

    def _doubt(self, now: float) -> None:
        """Ask the old path whether it still answers."""
        assert self.active is not None
        probe = self._probes[self.active]
        if self._doubted_at is None or not probe.is_under_way(now):
            self._doubted_at = now
            self._decide_at = self._old_may_answer_until
            probe.begin(now, LATER)

    def _settle(self, now: float) -> None:
        """The path answers: it stays, whatever came from elsewhere, and is not asked again at once."""
        assert self.active is not None
        self._doubted_at, self._decide_at = None, NEVER
        self._trusted_until = now + OLD_ANSWERS_WITHIN_S
        for address, probe in self._probes.items():
            if address == self.active or not probe.is_named:
                probe.stop()
        self._choose(now)

    def _choose(self, now: float) -> None:
        """One more is valid, or the old path did not answer in time."""
        assert self.active is not None
        old = self._probes[self.active]
        if self._doubted_at is not None:
            if now >= self._old_may_answer_until:
                self._use_best(self._valid(self._doubted_at), now)
        elif self._nominates:
            named = [address for address in self._valid(now - RECENTLY_S) if self._probes[address].is_named]
            better = [address for address in named if self._preference(address) < (old.rank, old.round_trip_s / 2)]
            self._use_best(better, now)
        elif self._nominated in self._valid(now - RECENTLY_S):
            nominee = self._nominated
            assert nominee is not None
            if self._probes[nominee].is_named or not old.is_named:
                self._use(nominee, now)

    def _use_best(self, addresses: list[Address], now: float) -> None:
        if addresses:
            self._use(min(addresses, key=self._preference), now)

    def _preference(self, address: Address) -> tuple[Rank, float]:
        probe = self._probes[address]
        return probe.rank, probe.round_trip_s

    def _valid(self, since: float) -> list[Address]:
        return [address for address, probe in self._probes.items() if probe.answered_at >= since]

    def _use(self, address: Address, now: float) -> None:
        self.active = address
        self._doubted_at = self._nominated = None
        self._decide_at = NEVER
        self._upgrade_until = now + UPGRADE_FOR_S
        used = self._probes[address]
        for probe in self._probes.values():
            if not probe.is_named or probe.rank >= used.rank:
                probe.stop()
        if self._nominates and len(self._probes) > 1:
            self._nominating.begin(used.answered_value, now)

    def _receive_nomination(self, value: bytes, now: float) -> None:
        address = self._answered.source_of(value)
        if address is None or self.active is None or address == self.active:
            return
        probe = self._probes.get(address) or self._learn(address)
        self._nominated = address
        if probe.answered_at >= now - RECENTLY_S:
            self._choose(now)
        elif not probe.is_under_way(now):
            probe.begin(now, LATER)

    # candidates

    def _name(self, address: Address, now: float) -> None:
        probe = self._probes.get(address)
        if probe is None:
            probe = self._probes[address] = Probe(rank_of(address), NEVER)
        probe.rank, probe.credit = rank_of(address), NEVER
        if self.active is None:
            if not probe.is_under_way(now):
                # Two on one machine are to find each other there, and not by way of the network card.
                waits = self.allows_loopback and probe.rank is not Rank.LOOPBACK
                probe.begin(now + LOOPBACK_HEAD_START_S if waits else now, OPENING)
        elif address != self.active and not probe.is_under_way(now):
            probe.begin(now, LATER)

    def _learn(self, address: Address) -> Probe:
        learned = [each for each, probe in self._probes.items() if not probe.is_named and each != self.active]
        if len(learned) >= MAX_LEARNED:
            del self._probes[learned[0]]
        probe = self._probes[address] = Probe(Rank.LEARNED, 0)
        return probe

    def _may_probe(self, probe: Probe, now: float) -> bool:
        """Whether the budget lets one more address be challenged that may never answer."""
        if not probe.is_named or probe.answered_at > -NEVER:
            return True
        if self._budget.take(now):
            return True
        probe.next_at = now + RARE_PROBE_S
        return False

    def _reschedule(self) -> None:
        at = min(self._nominating.next_at, self._decide_at, self._upgrade_until)
        for probe in self._probes.values():
            if probe.next_at < at and probe.credit >= 1:
                at = probe.next_at
        self.next_at = at
