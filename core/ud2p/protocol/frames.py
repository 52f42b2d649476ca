"""Frames: what travels inside a sealed record.

::

    frame   = type u8 | length u16 | body[length]                    all numbers big-endian
    record  = frame* padding                                         padding = zero bytes, type 0 and nothing after it

    1 ACK              largest u64 | delay_us u32 | first u32 | (gap u32, run u32)*
    2 MSG              id u32 | total u32 | offset u32 | bytes       one fragment of a chat message
    3 CONTROL          as MSG: a fragment of what the two programs tell each other
    4 PING             empty; asks for an ACK
    5 PATH_CHALLENGE   8 random bytes
    6 PATH_RESPONSE    the same 8 bytes, back to where the challenge came from
    7 CLOSE            a word that says why, UTF-8, at most 64 bytes

An ACK covers record numbers ``largest - first .. largest``; then each pair skips ``gap + 1`` numbers that did not
arrive and covers the ``run + 1`` below them (the shape of RFC 9000 section 19.3). MSG and CONTROL share one
sequence of ids, so that the two kinds stay in the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from struct import Struct
from typing import TypeAlias

from ud2p.errors import RemoteProtocolError

MAX_MESSAGE_BYTES = 64 * 1024
MAX_ACK_RANGES = 32
CHALLENGE_BYTES = 8
MAX_CLOSE_BYTES = 64

HEAD = Struct(">BH")
FRAGMENT = Struct(">III")
FRAGMENT_OVERHEAD_BYTES = HEAD.size + FRAGMENT.size
_ACK = Struct(">QII")
_ACK_PAIR = Struct(">II")

Range: TypeAlias = tuple[int, int]
"""First and last record number of a run that arrived."""


class FrameType(IntEnum):
    """The first byte of a frame."""

    PADDING = 0
    ACK = 1
    MSG = 2
    CONTROL = 3
    PING = 4
    PATH_CHALLENGE = 5
    PATH_RESPONSE = 6
    CLOSE = 7


def encode_frame(kind: FrameType, body: bytes = b"") -> bytes:
    """One frame."""
    return HEAD.pack(kind, len(body)) + body


def encode_fragment(kind: FrameType, message: int, total: int, offset: int, data: bytes) -> bytes:
    """A MSG or CONTROL frame."""
    return HEAD.pack(kind, FRAGMENT.size + len(data)) + FRAGMENT.pack(message, total, offset) + data


def decode_fragment(body: bytes) -> tuple[int, int, int, bytes]:
    """Id, total bytes, offset and bytes of a MSG or CONTROL frame.

    :raises RemoteProtocolError: when it claims what no message may be
    """
    if len(body) < FRAGMENT.size:
        raise RemoteProtocolError("a message fragment is cut short")
    message, total, offset = FRAGMENT.unpack_from(body)
    data = body[FRAGMENT.size :]
    if total > MAX_MESSAGE_BYTES or offset + len(data) > total or (not data and total):
        raise RemoteProtocolError("a message fragment claims more than a message may hold")
    return message, total, offset, data


def encode_ack(ranges: Sequence[Range], delay_us: int) -> bytes:
    """An ACK frame.

    :param ranges: newest first, not touching each other, at least one
    :param delay_us: microseconds since the largest arrived
    """
    first, largest = ranges[0]
    body = _ACK.pack(largest, min(delay_us, 0xFFFFFFFF), largest - first)
    lowest = first
    for start, end in ranges[1:MAX_ACK_RANGES]:
        body += _ACK_PAIR.pack(lowest - end - 2, end - start)
        lowest = start
    return HEAD.pack(FrameType.ACK, len(body)) + body


def decode_ack(body: bytes) -> tuple[list[Range], int]:
    """The ranges (newest first) and the delay in microseconds.

    :raises RemoteProtocolError: when they make no sense
    """
    if len(body) < _ACK.size or (len(body) - _ACK.size) % _ACK_PAIR.size:
        raise RemoteProtocolError("an acknowledgement has no sensible length")
    largest, delay_us, run = _ACK.unpack_from(body)
    ranges = [(largest - run, largest)]
    for gap, length in _ACK_PAIR.iter_unpack(body[_ACK.size :]):
        end = ranges[-1][0] - gap - 2
        ranges.append((end - length, end))
    if ranges[-1][0] < 0 or len(ranges) > MAX_ACK_RANGES:
        raise RemoteProtocolError("an acknowledgement covers records that can't be")
    return ranges, delay_us


def iter_frames(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and body of each frame; unknown types are the caller's to skip.

    :raises RemoteProtocolError: when a frame runs past the end
    """
    at, size = 0, len(payload)
    while at < size and payload[at]:
        if at + HEAD.size > size:
            raise RemoteProtocolError("a frame is cut short")
        kind, length = HEAD.unpack_from(payload, at)
        at += HEAD.size
        if at + length > size:
            raise RemoteProtocolError("a frame runs past the end of its record")
        yield kind, payload[at : at + length]
        at += length
