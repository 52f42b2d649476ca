from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.frames import MAX_MESSAGE_BYTES, FrameType
from ud2p.protocol.incoming import (
    MAX_GAPS,
    MAX_HELD_BYTES,
    MAX_UNREAD_BYTES,
    WINDOW_MESSAGES,
    IncomingMessages,
)
from ud2p.protocol.record import SMALLEST_PAYLOAD_BYTES

MSG = FrameType.MSG


class IncomingModel(RuleBasedStateMachine):
    """Fragments of any cut, order, overlap and number of copies: each message comes once, whole, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.incoming = IncomingMessages()
        self.messages: list[tuple[FrameType, bytes]] = []
        self.covered: list[bytearray] = []
        self.taken: list[tuple[FrameType, bytes]] = []

    @initialize(sizes=st.lists(st.integers(0, 60), min_size=1, max_size=6), seed=st.integers(0, 2**32))
    def make(self, sizes: list[int], seed: int) -> None:
        chance = random.Random(seed)
        self.messages = [(chance.choice([MSG, FrameType.CONTROL]), chance.randbytes(size)) for size in sizes]
        self.covered = [bytearray(size or 1) for size in sizes]

    @rule(number=st.integers(0, 5), start=st.integers(0, 59), size=st.integers(1, 60))
    def receive(self, number: int, start: int, size: int) -> None:
        number %= len(self.messages)
        kind, data = self.messages[number]
        offset = start % (len(data) or 1)
        piece = data[offset : offset + size]
        assert self.incoming.receive(kind, number, len(data), offset, piece), "there is room for all of it"
        self.covered[number][offset : offset + max(1, len(piece))] = b"\x01" * max(1, len(piece))

    @rule(number=st.integers(0, 5))
    def receive_whole(self, number: int) -> None:
        number %= len(self.messages)
        kind, data = self.messages[number]
        assert self.incoming.receive(kind, number, len(data), 0, data)
        self.covered[number][:] = b"\x01" * len(self.covered[number])

    @rule()
    def take(self) -> None:
        self.taken += self.incoming.take()
        whole = next((i for i, covered in enumerate(self.covered) if not all(covered)), len(self.messages))
        assert self.taken == self.messages[:whole]

    @invariant()
    def nothing_is_held_twice(self) -> None:
        held = [*self.incoming._partial, *self.incoming._whole]
        assert len(set(held)) == len(held)
        assert all(number >= self.incoming._next for number in held)

    @invariant()
    def what_is_held_is_counted(self) -> None:
        partial = sum(len(partial.data) for partial in self.incoming._partial.values())
        whole = sum(len(data) for _, data in self.incoming._whole.values())
        assert self.incoming._held_bytes == partial + whole


TestIncomingModel = IncomingModel.TestCase
TestIncomingModel.settings = settings(deadline=None, max_examples=20, stateful_step_count=30)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32))
def test_long_messages_survive_any_shuffle(seed: int) -> None:
    chance = random.Random(seed)
    messages = [chance.randbytes(chance.choice([0, 1, 5000, MAX_MESSAGE_BYTES])) for _ in range(4)]
    pieces: list[tuple[int, int, bytes]] = []
    for number, data in enumerate(messages):
        cut = chance.randint(400, 1137)
        pieces += [(number, at, data[at : at + cut]) for at in range(0, len(data) or 1, cut)] * chance.randint(1, 2)
    chance.shuffle(pieces)
    incoming = IncomingMessages()
    for number, offset, data in pieces:
        assert incoming.receive(MSG, number, len(messages[number]), offset, data)
    assert [data for _, data in incoming.take()] == messages
    assert incoming.take() == []


@pytest.mark.parametrize(
    ("kind", "total", "offset", "data"),
    [(FrameType.CONTROL, 10, 5, b"fghij"), (MSG, 11, 5, b"fghij"), (MSG, 10, 3, b"Xe"), (MSG, 10, 0, b"abcdX")],
    ids=["kind", "total", "overlap", "the same again, changed"],
)
def test_fragments_that_contradict_each_other_are_an_error(
    kind: FrameType, total: int, offset: int, data: bytes
) -> None:
    incoming = IncomingMessages()
    assert incoming.receive(MSG, 0, 10, 0, b"abcde")
    with pytest.raises(RemoteProtocolError, match="contradict"):
        incoming.receive(kind, 0, total, offset, data)


def test_a_whole_message_that_contradicts_its_fragments_is_an_error() -> None:
    incoming = IncomingMessages()
    assert incoming.receive(MSG, 0, 10, 0, b"abcde")
    with pytest.raises(RemoteProtocolError, match="contradict"):
        incoming.receive(MSG, 0, 3, 0, b"abc")


def test_what_comes_after_a_message_is_done_is_ignored() -> None:
    incoming = IncomingMessages()
    assert incoming.receive(MSG, 0, 3, 0, b"one")
    assert incoming.receive(MSG, 2, 5, 0, b"three")
    assert incoming.receive(FrameType.CONTROL, 0, 9, 4, b"x")
    assert incoming.receive(FrameType.CONTROL, 2, 9, 4, b"x")
    assert incoming.receive(MSG, 1, 3, 0, b"two")
    assert [data for _, data in incoming.take()] == [b"one", b"two", b"three"]


def test_what_comes_again_takes_no_room() -> None:
    incoming = IncomingMessages()
    data = bytes(MAX_MESSAGE_BYTES)
    for number in range(MAX_HELD_BYTES // MAX_MESSAGE_BYTES + 1):
        assert incoming.receive(MSG, number, len(data), 0, data)
        assert len(incoming.take()) == 1
    for again in range(number + 1):
        assert incoming.receive(MSG, again, len(data), 0, data)
    assert incoming.take() == []
    assert incoming.receive(MSG, number + 2, len(data), 0, data), "there is room for what comes ahead of a gap"


def test_the_edge_of_the_window() -> None:
    incoming = IncomingMessages()
    assert incoming.receive(MSG, WINDOW_MESSAGES - 1, 1, 0, b"x")
    assert not incoming.receive(MSG, WINDOW_MESSAGES, 1, 0, b"x")
    assert not incoming.receive(MSG, 2**32 - 1, 1, 0, b"x")
    assert incoming.receive(MSG, 0, 1, 0, b"x")
    assert incoming.receive(MSG, WINDOW_MESSAGES, 1, 0, b"x")


def test_the_smallest_fragments_of_an_honest_sender_fit_whatever_is_lost() -> None:
    cut = SMALLEST_PAYLOAD_BYTES - 15
    data = random.Random(1).randbytes(MAX_MESSAGE_BYTES)
    offsets = list(range(0, len(data), cut))
    incoming = IncomingMessages()
    for offset in offsets[::2] + offsets[1::2]:
        assert incoming.receive(MSG, 0, len(data), offset, data[offset : offset + cut])
    assert incoming.take() == [(MSG, data)]


def test_endless_gaps_are_refused_but_never_for_good() -> None:
    incoming = IncomingMessages()
    offsets = range(0, MAX_MESSAGE_BYTES, 2)
    accepted = [at for at in offsets if incoming.receive(MSG, 0, MAX_MESSAGE_BYTES, at, b"x")]
    assert len(accepted) == MAX_GAPS
    for at in range(0, MAX_MESSAGE_BYTES, 1000):
        assert incoming.receive(MSG, 0, MAX_MESSAGE_BYTES, at, b"x" * min(1000, MAX_MESSAGE_BYTES - at))
    assert incoming.take() == [(MSG, b"x" * MAX_MESSAGE_BYTES)]


def flood(incoming: IncomingMessages, rounds: int) -> None:
    """What a peer may try to fill the memory with: beginnings, one-byte holes, whole ones, and none of them first."""
    chance = random.Random(7)
    for _ in range(rounds):
        number = chance.randint(1, 2 * WINDOW_MESSAGES)
        # Of a number always the same, so that nothing contradicts: all lengths and cuts occur all the same.
        total = (number * 7919) % MAX_MESSAGE_BYTES + 2
        total = min(total, MAX_MESSAGE_BYTES)
        offset = chance.randrange(total)
        size = chance.choice([1, 1, min(1137, total - offset)])
        incoming.receive(MSG, number, total, offset, bytes(size))


def test_memory_is_bounded_whatever_arrives() -> None:
    incoming = IncomingMessages()
    flood(incoming, 200)  # Let everything that is made once be made.
    tracemalloc.start()
    try:
        flood(incoming, 12_000)
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert incoming._held_bytes <= MAX_HELD_BYTES
    assert grown_bytes < 2 * MAX_HELD_BYTES
    assert incoming.take() == []


def test_whole_messages_ahead_of_a_gap_are_bounded_too() -> None:
    incoming = IncomingMessages()
    held = [
        number
        for number in range(1, WINDOW_MESSAGES)
        if incoming.receive(MSG, number, MAX_MESSAGE_BYTES, 0, bytes(MAX_MESSAGE_BYTES))
    ]
    assert len(held) == MAX_HELD_BYTES // MAX_MESSAGE_BYTES
    assert incoming.receive(MSG, 0, 1, 0, b"x"), "what fills the gap is never refused"
    assert len(incoming.take()) == 1 + len(held)


def test_a_reader_who_never_reads_is_sent_no_more() -> None:
    incoming = IncomingMessages()
    number = 0
    while incoming.receive(MSG, number, 1000, 0, bytes(1000)):
        number += 1
        assert not incoming.has_refused
    assert 0.9 * MAX_UNREAD_BYTES < 1000 * number <= MAX_UNREAD_BYTES
    assert incoming.has_refused
    assert len(incoming.take()) == number
    assert not incoming.has_refused
    assert incoming.receive(MSG, number, 1000, 0, bytes(1000))


def test_empty_messages_are_not_free() -> None:
    incoming = IncomingMessages()
    number = 0
    while incoming.receive(MSG, number, 0, 0, b""):
        number += 1
        assert number < 100_000
    assert len(incoming.take()) == number


def test_filling_a_gap_hands_on_all_that_waited_and_no_more_than_that() -> None:
    incoming = IncomingMessages()
    for number in range(1, 9):
        assert incoming.receive(MSG, number, MAX_MESSAGE_BYTES, 0, bytes(MAX_MESSAGE_BYTES))
    assert incoming.take() == []
    assert incoming.receive(MSG, 0, 1, 0, b"x")
    assert len(incoming.take()) == 9
    assert incoming._held_bytes == 0
