from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.frames import (
    FRAGMENT_OVERHEAD_BYTES,
    MAX_ACK_RANGES,
    MAX_MESSAGE_BYTES,
    FrameType,
    Range,
    decode_ack,
    decode_fragment,
    decode_frames,
    encode_ack,
    encode_fragment,
    encode_frame,
)

U32 = st.integers(0, 2**32 - 1)
SETTINGS = settings(deadline=None, max_examples=50)


@st.composite
def ack_ranges(draw: st.DrawFn) -> list[Range]:
    """What ReceivedRecords may hold: newest first, apart from each other."""
    top = draw(st.integers(0, 2**64 - 1))
    ranges: list[Range] = []
    for _ in range(draw(st.integers(1, MAX_ACK_RANGES))):
        first = top - draw(st.integers(0, 300))
        if first < 0:
            break
        ranges.append((first, top))
        top = first - 2 - draw(st.integers(0, 300))
    return ranges or [(0, 0)]


def raw_frame(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(2, "big") + body


def test_a_frame_is_type_length_body() -> None:
    assert encode_frame(FrameType.CLOSE, b"left") == raw_frame(7, b"left") == b"\x07\x00\x04left"


@SETTINGS
@given(st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=80)), max_size=8), st.integers(0, 100))
def test_frames_come_back_as_they_were_put_in(frames: list[tuple[int, bytes]], padding: int) -> None:
    payload = b"".join(raw_frame(kind, body) for kind, body in frames)
    assert decode_frames(payload + bytes(padding)) == frames


@SETTINGS
@given(st.binary(max_size=200))
def test_any_payload_is_frames_or_refused(payload: bytes) -> None:
    try:
        frames = decode_frames(payload)
    except RemoteProtocolError:
        return
    again = b"".join(raw_frame(kind, body) for kind, body in frames)
    assert payload.startswith(again)
    assert not payload[len(again) :].strip(b"\0")


@pytest.mark.parametrize(
    "payload",
    [b"\x04", b"\x04\x00", b"\x02\x00\x05four", b"\x04\x00\x00\xff\xff\xff", b"\0\x04\0\0", b"\0" * 63 + b"\x01"],
    ids=["no length", "half a length", "body cut", "second body cut", "frame behind the padding", "hidden byte"],
)
def test_what_is_cut_or_hidden_is_refused(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_frames(payload)


@SETTINGS
@given(
    st.sampled_from([FrameType.MSG, FrameType.CONTROL]),
    U32,
    st.integers(0, MAX_MESSAGE_BYTES),
    st.binary(min_size=1, max_size=1137),
)
def test_a_fragment_comes_back(kind: FrameType, message: int, offset: int, data: bytes) -> None:
    total = min(MAX_MESSAGE_BYTES, offset + len(data))
    data = data[: total - offset] or b"x"
    offset = min(offset, total - len(data))
    frame = encode_fragment(kind, message, total, offset, data)
    assert len(frame) == FRAGMENT_OVERHEAD_BYTES + len(data)
    ((got_kind, body),) = decode_frames(frame)
    assert (got_kind, decode_fragment(body)) == (kind, (message, total, offset, data))


@SETTINGS
@given(st.binary(max_size=60))
def test_any_fragment_holds_what_a_message_may_or_is_refused(body: bytes) -> None:
    try:
        _, total, offset, data = decode_fragment(body)
    except RemoteProtocolError:
        return
    assert offset + len(data) <= total <= MAX_MESSAGE_BYTES
    assert data or not total


def fragment_body(total: int, offset: int, data: bytes) -> bytes:
    return encode_fragment(FrameType.MSG, 7, total, offset, data)[3:]


@pytest.mark.parametrize(
    ("total", "offset", "data"),
    [
        (MAX_MESSAGE_BYTES + 1, 0, b"x"),
        (2**32 - 1, 0, b"x"),
        (5, 5, b"x"),
        (5, 0, b"sixsix"),
        (5, 2**32 - 1, b"x"),
        (5, 0, b""),
        (0, 0, b"x"),
    ],
)
def test_a_fragment_that_claims_too_much_is_refused(total: int, offset: int, data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_fragment(fragment_body(total, offset, data))


def test_the_largest_and_the_empty_message_are_good() -> None:
    assert decode_fragment(fragment_body(MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES - 1, b"x"))[2] == MAX_MESSAGE_BYTES - 1
    assert decode_fragment(fragment_body(0, 0, b"")) == (7, 0, 0, b"")


@SETTINGS
@given(ack_ranges(), U32)
def test_an_ack_comes_back(ranges: list[Range], delay_us: int) -> None:
    ((kind, body),) = decode_frames(encode_ack(ranges, delay_us))
    assert kind == FrameType.ACK
    assert decode_ack(body) == (ranges, delay_us)


@SETTINGS
@given(st.binary(max_size=16 + 8 * 40))
def test_any_ack_covers_what_can_be_or_is_refused(body: bytes) -> None:
    try:
        ranges, delay_us = decode_ack(body)
    except RemoteProtocolError:
        return
    assert 1 <= len(ranges) <= MAX_ACK_RANGES
    assert 0 <= delay_us < 2**32
    above = 2**64 + 1
    for first, last in ranges:
        assert 0 <= first <= last < above - 1, "ranges overlap, touch, or lie outside of what can be numbered"
        above = first


def test_an_ack_whose_last_range_is_below_zero_is_refused() -> None:
    good = encode_ack([(10, 10), (0, 3)], 0)[3:]
    assert decode_ack(good)[0][-1] == (0, 3)
    with pytest.raises(RemoteProtocolError):
        decode_ack(good[:-1] + b"\x04")


def test_an_ack_of_more_ranges_than_fit_is_refused() -> None:
    body = encode_ack([(1000, 1000)], 0)[3:] + bytes(8) * MAX_ACK_RANGES
    assert len(decode_ack(body[:-8])[0]) == MAX_ACK_RANGES
    with pytest.raises(RemoteProtocolError):
        decode_ack(body)


@pytest.mark.parametrize(
    "ranges",
    [
        [(2**64 - 1, 2**64 - 1), (0, 5)],
        [(2**40, 2**64 - 1), (0, 5)],
        [(2**40, 2**40), (2**40 - 8, 2**40 - 4), (0, 2**33)],
    ],
    ids=["far gap", "long run", "long old run"],
)
def test_ranges_too_far_apart_for_the_wire_are_left_out(ranges: list[Range]) -> None:
    told, _ = decode_ack(encode_ack(ranges, 0)[3:])
    assert told[0][1] == ranges[0][1]
    for first, last in told:
        assert any(start <= first and last <= end for start, end in ranges), "an ACK of what did not arrive"


def test_the_delay_is_clamped_to_its_field() -> None:
    assert decode_ack(encode_ack([(0, 0)], 2**40)[3:])[1] == 2**32 - 1
