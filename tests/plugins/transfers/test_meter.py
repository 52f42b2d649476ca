from __future__ import annotations

import pytest
from tests.support.transfers import Bar

from ud2p_plugins.transfers import meter
from ud2p_plugins.transfers.meter import Meter


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(meter, "time", clock)
    return clock


def test_a_bar_hears_twenty_times_a_second_at_most(clock: Clock) -> None:
    bar = Bar()
    with Meter(bar, 1000) as counting:
        for _ in range(1000):
            clock.now += 0.001
            counting.advance(1)
        assert counting.seconds == pytest.approx(1.0)
    assert 15 <= len(bar.moved) <= 21
    assert (bar.total, sum(bar.moved), bar.finished) == (1000, 1000, 1)


def test_slow_bytes_are_told_as_they_come(clock: Clock) -> None:
    bar = Bar()
    with Meter(bar, 3) as counting:
        for number in range(3):
            clock.now += 1
            counting.advance(1)
            assert len(bar.moved) == number + 1


def test_a_bar_is_finished_after_a_failure_too(clock: Clock) -> None:
    bar = Bar()
    with pytest.raises(ValueError, match="x"), Meter(bar, 3) as counting:
        counting.advance(2)
        raise ValueError("x")
    assert (sum(bar.moved), bar.finished) == (2, 1)
