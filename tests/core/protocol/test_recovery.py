from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ud2p.protocol.congestion import HALVED_WINDOW_BYTES, INITIAL_WINDOW_BYTES, MINIMUM_WINDOW_BYTES
from ud2p.protocol.frames import FrameType, Range
from ud2p.protocol.outgoing import Fragment, OutgoingMessage
from ud2p.protocol.recovery import (
    MAX_PROBE_TIMEOUT_S,
    MAX_UNDER_WAY,
    PROBES_PER_TIMEOUT,
    Recovery,
)
from ud2p.protocol.reordering import PACKET_THRESHOLD

MESSAGE = OutgoingMessage(0, FrameType.MSG, bytes(60_000), 1000)
RTT_S = 0.1


class Sender:
    """A recovery with its own count of numbers; each record carries the fragment of its own number."""

    def __init__(self) -> None:
        self.recovery = Recovery()
        self.recovery.round_trip.sample(RTT_S)
        self.now = 100.0
        self.number = -1

    def send(self, size_bytes: int = 100, *, asks_for_ack: bool = True, acks: int = -1) -> int:
        self.number += 1
        self.recovery.sealed(self.number)
        if asks_for_ack:
            self.recovery.sent(self.number, size_bytes, [Fragment(MESSAGE, self.number)], acks, self.now)
        return self.number

    def ack(self, *ranges: Range, delay_us: int = 0) -> tuple[list[int], list[int]]:
        """The parts that arrived, and those that are lost."""
        arrived, lost, _ = self.recovery.acknowledged(ranges, delay_us, self.now)
        return parts(arrived), parts(lost)

    def wait_for_timer(self) -> list[int]:
        at = self.recovery.next_timer()
        assert at is not None
        self.now = max(self.now, at)
        return parts(self.recovery.handle_timer(self.now))


def parts(fragments: list[Fragment]) -> list[int]:
    return [part for _, part in fragments]


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_what_is_acknowledged_has_arrived(sender: Sender) -> None:
    for _ in range(3):
        sender.send()
    sender.now += RTT_S
    assert sender.ack((0, 2)) == ([2, 1, 0], [])
    assert sender.ack((0, 2)) == ([], [])
    assert sender.recovery.next_timer() is None
    assert sender.recovery.window.in_flight_bytes == 0


def test_three_later_records_make_one_lost(sender: Sender) -> None:
    for _ in range(5):
        sender.send()
    assert sender.ack((1, 2)) == ([2, 1], [])
    assert sender.ack((1, PACKET_THRESHOLD)) == ([3], [0])


def test_time_makes_one_lost_that_later_ones_overtook(sender: Sender) -> None:
    sender.send()
    sender.now += 0.01
    sender.send()
    sender.now += RTT_S - 0.01
    assert sender.ack((1, 1)) == ([1], [])
    due_at = sender.recovery.next_timer()
    assert due_at == pytest.approx(100.0 + 9 / 8 * max(sender.recovery.round_trip.smoothed_s, RTT_S - 0.01))
    assert sender.wait_for_timer() == [0]
    assert sender.recovery.next_timer() is None


def test_an_ack_of_a_record_never_sent_says_nothing(sender: Sender) -> None:
    for _ in range(5):
        sender.send()
    before = sender.recovery.round_trip.smoothed_s, sender.recovery.window.size_bytes, sender.recovery.next_timer()
    sender.now += 3 * RTT_S
    for top in (5, 6, 2**64 - 1):
        assert sender.ack((0, top)) == ([], [])
        assert sender.ack((top, top), (0, 3)) == ([], [])
    assert sender.recovery.impossible_acks == 6
    after = sender.recovery.round_trip.smoothed_s, sender.recovery.window.size_bytes, sender.recovery.next_timer()
    assert after == before
    assert sender.recovery.window.in_flight_bytes == 500


def test_records_that_ask_for_no_ack_may_be_acknowledged(sender: Sender) -> None:
    sender.send(asks_for_ack=False)
    assert sender.recovery.next_timer() is None
    assert sender.ack((0, 0)) == ([], [])
    assert sender.recovery.impossible_acks == 0


def test_the_round_trip_is_taken_of_the_largest_only(sender: Sender) -> None:
    sender.send()
    sender.send(asks_for_ack=False)
    sender.now += 5.0
    sender.ack((0, 1))
    assert sender.recovery.round_trip.latest_s == RTT_S, "the largest did not ask: when it came is not known"
    sender.send()
    sender.now += 0.2
    sender.ack((2, 2))
    assert sender.recovery.round_trip.latest_s == pytest.approx(0.2)


def test_an_ack_tells_what_the_peer_knows(sender: Sender) -> None:
    sender.send(acks=7)
    sender.send(acks=9)
    sender.send()
    assert sender.recovery.acknowledged([(0, 0)], 0, sender.now)[2] == 7
    assert sender.recovery.acknowledged([(0, 2)], 0, sender.now)[2] == 9


def test_probe_timeouts_double_up_to_ten_seconds(sender: Sender) -> None:
    sender.send()
    waits = []
    for _ in range(12):
        before = sender.now
        assert sender.wait_for_timer()[0] == 0, "the oldest is sent again"
        waits.append(sender.now - before)
        for _ in range(PROBES_PER_TIMEOUT):
            assert sender.recovery.may_send()
            sender.send()
        assert sender.recovery.probes_due == 0
    timeout_s = sender.recovery.round_trip.probe_timeout_s
    assert waits[:4] == pytest.approx([timeout_s, 2 * timeout_s, 4 * timeout_s, 8 * timeout_s])
    assert waits[-1] == pytest.approx(MAX_PROBE_TIMEOUT_S)


def test_an_ack_ends_the_doubling(sender: Sender) -> None:
    sender.send()
    for _ in range(4):
        sender.wait_for_timer()
        sender.send()
    sender.now += 0.05
    sender.ack((sender.number, sender.number))
    sender.send()
    # The records before it are lost by time first; then the plain timeout is back.
    while (at := sender.recovery.next_timer()) is not None and at - sender.now < sender.recovery.round_trip.smoothed_s:
        sender.wait_for_timer()
    assert at == pytest.approx(sender.recovery._last_sent_at + sender.recovery.round_trip.probe_timeout_s)


def test_a_probe_goes_out_however_full_the_window_is(sender: Sender) -> None:
    while sender.recovery.may_send():
        sender.send(1200)
    sender.wait_for_timer()
    assert sender.recovery.may_send()
    for _ in range(PROBES_PER_TIMEOUT):
        sender.send(1200)
    assert not sender.recovery.may_send()


def test_who_is_heard_again_is_asked_at_once(sender: Sender) -> None:
    sender.send()
    assert sender.recovery.heard_again() == [], "nothing has waited too long yet"
    for _ in range(6):
        sender.wait_for_timer()
        sender.send()
    assert parts(sender.recovery.heard_again())[0] == 0
    assert sender.recovery.probes_due == PROBES_PER_TIMEOUT
    assert sender.recovery.heard_again() == []


def test_a_loss_halves_the_window_once(sender: Sender) -> None:
    for _ in range(12):
        sender.send(1000)
    sender.now += RTT_S
    sender.ack((4, 7))
    assert sender.recovery.window.size_bytes == HALVED_WINDOW_BYTES
    sender.ack((10, 11), (4, 7))
    assert sender.recovery.window.size_bytes == HALVED_WINDOW_BYTES


def test_records_that_only_came_late_give_the_window_back(sender: Sender) -> None:
    for _ in range(12):
        sender.send(1000)
    sender.now += RTT_S
    assert sender.ack((4, 7)) == ([7, 6, 5, 4], [0, 1, 2, 3])
    assert sender.ack((2, 7)) == ([2, 3], []), "late is as good as in time"
    assert sender.recovery.window.size_bytes == HALVED_WINDOW_BYTES
    assert sender.ack((0, 7)) == ([0, 1], [])
    assert sender.recovery.window.size_bytes >= INITIAL_WINDOW_BYTES
    sender.ack((0, 11))
    for _ in range(9):
        sender.send(1000)
    sender.now += RTT_S
    assert sender.ack((13, 19))[1] == [], "the next disorder of that size is no loss"
    assert sender.ack((13, 20))[1] == [12]


def test_nothing_for_three_timeouts_closes_the_window(sender: Sender) -> None:
    sender.send()
    sender.now += RTT_S
    sender.ack((0, 0))
    sender.send()
    for _ in range(4):
        sender.wait_for_timer()
        sender.send()
    sender.now += RTT_S
    sender.ack((sender.number, sender.number))
    while sender.recovery.next_timer() is not None:
        sender.wait_for_timer()
    assert sender.recovery.window.size_bytes == MINIMUM_WINDOW_BYTES


def test_losses_with_arrivals_between_them_do_not_close_the_window(sender: Sender) -> None:
    for _ in range(30):
        sender.send()
        sender.now += 0.1
    sender.ack(*[(number, number) for number in range(29, 0, -2)])
    assert sender.recovery.window.size_bytes == HALVED_WINDOW_BYTES


def test_a_long_silence_does_not_fill_the_memory(sender: Sender) -> None:
    while sender.recovery.may_send():
        sender.send(99)
    remembered: set[int] = set()
    for _ in range(2000):
        again = sender.wait_for_timer()
        assert again, "there is always something to ask with"
        remembered.update(again)
        for _ in range(PROBES_PER_TIMEOUT):
            sender.send(99)
    assert len(sender.recovery._sent) <= MAX_UNDER_WAY + PROBES_PER_TIMEOUT
    assert sender.recovery.window.in_flight_bytes == 99 * len(sender.recovery._sent)
    # Nothing is given up without being asked with once more.
    given_up = set(range(sender.number + 1)) - set(sender.recovery._sent)
    assert given_up
    assert given_up <= remembered


class RecoveryModel(RuleBasedStateMachine):
    """Whatever is sent, lost and acknowledged: each record ends once, the bytes add up, and timers move on."""

    def __init__(self) -> None:
        super().__init__()
        self.sender = Sender()
        self.under_way: set[int] = set()
        self.ended: set[int] = set()

    @rule(size_bytes=st.integers(64, 1200), asks=st.booleans(), after=st.floats(0, 0.05))
    def send(self, size_bytes: int, asks: bool, after: float) -> None:
        self.sender.now += after
        number = self.sender.send(size_bytes, asks_for_ack=asks)
        if asks:
            self.under_way.add(number)

    @rule(data=st.data(), after=st.floats(0, 0.2))
    def acknowledge(self, data: st.DataObject, after: float) -> None:
        if self.sender.number < 0:
            return
        self.sender.now += after
        top = data.draw(st.integers(0, self.sender.number))
        ranges = [(top - data.draw(st.integers(0, min(top, 5))), top)]
        if ranges[0][0] > 3 and data.draw(st.booleans()):
            ranges.append((0, ranges[0][0] - 3))
        arrived, lost = self.sender.ack(*ranges)
        covered = {number for first, last in ranges for number in range(first, last + 1)}
        assert set(arrived) <= covered
        assert len(arrived) == len(set(arrived))
        assert not set(lost) & covered
        assert self.under_way & covered == set(arrived) - self.ended
        self._end(lost)
        self.under_way -= covered

    @rule()
    def wait(self) -> None:
        at = self.sender.recovery.next_timer()
        if at is None:
            return
        self.sender.now = max(self.sender.now, at)
        # Nothing is sent again only where a record that came late has moved the time of the next loss.
        again = self.sender.wait_for_timer()
        assert again or self.sender.recovery._loss_at is not None
        self._end([part for part in again if part not in self.sender.recovery._sent])
        if not self.sender.recovery.probes_due:
            self.under_way.add(self.sender.send())  # What was lost is sent again at once.
        while self.sender.recovery.probes_due:
            self.under_way.add(self.sender.send())
        later = self.sender.recovery.next_timer()
        assert later is None or later > self.sender.now

    def _end(self, lost: list[int]) -> None:
        assert set(lost) <= self.under_way
        self.under_way -= set(lost)
        self.ended |= set(lost)

    @invariant()
    def it_adds_up(self) -> None:
        recovery = self.sender.recovery
        assert set(recovery._sent) == self.under_way
        assert recovery.window.in_flight_bytes == sum(record.size_bytes for record in recovery._sent.values())
        assert (recovery.next_timer() is None) == (not self.under_way)
        assert recovery.window.size_bytes >= MINIMUM_WINDOW_BYTES


TestRecoveryModel = RecoveryModel.TestCase
TestRecoveryModel.settings = settings(deadline=None, max_examples=15, stateful_step_count=40)
