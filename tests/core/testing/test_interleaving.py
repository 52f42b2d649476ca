from __future__ import annotations

import sys
import threading

import pytest

from ud2p.testing.interleaving import MOST_LINES, at_every_line, eager_threads


def test_what_two_threads_share_shows_every_time() -> None:
    shared, others = [0], [0]

    def add_one() -> None:
        seen = shared[0]
        shared[0] = seen + 1

    def other() -> None:
        others[0] += 1
        add_one()

    for _ in range(20):
        shared[0] = others[0] = 0
        at_every_line(add_one, other)
        assert shared[0] == others[0], "what the other one added between the two lines is lost"


def test_a_lock_is_waited_for_by_the_other_only() -> None:
    lock, shared = threading.Lock(), [0]

    def add_one() -> None:
        with lock:
            seen = shared[0]
            shared[0] = seen + 1

    at_every_line(add_one, add_one)
    assert shared[0] > 1


def test_long_work_gets_so_many_turns() -> None:
    turns: list[int] = []

    def count() -> int:
        total = 0
        for number in range(2 * MOST_LINES):
            total += number
        return total

    assert at_every_line(count, lambda: turns.append(1)) == sum(range(2 * MOST_LINES))
    assert len(turns) == MOST_LINES


def test_what_either_raises_is_raised_and_nothing_stays_traced() -> None:
    before, interval = sys.gettrace(), sys.getswitchinterval()

    def fail() -> None:
        raise KeyError("it")

    with pytest.raises(KeyError):
        at_every_line(fail, lambda: None)
    with pytest.raises(KeyError):
        at_every_line(lambda: None, fail)
    with eager_threads():
        assert sys.getswitchinterval() < interval
    assert sys.gettrace() is before
    assert sys.getswitchinterval() == interval
