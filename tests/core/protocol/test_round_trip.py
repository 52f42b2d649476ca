from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.protocol.received import MAX_ACK_DELAY_S
from ud2p.protocol.round_trip import GRANULARITY_S, RoundTrip


def test_before_any_sample_it_is_333_ms() -> None:
    round_trip = RoundTrip()
    assert round_trip.smoothed_s == 0.333
    assert round_trip.minimum_s is None
    assert round_trip.probe_timeout_s == pytest.approx(0.333 + 4 * 0.1665 + MAX_ACK_DELAY_S)


def test_the_first_sample_replaces_the_guess() -> None:
    round_trip = RoundTrip()
    round_trip.sample(0.04, 0.009)  # RFC 9002 section 5.3: the delay is not taken off the first one.
    assert (round_trip.smoothed_s, round_trip.variation_s, round_trip.minimum_s) == (0.04, 0.02, 0.04)


def test_later_samples_are_smoothed_as_rfc_9002_section_5_3_says() -> None:
    round_trip = RoundTrip()
    round_trip.sample(0.1)
    round_trip.sample(0.2, 0.008)
    assert round_trip.variation_s == pytest.approx(3 / 4 * 0.05 + 1 / 4 * abs(0.1 - 0.192))
    assert round_trip.smoothed_s == pytest.approx(7 / 8 * 0.1 + 1 / 8 * 0.192)


def test_a_delay_never_takes_a_sample_below_the_minimum() -> None:
    round_trip = RoundTrip()
    round_trip.sample(0.1)
    round_trip.sample(0.105, 0.01)
    assert round_trip.smoothed_s == pytest.approx(7 / 8 * 0.1 + 1 / 8 * 0.105)


def test_a_peer_cannot_claim_more_delay_than_it_may_take() -> None:
    round_trip = RoundTrip()
    round_trip.sample(0.1)
    round_trip.sample(1.0, 4000.0)
    assert round_trip.smoothed_s == pytest.approx(7 / 8 * 0.1 + 1 / 8 * (1.0 - MAX_ACK_DELAY_S))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0, 5000)), min_size=1, max_size=40))
def test_whatever_is_measured_the_timeout_stays_sensible(samples: list[tuple[float, float]]) -> None:
    round_trip = RoundTrip()
    for latest_s, delay_s in samples:
        round_trip.sample(latest_s, delay_s)
    longest_s = max(latest_s for latest_s, _ in samples)
    assert round_trip.minimum_s == min(latest_s for latest_s, _ in samples)
    assert 0 <= round_trip.smoothed_s <= longest_s + 1e-9
    assert round_trip.probe_timeout_s >= round_trip.smoothed_s + GRANULARITY_S
    assert round_trip.probe_timeout_s <= 5 * longest_s + GRANULARITY_S + MAX_ACK_DELAY_S + 1e-9
