from __future__ import annotations

import pytest

from ud2p.protocol.reordering import (
    MAX_PACKET_THRESHOLD,
    MAX_REMEMBERED,
    MAX_TIME_THRESHOLD,
    PACKET_THRESHOLD,
    TIME_THRESHOLD,
    Reordering,
)
from ud2p.protocol.round_trip import GRANULARITY_S, RoundTrip
from ud2p.protocol.sent_record import SentRecord


def lost(number: int, sent_at: float = 10.0) -> SentRecord:
    return SentRecord(number, sent_at, 100, [], -1)


@pytest.fixture
def round_trip() -> RoundTrip:
    round_trip = RoundTrip()
    round_trip.sample(0.1)
    return round_trip


def test_it_begins_as_rfc_9002_recommends(round_trip: RoundTrip) -> None:
    reordering = Reordering(round_trip)
    assert (reordering.packet_threshold, reordering.time_threshold) == (3, 9 / 8)
    assert reordering.loss_delay_s == pytest.approx(0.1 * 9 / 8)


def test_the_delay_never_falls_below_the_clock(round_trip: RoundTrip) -> None:
    round_trip.latest_s = round_trip.smoothed_s = 0.0
    assert Reordering(round_trip).loss_delay_s == GRANULARITY_S


def test_a_late_record_is_handed_back_once_and_raises_the_thresholds(round_trip: RoundTrip) -> None:
    reordering = Reordering(round_trip)
    reordering.lose([lost(5), lost(6)], is_new_loss=True)
    (late,) = reordering.take_late([(7, 20), (5, 5)], 12, 10.15)
    assert late.number == 5
    assert not reordering.is_all_found
    assert reordering.packet_threshold == 12 - 5 + 1
    assert reordering.time_threshold == pytest.approx(1.5)
    assert reordering.take_late([(7, 20), (5, 5)], 12, 10.15) == []
    assert [record.number for record in reordering.take_late([(0, 20)], 20, 10.15)] == [6]
    assert reordering.is_all_found


def test_the_thresholds_are_bounded_and_never_fall(round_trip: RoundTrip) -> None:
    reordering = Reordering(round_trip)
    reordering.lose([lost(0, 10.0), lost(990, 10.0)], is_new_loss=True)
    reordering.take_late([(0, 0)], 999, 10.35)
    assert reordering.packet_threshold == MAX_PACKET_THRESHOLD > PACKET_THRESHOLD
    assert reordering.time_threshold == MAX_TIME_THRESHOLD > TIME_THRESHOLD
    reordering.take_late([(990, 990)], 991, 10.35)
    assert reordering.packet_threshold == MAX_PACKET_THRESHOLD


def test_only_the_last_losses_are_remembered(round_trip: RoundTrip) -> None:
    reordering = Reordering(round_trip)
    reordering.lose([lost(number) for number in range(3 * MAX_REMEMBERED)], is_new_loss=True)
    late = reordering.take_late([(0, 1000)], 1000, 10.1)
    assert [record.number for record in late] == list(range(2 * MAX_REMEMBERED, 3 * MAX_REMEMBERED))
    assert not reordering.is_all_found, "what was forgotten was not found"


def test_what_is_too_old_is_forgotten(round_trip: RoundTrip) -> None:
    reordering = Reordering(round_trip)
    reordering.lose([lost(1, 10.0)], is_new_loss=True)
    assert reordering.take_late([(50, 50)], 40, 11.0) == []
    assert not reordering.has_lost
    assert not reordering.is_all_found


def test_a_new_loss_counts_for_itself(round_trip: RoundTrip) -> None:
    reordering = Reordering(round_trip)
    reordering.lose([lost(1)], is_new_loss=True)
    reordering.lose([lost(5)], is_new_loss=True)
    reordering.take_late([(5, 5)], 9, 10.1)
    assert reordering.is_all_found
