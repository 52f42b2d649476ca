"""A session whose peer has the right keys and the wrong intentions."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.raw_peer import ELSEWHERE, HERE, RawPeer

from ud2p.protocol.frames import (
    MAX_MESSAGE_BYTES,
    FrameType,
    decode_ack,
    encode_ack,
    encode_fragment,
    encode_frame,
)
from ud2p.protocol.record import MAX_NUMBER
from ud2p.protocol.session import State
from ud2p.protocol.session_events import Closed, Delivered

MSG, CONTROL = FrameType.MSG, FrameType.CONTROL
PING = encode_frame(FrameType.PING)


@pytest.fixture
def peer() -> RawPeer:
    peer = RawPeer()
    peer.open()
    return peer


def acks(frames: list[tuple[int, bytes]]) -> list[list[tuple[int, int]]]:
    return [decode_ack(body)[0] for kind, body in frames if kind == FrameType.ACK]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 12), st.binary(max_size=60)), max_size=6), st.binary(max_size=20))
def test_no_frames_whatsoever_raise(frames: list[tuple[int, bytes]], tail: bytes) -> None:
    peer = RawPeer()
    peer.open()
    payload = b"".join(bytes([kind]) + len(body).to_bytes(2, "big") + body for kind, body in frames) + tail
    peer.say(payload)
    peer.wait(1.0)
    peer.session.take_messages()
    events = peer.session.events()
    if peer.session.state is not State.OPEN:
        assert isinstance(events[-1], Closed)


CONTRADICTIONS = {
    "kind": encode_fragment(CONTROL, 0, 10, 5, b"fghij"),
    "total": encode_fragment(MSG, 0, 11, 5, b"fghij"),
    "bytes": encode_fragment(MSG, 0, 10, 2, b"XXX"),
    "too long": encode_fragment(MSG, 0, MAX_MESSAGE_BYTES + 1, 5, b"fghij"),
    "past its end": encode_fragment(MSG, 0, 10, 8, b"fghij"),
    "cut short": encode_frame(MSG, b"short"),
    "senseless ack": encode_frame(FrameType.ACK, b"?"),
    "ack below zero": encode_ack([(5, 9), (0, 2)], 0)[:-1] + b"\xff",
    "past the record": b"\x04\xff\xff",
    "hidden in the padding": b"\0\0\0\x04",
}


@pytest.mark.parametrize("frame", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_makes_no_sense_closes_with_protocol(peer: RawPeer, frame: bytes) -> None:
    peer.say(encode_fragment(MSG, 0, 10, 0, b"abcde"))
    peer.hear()
    peer.say(frame)
    closed = peer.closed()
    assert (closed.reason, closed.by_peer) == ("protocol", False)
    assert closed.text
    assert (FrameType.CLOSE, b"protocol") in peer.hear()
    assert len(peer.session.signals_to_send()) == 1
    peer.wait(2.0)
    assert peer.session.state is State.CLOSED


def test_unknown_frames_are_skipped_and_acknowledged(peer: RawPeer) -> None:
    peer.say(bytes([200, 0, 3]) + b"new", encode_fragment(MSG, 0, 2, 0, b"hi"), bytes([255, 0, 0]))
    assert peer.session.take_messages() == [(MSG, b"hi")]
    assert acks(peer.wait(0.02)) == [[(0, 1)]]


def test_records_that_ask_for_nothing_are_not_answered(peer: RawPeer) -> None:
    peer.session.send_message(MSG, b"x")
    peer.hear()
    for i in range(20):
        peer.say(encode_ack([(0, 1)], 0))
        peer.say(encode_frame(FrameType.PATH_RESPONSE, bytes(8)), encode_frame(FrameType.PATH_CHALLENGE, b"wrong"))
        assert peer.wait(0.02) == [], i


def test_an_ack_of_a_record_never_sent_delivers_nothing(peer: RawPeer) -> None:
    peer.session.send_message(MSG, b"x")
    peer.hear()
    for top in (len(peer.sent), len(peer.sent) + 1, 2**32, MAX_NUMBER):
        peer.say(encode_ack([(max(0, top - 2**32 + 1), top)], 0))
        peer.say(encode_ack([(top, top), (0, 0)], 0))
    assert peer.session.events() == []
    assert peer.session.undelivered == [0]
    assert peer.session._reliable.recovery.impossible_acks == 8
    peer.say(encode_ack([(0, len(peer.sent) - 1)], 0))
    assert peer.session.events() == [Delivered((0,))]


@pytest.mark.parametrize("jump", [5, 2048, 2**33, MAX_NUMBER - 60])
def test_a_peer_may_jump_its_numbers(peer: RawPeer, jump: int) -> None:
    peer.say(encode_fragment(MSG, 0, 1, 0, b"a"))
    peer.sealer._next_number += jump
    peer.say(encode_fragment(MSG, 1, 1, 0, b"b"))
    (ranges,) = acks(peer.wait(0.02))
    assert ranges[0] == (jump + 2, jump + 2)
    assert [data for _, data in peer.session.take_messages()] == [b"a", b"b"]
    assert peer.session.state is State.OPEN


def test_a_message_without_room_is_not_acknowledged_and_may_come_again(peer: RawPeer) -> None:
    far = encode_fragment(MSG, 2000, 1, 0, b"x")
    peer.say(far)
    assert acks(peer.wait(0.1)) == []
    peer.say(PING)
    assert acks(peer.wait(0.1)) == [[(2, 2), (0, 0)]]
    assert peer.session.state is State.OPEN


def test_memory_is_bounded_whatever_a_peer_sends(peer: RawPeer) -> None:
    chance = random.Random(9)

    def flood(records: int) -> None:
        for _ in range(records):
            frames = []
            for _ in range(chance.randrange(1, 60)):
                number = chance.randrange(1, 3000)
                total = number * 7919 % (MAX_MESSAGE_BYTES - 2) + 2
                frames.append(encode_fragment(MSG, number, total, chance.randrange(total), b"\0"))
            frames.append(encode_ack([(chance.randrange(3), 3)], 0))
            frames.append(encode_frame(FrameType.PATH_CHALLENGE, chance.randbytes(8)))
            peer.say(*frames, source=("198.51.100.7", chance.randrange(1, 65536)))
            if chance.random() < 0.1:
                peer.session.datagrams_to_send(peer.now)
        peer.session.datagrams_to_send(peer.now)

    flood(10)
    tracemalloc.start()
    try:
        flood(400)
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peer.session.state is State.OPEN
    assert grown_bytes < 3 * 1024 * 1024


# paths


def test_a_response_from_elsewhere_opens_nothing() -> None:
    peer = RawPeer()
    peer.session.add_candidate(HERE, peer.now)
    ((_, value),) = peer.hear()
    peer.say(encode_frame(FrameType.PATH_RESPONSE, value), source=ELSEWHERE)
    peer.say(encode_frame(FrameType.PATH_RESPONSE, value[::-1]))
    peer.say(encode_frame(FrameType.PATH_RESPONSE, value), source=None)
    assert peer.session.address is None
    peer.say(encode_frame(FrameType.PATH_RESPONSE, value))
    assert peer.session.state is State.OPEN
    assert peer.session.address == HERE


def test_no_more_goes_to_a_stranger_than_came_from_there() -> None:
    for is_open in (False, True):
        peer = RawPeer()
        if is_open:
            peer.open()
        chance = random.Random(2)
        for _ in range(60):
            challenges = [encode_frame(FrameType.PATH_CHALLENGE, chance.randbytes(8)) for _ in range(100)]
            peer.say(*challenges[: chance.choice([1, 2, 100])], source=ELSEWHERE)
            if chance.random() < 0.5:
                peer.wait(chance.choice([0.0, 0.01, 0.2]))
            to_stranger = sum(len(datagram) for datagram, to in peer.sent if to == ELSEWHERE)
            assert to_stranger <= peer.received_bytes[ELSEWHERE]
        assert to_stranger > 0
        assert peer.session.address == (HERE if is_open else None)


def test_a_record_of_less_than_a_bucket_buys_nothing() -> None:
    peer = RawPeer()
    frame = encode_frame(FrameType.PATH_CHALLENGE, bytes(8))
    header = peer.sealer._prefix + bytes(8)
    peer.deliver(header + peer.sealer._seal(0, frame, header), ELSEWHERE)
    assert peer.wait(1.0) == []
    assert peer.session.drops.not_opened == 1


def test_what_comes_by_signal_has_no_address(peer: RawPeer) -> None:
    peer.say(encode_frame(FrameType.PATH_CHALLENGE, bytes(8)), encode_fragment(MSG, 0, 2, 0, b"hi"), source=None)
    assert peer.session.take_messages() == [(MSG, b"hi")]
    assert all(kind == FrameType.ACK for kind, _ in peer.wait(0.1))


# closing


def test_nothing_follows_the_end(peer: RawPeer) -> None:
    peer.session.send_message(MSG, b"x")
    peer.hear()
    peer.say(encode_frame(FrameType.CLOSE, b"left"), encode_fragment(MSG, 0, 2, 0, b"hi"))
    assert peer.closed() == Closed("left", by_peer=True)
    peer.say(encode_fragment(MSG, 0, 2, 0, b"hi"), encode_ack([(0, 1)], 0))
    peer.say(encode_frame(MSG, b"senseless"))
    peer.say(PING)
    assert peer.session.take_messages() == []
    heard = peer.wait(3.0)
    assert heard == [(FrameType.CLOSE, b"left")]
    assert peer.session.events() == []
    assert peer.session.state is State.CLOSED
    peer.say(PING)
    assert peer.wait(60.0) == []


def test_each_repeated_goodbye_is_answered_until_it_is_over(peer: RawPeer) -> None:
    for _ in range(5):
        peer.say(encode_frame(FrameType.CLOSE, b"left"))
        assert peer.wait(0.2) == [(FrameType.CLOSE, b"left")]
    assert len(peer.session.events()) == 1
    peer.wait(2.0)
    peer.say(encode_frame(FrameType.CLOSE, b"left"))
    assert peer.wait(1.0) == []


@pytest.mark.parametrize("word", [b"", b"\xff\xfe", b"x" * 1000, "é".encode() * 33])
def test_a_peers_reason_is_cut_and_decoded_whatever_it_is(peer: RawPeer, word: bytes) -> None:
    peer.say(encode_frame(FrameType.CLOSE, word))
    closed = peer.closed()
    assert closed.by_peer
    assert len(closed.reason) <= 64


# acknowledging


def test_an_ack_travels_with_what_is_sent_anyway(peer: RawPeer) -> None:
    peer.say(encode_fragment(MSG, 0, 1, 0, b"a"))
    assert peer.hear() == [], "it waits for company"
    peer.session.send_message(MSG, b"b")
    frames = peer.hear()
    assert [kind for kind, _ in frames] == [FrameType.ACK, MSG]
    assert peer.wait(0.02) == []


def test_a_ping_ends_the_wait_for_a_long_timeout(peer: RawPeer) -> None:
    peer.session.send_message(MSG, b"x")
    peer.wait(40.0)
    assert peer.hear() == []
    peer.say(PING)
    assert any(kind == MSG for kind, _ in peer.hear())
    peer.say(PING)
    assert not any(kind == MSG for kind, _ in peer.hear())


def test_pings_alone_never_make_a_storm(peer: RawPeer) -> None:
    peer.session.send_message(MSG, b"x")
    peer.wait(40.0)
    before = len(peer.sent)
    for _ in range(500):
        peer.say(PING)
        peer.wait(0.001)
    assert len(peer.sent) - before < 520
