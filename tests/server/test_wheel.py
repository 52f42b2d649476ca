from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p_server.wheel import Wheel


class Thing:
    """Is due at some time, and then at the next of its times."""

    def __init__(self, *times: float) -> None:
        self.times = list(times)
        self.bucket = -1
        self.called: list[float] = []

    def next_timer(self) -> float | None:
        return self.times[0] if self.times else None

    def handle_timer(self, now: float) -> None:
        self.called.append(now)
        while self.times and self.times[0] <= now:
            self.times.pop(0)


def test_what_is_due_is_called_within_a_tick() -> None:
    wheel, thing = Wheel(0.5), Thing(10.2, 11.0)
    wheel.schedule(thing)
    wheel.handle_timer(10.2)
    assert thing.called == []
    wheel.handle_timer(10.6)
    assert thing.called == [10.6]
    wheel.handle_timer(11.0)
    wheel.handle_timer(11.4)
    assert thing.called == [10.6]
    wheel.handle_timer(11.5)
    assert thing.called == [10.6, 11.5]
    wheel.handle_timer(100)
    assert thing.called == [10.6, 11.5]
    assert thing.bucket == -1


def test_a_deadline_that_moved_away_costs_one_early_call() -> None:
    wheel, thing = Wheel(1), Thing(10)
    wheel.schedule(thing)
    thing.times = [50]
    wheel.schedule(thing)
    wheel.handle_timer(11)
    assert thing.called == [11]
    wheel.handle_timer(49)
    assert thing.called == [11]
    wheel.handle_timer(51)
    assert thing.called == [11, 51]


def test_a_deadline_that_came_nearer_is_kept() -> None:
    wheel, thing = Wheel(1), Thing(90)
    wheel.schedule(thing)
    thing.times = [10]
    wheel.schedule(thing)
    wheel.handle_timer(11)
    assert thing.called == [11]
    wheel.handle_timer(91)
    assert thing.called == [11]


def test_what_is_removed_is_never_called() -> None:
    wheel, thing, other = Wheel(1), Thing(10), Thing(10)
    wheel.schedule(thing)
    wheel.schedule(other)
    wheel.remove(thing)
    wheel.remove(thing)
    wheel.handle_timer(20)
    assert (thing.called, other.called) == ([], [20])


def test_what_is_long_due_is_called_in_the_next_tick() -> None:
    wheel, thing = Wheel(1), Thing(1)
    wheel.handle_timer(1000)
    wheel.schedule(thing)
    wheel.handle_timer(1001)
    assert thing.called == [1001]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 100), min_size=1, max_size=4).map(sorted), max_size=20),
    st.lists(st.floats(0, 30), max_size=30),
)
def test_nobody_is_forgotten_or_called_early(all_times: list[list[float]], steps: list[float]) -> None:
    wheel = Wheel(0.5)
    things = [Thing(*times) for times in all_times]
    for thing in things:
        wheel.schedule(thing)
    now = 0.0
    for step in steps:
        now += step
        before = [len(thing.called) for thing in things]
        due = [thing.next_timer() for thing in things]
        wheel.handle_timer(now)
        for thing, count, at in zip(things, before, due, strict=True):
            was_called = len(thing.called) > count
            if at is None or at > now:
                assert not was_called
            if at is not None and at + 0.5 < now:
                assert was_called
