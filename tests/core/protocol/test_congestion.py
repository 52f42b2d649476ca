from __future__ import annotations

import pytest

from ud2p.protocol.congestion import (
    HALVED_WINDOW_BYTES,
    INITIAL_WINDOW_BYTES,
    MAXIMUM_WINDOW_BYTES,
    MINIMUM_WINDOW_BYTES,
    CongestionWindow,
)
from ud2p.protocol.record import MAX_DATAGRAM_BYTES


def fill(window: CongestionWindow) -> int:
    """Send full records while there is room; how many that were."""
    records = 0
    while window.has_room():
        window.sent(MAX_DATAGRAM_BYTES)
        records += 1
    return records


def drain(window: CongestionWindow, records: int, sent_at: float) -> None:
    is_used = window.is_used()
    for _ in range(records):
        window.acknowledged(MAX_DATAGRAM_BYTES, sent_at, is_used)


def test_it_begins_with_ten_records_and_doubles_each_round_trip() -> None:
    window = CongestionWindow()
    for records in (10, 20, 40):
        assert fill(window) == records
        drain(window, records, 1.0)
    assert window.in_flight_bytes == 0


def test_it_is_capped() -> None:
    window = CongestionWindow()
    for _ in range(20):
        drain(window, fill(window), 1.0)
    assert window.size_bytes == MAXIMUM_WINDOW_BYTES


def test_it_does_not_grow_while_hardly_used() -> None:
    window = CongestionWindow()
    for _ in range(1000):
        window.sent(100)
        drain_used = window.is_used()
        window.acknowledged(100, 1.0, drain_used)
    assert window.size_bytes == INITIAL_WINDOW_BYTES


def test_it_is_halved_once_a_round_trip() -> None:
    window = CongestionWindow()
    for _ in range(2):
        drain(window, fill(window), 0.5)
    assert window.size_bytes == 4 * INITIAL_WINDOW_BYTES
    assert window.shrink(1.0, 2.0)
    assert window.size_bytes == 2 * INITIAL_WINDOW_BYTES
    assert not window.shrink(1.5, 2.1), "what was sent before the halving says nothing new"
    assert window.size_bytes == 2 * INITIAL_WINDOW_BYTES
    assert window.shrink(2.2, 3.0)
    assert window.size_bytes == INITIAL_WINDOW_BYTES


def test_halving_ends_at_eight_records_and_never_adds_any() -> None:
    window = CongestionWindow()
    for i in range(20):
        window.shrink(i + 0.5, i + 1.0)
    assert window.size_bytes == HALVED_WINDOW_BYTES
    assert fill(window) == 8
    window.collapse()
    window.shrink(30.0, 31.0)
    assert window.size_bytes == MINIMUM_WINDOW_BYTES
    window = CongestionWindow()
    window.collapse()
    assert fill(window) == 2


def test_after_a_loss_it_grows_by_one_record_a_round_trip() -> None:
    window = CongestionWindow()
    window.shrink(1.0, 2.0)
    before = window.size_bytes
    records = fill(window)
    drain(window, records, 3.0)
    assert before < window.size_bytes <= before + MAX_DATAGRAM_BYTES


def test_what_was_sent_before_the_loss_does_not_make_it_grow() -> None:
    window = CongestionWindow()
    records = fill(window)
    window.shrink(1.0, 2.0)
    drain(window, records, 1.5)
    assert window.size_bytes == HALVED_WINDOW_BYTES


def test_a_halving_for_nothing_is_taken_back() -> None:
    window = CongestionWindow()
    window.shrink(1.0, 2.0)
    window.restore()
    assert window.size_bytes == INITIAL_WINDOW_BYTES
    drain(window, fill(window), 3.0)
    assert window.size_bytes == 2 * INITIAL_WINDOW_BYTES, "it grows as if nothing had happened"
    window.restore()
    assert window.size_bytes == 2 * INITIAL_WINDOW_BYTES, "once"


def test_a_collapse_is_not_taken_back() -> None:
    window = CongestionWindow()
    window.shrink(1.0, 2.0)
    window.collapse()
    window.restore()
    assert window.size_bytes == MINIMUM_WINDOW_BYTES
    drain(window, fill(window), 3.0)
    assert window.size_bytes == pytest.approx(2 * MINIMUM_WINDOW_BYTES)
