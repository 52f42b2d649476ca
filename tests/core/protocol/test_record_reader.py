"""The reader against every way to cut, damage and lengthen a stream."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.file_link import cipher_named

from ud2p.contracts import StreamId
from ud2p.errors import DecryptionError, RemoteProtocolError
from ud2p.protocol.record_reader import RecordReader
from ud2p.protocol.transfer import StreamKeys, StreamOpener, StreamSealer

KEYS = StreamKeys(b"s" * 32, b"o" * 32, StreamId(b"context", from_sender=True), cipher_named("aes-gcm"))
MOST = 200
LARGEST = StreamSealer(KEYS).sealed_size(MOST)


def sealed(chunks: list[bytes]) -> list[bytes]:
    sealer = StreamSealer(KEYS)
    records = []
    for number, data in enumerate(chunks):
        out = memoryview(bytearray(sealer.sealed_size(len(data))))
        records.append(bytes(out[: sealer.next_into(data, out, number == len(chunks) - 1)]))
    return records


def reader() -> RecordReader:
    return RecordReader(StreamOpener(KEYS), LARGEST)


def feed(machine: RecordReader, stream: bytes, steps: list[int]) -> list[bytes]:
    """Read all of ``stream`` and its end, in steps of these sizes over and over."""
    got, at, turn = [], 0, 0
    while at < len(stream):
        space = machine.space()
        assert space
        piece = stream[at : at + min(len(space), steps[turn % len(steps)])]
        space[: len(piece)] = piece
        at, turn = at + len(piece), turn + 1
        data = machine.received(len(piece))
        if data is not None:
            got.append(bytes(data))
    assert machine.received(0) is None
    return got


chunks_of_a_file = st.builds(
    lambda body, last: [*body, last],
    st.lists(st.binary(min_size=1, max_size=MOST), max_size=6),
    st.binary(max_size=MOST),
)
steps_of_a_reader = st.lists(st.integers(1, 300), min_size=1, max_size=5)


@given(chunks_of_a_file, steps_of_a_reader)
def test_records_come_out_however_the_stream_is_cut(chunks: list[bytes], steps: list[int]) -> None:
    machine = reader()
    assert feed(machine, b"".join(sealed(chunks)), steps) == chunks
    assert machine.ended


@given(chunks_of_a_file, steps_of_a_reader, st.data())
def test_a_stream_that_is_cut_off_never_ends_well(chunks: list[bytes], steps: list[int], data: st.DataObject) -> None:
    stream = b"".join(sealed(chunks))
    end = data.draw(st.integers(0, len(stream) - 1))
    with pytest.raises(RemoteProtocolError, match="ended before"):
        feed(reader(), stream[:end], steps)


@settings(max_examples=200)
@given(chunks_of_a_file, steps_of_a_reader, st.data())
def test_a_damaged_stream_gives_the_truth_or_an_error(
    chunks: list[bytes], steps: list[int], data: st.DataObject
) -> None:
    stream = bytearray(b"".join(sealed(chunks)))
    at = data.draw(st.integers(0, len(stream) - 1))
    stream[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((RemoteProtocolError, DecryptionError)):
        feed(reader(), bytes(stream), steps)


@given(st.binary(max_size=1000), steps_of_a_reader)
def test_noise_never_opens(noise: bytes, steps: list[int]) -> None:
    with pytest.raises((RemoteProtocolError, DecryptionError)):
        feed(reader(), noise, steps)


@given(chunks_of_a_file, steps_of_a_reader, st.binary(min_size=1, max_size=50))
def test_nothing_may_follow_the_end(chunks: list[bytes], steps: list[int], more: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="after the end"):
        feed(reader(), b"".join(sealed(chunks)) + more, steps)


@pytest.mark.parametrize("length", [0, 3, LARGEST - 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_an_impossible_length_ends_it_at_once(length: int) -> None:
    machine = reader()
    machine.space()[:4] = length.to_bytes(4, "big")
    with pytest.raises(RemoteProtocolError, match="impossible length"):
        machine.received(4)


def test_the_largest_record_fits() -> None:
    data = b"x" * MOST
    assert feed(reader(), sealed([data])[0], [1 << 20]) == [data]


def test_records_without_data_do_not_keep_a_reader_busy() -> None:
    with pytest.raises(RemoteProtocolError, match="is empty"):
        feed(reader(), b"".join(sealed([b"", b"data"])), [1000])


def test_memory_does_not_move_with_what_is_received() -> None:
    machine = reader()
    first = machine.space()
    feed(machine, b"".join(sealed([b"a" * MOST, b"b"])), [64])
    assert machine.space().obj is first.obj
