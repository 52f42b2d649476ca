from __future__ import annotations

import pytest

from ud2p.protocol.liveness import KEEPALIVE_JITTER, KEEPALIVE_S, LOST_AFTER_S, SILENT_AFTER_S, Liveness
from ud2p.protocol.session_events import Silent


def drawing(byte: int) -> Liveness:
    return Liveness(100.0, lambda n: bytes([byte]) * n)


@pytest.mark.parametrize(("byte", "share"), [(0, 0.8), (255, 1.2)])
def test_keepalives_are_15_s_apart_give_or_take_20_percent(byte: int, share: float) -> None:
    assert drawing(byte).keepalive_at == pytest.approx(100 + share * KEEPALIVE_S)
    assert KEEPALIVE_JITTER == 0.2


def test_each_keepalive_draws_anew_and_what_is_sent_between_does_not() -> None:
    drawn: list[int] = []

    def random_bytes(n: int) -> bytes:
        drawn.append(n)
        return bytes([40 * len(drawn)]) * n

    liveness = Liveness(100.0, random_bytes)
    for i in range(50):
        liveness.sent(100.0 + i / 10)
    assert len(drawn) == 1, "drawing is dear, and every record that asks for an ACK comes by"
    first_s = liveness.keepalive_at - 104.9
    liveness.sent(liveness.keepalive_at)
    assert len(drawn) == 2
    assert liveness.keepalive_at - (104.9 + first_s) != pytest.approx(first_s)


def test_what_is_sent_postpones_the_keepalive() -> None:
    liveness = drawing(128)
    before = liveness.keepalive_at
    liveness.sent(110.0)
    assert liveness.keepalive_at == pytest.approx(before + 10)


def test_a_ping_may_be_wanted_at_once() -> None:
    liveness = drawing(128)
    liveness.heard(104.0)
    liveness.ping_soon()
    assert liveness.keepalive_at <= 104.0
    liveness.sent(105.0)
    assert liveness.keepalive_at > 115.0


def test_silent_at_45_s_and_lost_at_90_s_and_then_no_more() -> None:
    liveness = drawing(128)
    told = []
    for second in range(100, 400):
        silent = liveness.handle_timer(float(second))
        if silent is not None:
            told.append((second - 100, silent))
        liveness.sent(float(second))
        assert liveness.next_timer() > second
    assert told == [(SILENT_AFTER_S, Silent(45.0, lost=False)), (LOST_AFTER_S, Silent(90.0, lost=True))]


def test_hearing_the_peer_starts_over() -> None:
    liveness = drawing(128)
    assert not liveness.heard(110.0)
    assert liveness.handle_timer(154.9) is None
    assert liveness.handle_timer(155.0) == Silent(45.0, lost=False)
    assert liveness.heard(160.0)
    assert not liveness.heard(161.0)
    assert liveness.handle_timer(205.9) is None
    assert liveness.handle_timer(206.0) == Silent(45.0, lost=False)
    assert liveness.handle_timer(251.0) == Silent(90.0, lost=True)


def test_a_clock_that_jumps_tells_both_and_does_not_spin() -> None:
    liveness = drawing(128)
    now = 100_000.0
    assert [liveness.handle_timer(now) for _ in range(3)] == [
        Silent(now - 100, lost=False),
        Silent(now - 100, lost=True),
        None,
    ]
    liveness.sent(now)
    assert liveness.next_timer() > now
