from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.errors import ChatClosed, MessageTooLong
from ud2p.protocol.frames import (
    FRAGMENT_OVERHEAD_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_MESSAGE_NUMBER,
    FrameType,
    decode_fragment,
    decode_frames,
)
from ud2p.protocol.incoming import WINDOW_BYTES, WINDOW_MESSAGES
from ud2p.protocol.outgoing import Fragment, OutgoingMessages

PAYLOAD = 1152
FULL = PAYLOAD - FRAGMENT_OVERHEAD_BYTES


def all_fragments(outgoing: OutgoingMessages) -> list[Fragment]:
    fragments: list[Fragment] = []
    while chosen := outgoing.next_fragments(PAYLOAD):
        fragments += chosen
    return fragments


def admitted(outgoing: OutgoingMessages) -> list[Fragment]:
    assert outgoing.has_fragments
    return all_fragments(outgoing)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 5000), min_size=1, max_size=12))
def test_every_byte_of_every_message_goes_into_one_fragment(sizes: list[int]) -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    messages = [bytes([i]) * size for i, size in enumerate(sizes)]
    assert [outgoing.push(FrameType.MSG, data) for data in messages] == list(range(len(sizes)))
    got = [bytearray() for _ in messages]
    for fragment in admitted(outgoing):
        frame = fragment.message.frame(fragment.part)
        assert len(frame) == fragment.message.frame_size(fragment.part)
        ((kind, body),) = decode_frames(frame)
        number, total, offset, data = decode_fragment(body)
        assert kind == FrameType.MSG
        assert (total, offset) == (sizes[number], len(got[number]))
        got[number] += data
    assert got == messages


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 3000), max_size=12), st.integers(0, PAYLOAD))
def test_a_record_is_never_overfull(sizes: list[int], room: int) -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    for size in sizes:
        outgoing.push(FrameType.MSG, bytes(size))
    assert outgoing.has_fragments is bool(sizes)
    chosen = outgoing.next_fragments(room)
    assert sum(len(message.frame(part)) for message, part in chosen) <= room


def test_small_messages_share_a_record() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    for i in range(10):
        outgoing.push(FrameType.MSG, bytes([i]) * 50)
    assert outgoing.has_fragments
    assert len(outgoing.next_fragments(PAYLOAD)) == 10
    assert not outgoing.has_fragments


@pytest.mark.parametrize(("size", "parts"), [(0, 1), (1, 1), (FULL, 1), (FULL + 1, 2), (MAX_MESSAGE_BYTES, 58)])
def test_how_many_fragments_there_are(size: int, parts: int) -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    outgoing.push(FrameType.MSG, bytes(size))
    assert len(admitted(outgoing)) == parts


def test_a_message_over_64_kib_is_refused() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    with pytest.raises(MessageTooLong, match="sendf"):
        outgoing.push(FrameType.MSG, bytes(MAX_MESSAGE_BYTES + 1))
    assert outgoing.is_idle


def test_there_is_no_number_after_the_last() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    outgoing._next_number = MAX_MESSAGE_NUMBER
    outgoing.push(FrameType.MSG, b"last")
    ((message, part),) = admitted(outgoing)
    assert decode_fragment(message.frame(part)[3:])[0] == MAX_MESSAGE_NUMBER
    with pytest.raises(ChatClosed, match="connect again"):
        outgoing.push(FrameType.MSG, b"one more")


def test_lost_fragments_go_first_and_once() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    outgoing.push(FrameType.MSG, bytes(3 * FULL))
    outgoing.push(FrameType.MSG, bytes(FULL))
    assert outgoing.has_fragments
    first, second = outgoing.next_fragments(PAYLOAD) + outgoing.next_fragments(PAYLOAD)
    for _ in range(100):
        outgoing.send_again([second, first])
    assert [fragment.part for fragment in all_fragments(outgoing)] == [1, 0, 2, 0]


def test_what_arrived_is_not_sent_again() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    outgoing.push(FrameType.MSG, bytes(2 * FULL))
    first, second = admitted(outgoing)
    outgoing.send_again([first, second])
    assert outgoing.acknowledge([first]) == []
    assert all_fragments(outgoing) == [second]
    outgoing.send_again([first])
    assert not outgoing.has_fragments
    assert all_fragments(outgoing) == []


def test_a_message_is_delivered_once_with_its_last_fragment() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    outgoing.push(FrameType.MSG, bytes(2 * FULL))
    outgoing.push(FrameType.CONTROL, b"x")
    first, second, third = admitted(outgoing)
    assert outgoing.acknowledge([third]) == [third.message]
    assert outgoing.undelivered == [first.message]
    assert outgoing.acknowledge([first, first]) == []
    assert outgoing.acknowledge([second]) == [first.message]
    assert outgoing.acknowledge([first, second, third]) == []
    assert outgoing.is_idle


def test_the_window_counts_messages_from_the_first_that_is_missing() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    for _ in range(WINDOW_MESSAGES + 500):
        outgoing.push(FrameType.MSG, b"")
    fragments = admitted(outgoing)
    assert len(fragments) == WINDOW_MESSAGES
    outgoing.acknowledge(fragments[1:])
    assert not outgoing.has_fragments
    assert len(outgoing.undelivered) == 501
    outgoing.acknowledge(fragments[:1])
    assert len(admitted(outgoing)) == 500


def test_the_window_counts_bytes() -> None:
    outgoing = OutgoingMessages(PAYLOAD)
    for _ in range(20):
        outgoing.push(FrameType.MSG, bytes(MAX_MESSAGE_BYTES))
    fragments = admitted(outgoing)
    assert {message.number for message, _ in fragments} == set(range(WINDOW_BYTES // MAX_MESSAGE_BYTES))
    outgoing.acknowledge([fragment for fragment in fragments if fragment.message.number == 0])
    assert {message.number for message, _ in admitted(outgoing)} == {WINDOW_BYTES // MAX_MESSAGE_BYTES}
