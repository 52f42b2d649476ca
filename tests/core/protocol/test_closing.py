from __future__ import annotations

import pytest

from ud2p.protocol.closing import CLOSE_AGAIN_S, CLOSING_S, DRAINING_S, Closing, encode_close
from ud2p.protocol.frames import MAX_CLOSE_BYTES, FrameType, decode_frames


def reason_of(frame: bytes) -> str:
    ((kind, body),) = decode_frames(frame)
    assert kind == FrameType.CLOSE
    assert len(body) <= MAX_CLOSE_BYTES
    return body.decode()


def test_the_leaver_says_so_four_times_and_gives_up() -> None:
    closing = Closing("left", 10.0, is_answer=False)
    times = []
    now = 10.0
    while now < closing.deadline:
        if closing.frames_to_send(now):
            times.append(now)
        assert closing.next_timer() > now
        now = closing.next_timer()
    assert times == pytest.approx([10.0, 10.2, 10.6, 11.0])
    assert now == closing.deadline == 10.0 + CLOSING_S
    assert sum(CLOSE_AGAIN_S) < CLOSING_S, "there is time for an answer to the last one"
    assert sum(CLOSE_AGAIN_S) < DRAINING_S, "and somebody there to give it"


def test_it_is_said_once_at_a_time() -> None:
    closing = Closing("left", 10.0, is_answer=False)
    assert len(closing.frames_to_send(10.0)) == 1
    assert closing.frames_to_send(10.0) == []


def test_the_one_who_was_told_answers_each_time() -> None:
    closing = Closing("left", 10.0, is_answer=True)
    assert len(closing.frames_to_send(10.0)) == 1
    assert closing.next_timer() == closing.deadline == 10.0 + DRAINING_S
    closing.heard_again(10.4)
    closing.heard_again(10.4)
    assert len(closing.frames_to_send(10.4)) == 1
    assert closing.frames_to_send(10.5) == []


@pytest.mark.parametrize("reason", ["left", "", "x" * 64, "x" * 65, "é" * 40, "x" + "🙂" * 30])
def test_a_long_reason_is_cut_between_characters(reason: str) -> None:
    said = reason_of(encode_close(reason))
    assert reason.startswith(said)
    assert len(said.encode()) > min(len(reason.encode()), MAX_CLOSE_BYTES) - 4
