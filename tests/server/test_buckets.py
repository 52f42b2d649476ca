from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ud2p_server.buckets import Buckets


def test_a_full_bucket_and_how_it_fills() -> None:
    buckets = Buckets(3, 0.5)
    assert [buckets.take("a", 10.0) for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b", 10.0)
    assert not buckets.take("a", 11.9)
    assert buckets.take("a", 12.0)
    assert not buckets.take("a", 12.1)
    assert buckets.left("a", 1000.0) == 3


def test_full_ones_are_forgotten() -> None:
    buckets = Buckets(2, 1)
    buckets.take("a", 0.0)
    buckets.take("b", 5.0)
    buckets.sweep(5.5)
    assert len(buckets) == 1
    assert buckets.left("a", 5.5) == 2


@given(st.lists(st.floats(0, 100), max_size=200), st.booleans())
def test_never_more_than_it_holds_and_gets(times: list[float], sweeps: bool) -> None:
    buckets = Buckets(5, 0.25)
    taken: list[float] = []
    for now in sorted(times):
        if sweeps:
            buckets.sweep(now)
        if buckets.take("a", now):
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= 5 + (taken[last] - taken[first]) * 0.25 + 1e-6
