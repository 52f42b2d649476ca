from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ud2p.protocol.frames import MAX_ACK_RANGES, Range, decode_ack, decode_frames
from ud2p.protocol.received import ACK_DELAY_S, ReceivedRecords


def runs_of(numbers: set[int]) -> list[Range]:
    """The runs in a set of numbers, newest first: the slow way."""
    runs: list[Range] = []
    for number in sorted(numbers, reverse=True):
        if runs and runs[-1][0] == number + 1:
            runs[-1] = (number, runs[-1][1])
        else:
            runs.append((number, number))
    return runs


def acked(received: ReceivedRecords, now: float) -> tuple[list[Range], int]:
    frame = received.ack_frame(now)
    assert frame is not None
    ((_, body),) = decode_frames(frame)
    return decode_ack(body)


class ReceivedModel(RuleBasedStateMachine):
    """ReceivedRecords beside a plain set of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.received = ReceivedRecords()
        self.numbers: set[int] = set()
        self.ever: set[int] = set()
        self.now = 50.0

    @rule(ahead=st.integers(1, 4))
    def receive_ahead(self, ahead: int) -> None:
        self._receive(max(self.ever, default=-1) + ahead)

    @rule(number=st.integers(0, 150))
    def receive_any(self, number: int) -> None:
        self._receive(number)

    def _receive(self, number: int) -> None:
        if number in self.ever:
            return  # The replay window lets a number through once.
        self.ever.add(number)
        self.numbers.add(number)
        kept = runs_of(self.numbers)[:MAX_ACK_RANGES]
        self.numbers = {n for first, last in kept for n in range(first, last + 1)}
        self.received.receive(number, True, self.now)

    @precondition(lambda self: self.numbers)
    @rule(back=st.integers(0, 40))
    def forget(self, back: int) -> None:
        known = max(self.numbers) - back
        kept = [run for i, run in enumerate(runs_of(self.numbers)) if i == 0 or run[1] > known]
        self.numbers = {n for first, last in kept for n in range(first, last + 1)}
        self.received.forget(known)

    @rule()
    def acknowledge(self) -> None:
        if self.received.due_at is not None:
            assert acked(self.received, self.now)[0] == runs_of(self.numbers)
        assert self.received.ack_frame(self.now) is None

    @invariant()
    def runs_are_those_of_the_set(self) -> None:
        assert self.received._runs == runs_of(self.numbers)
        assert self.received.largest == max(self.numbers, default=-1)


TestReceivedModel = ReceivedModel.TestCase
TestReceivedModel.settings = settings(deadline=None, max_examples=15, stateful_step_count=50)


def test_the_first_record_waits_for_company() -> None:
    received = ReceivedRecords()
    assert received.due_at is None
    received.receive(0, True, 5.0)
    assert received.due_at == 5.0 + ACK_DELAY_S


def test_the_second_record_is_answered_at_once() -> None:
    received = ReceivedRecords()
    received.receive(0, True, 5.0)
    received.receive(1, True, 5.001)
    assert received.due_at == 5.001
    assert acked(received, 5.001)[0] == [(0, 1)]
    received.receive(2, True, 5.002)
    assert received.due_at == 5.002 + ACK_DELAY_S


@pytest.mark.parametrize("number", [5, 2], ids=["a gap", "an old one"])
def test_what_is_out_of_order_is_answered_at_once(number: int) -> None:
    received = ReceivedRecords()
    received.receive(3, False, 5.0)
    received.receive(number, True, 5.0)
    assert received.due_at == 5.0


def test_what_does_not_ask_gets_no_answer_but_is_covered_by_the_next() -> None:
    received = ReceivedRecords()
    for number in range(10):
        received.receive(number, False, 5.0)
    assert received.due_at is None
    assert received.ack_frame(5.0) is None
    received.receive(10, True, 5.0)
    assert acked(received, 5.0)[0] == [(0, 10)]


def test_a_later_record_does_not_postpone_the_answer() -> None:
    received = ReceivedRecords()
    received.receive(0, True, 5.0)
    received.receive(1, False, 5.009)
    assert received.due_at == 5.0 + ACK_DELAY_S


def test_the_delay_counts_from_the_largest() -> None:
    received = ReceivedRecords()
    received.receive(9, True, 5.0)
    received.receive(3, True, 5.5)
    _, delay_us = acked(received, 5.75)
    assert delay_us == 750_000


def test_only_the_newest_runs_are_kept() -> None:
    received = ReceivedRecords()
    for number in range(0, 1000, 2):
        received.receive(number, True, 5.0)
    newest = [(number, number) for number in range(998, 998 - 2 * MAX_ACK_RANGES, -2)]
    assert received._runs == newest
    assert acked(received, 5.0)[0] == newest
    received.receive(1, True, 5.0)
    assert received._runs == newest, "what is older than all of them would be the first to go"


def test_far_numbers_do_not_break_the_answer() -> None:
    received = ReceivedRecords()
    received.receive(3, True, 5.0)
    received.receive(2**64 - 1, True, 5.0)
    assert acked(received, 5.0)[0] == [(2**64 - 1, 2**64 - 1)]
