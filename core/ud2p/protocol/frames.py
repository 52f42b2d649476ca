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
    8 REKEY            epoch u16 | X25519 public key [32]
    9 REKEY_WANTED     epoch u16
    10 CANDIDATES      generation u32 | (ip [16] | port u16)*
    11 PATH_NOMINATE   the 8 bytes of a challenge that was answered on the path to use

An ACK covers record numbers ``largest - first .. largest``; then each pair skips ``gap + 1`` numbers that did not
arrive and covers the ``run + 1`` below them (the shape of RFC 9000 section 19.3). MSG and CONTROL share one
sequence of ids, so that the two kinds stay in the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from struct import Struct
from typing import TypeAlias

from ud2p.errors import RemoteProtocolError

MAX_MESSAGE_BYTES = 64 * 1024
MAX_MESSAGE_NUMBER = 2**32 - 1
MAX_ACK_RANGES = 32
CHALLENGE_BYTES = 8
MAX_CLOSE_BYTES = 64

_HEAD = Struct(">BH")
_FRAGMENT = Struct(">III")
_HEAD_AND_FRAGMENT = Struct(">BHIII")
FRAGMENT_OVERHEAD_BYTES = _HEAD_AND_FRAGMENT.size
_ACK = Struct(">QII")
_ACK_PAIR = Struct(">II")
_HEAD_AND_ACK = Struct(">BHQII")
_HEAD_BYTES, _FRAGMENT_BYTES, _ACK_BYTES = _HEAD.size, _FRAGMENT.size, _ACK.size
_U32_MAX = 0xFFFFFFFF

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
    REKEY = 8
    REKEY_WANTED = 9
    CANDIDATES = 10
    PATH_NOMINATE = 11


_ACK_TYPE = int(FrameType.ACK)


def encode_frame(kind: FrameType, body: bytes = b"") -> bytes:
    """One frame."""
    return _HEAD.pack(kind, len(body)) + body


def encode_fragment(kind: FrameType, message: int, total: int, offset: int, data: bytes) -> bytes:
    """A MSG or CONTROL frame."""
    return _HEAD_AND_FRAGMENT.pack(kind, _FRAGMENT_BYTES + len(data), message, total, offset) + data


def decode_fragment(body: bytes) -> tuple[int, int, int, bytes]:
    """Id, total bytes, offset and bytes of a MSG or CONTROL frame.

    :raises RemoteProtocolError: when it claims what no message may be
    """
    size = len(body) - _FRAGMENT_BYTES
    if size < 0:
        raise RemoteProtocolError("a message fragment is cut short")
    message, total, offset = _FRAGMENT.unpack_from(body)
    data = body[_FRAGMENT_BYTES:]
    if total > MAX_MESSAGE_BYTES or offset + size > total or (not size and total):
        raise RemoteProtocolError("a message fragment claims more than a message may hold")
    return message, total, offset, data


def encode_ack(ranges: Sequence[Range], delay_us: int) -> bytes:
    """An ACK frame. Old ranges that its numbers can't reach are left out.

    :param ranges: newest first, not touching each other, at least one
    :param delay_us: microseconds since the largest arrived
    """
    first, largest = ranges[0]
    lowest = max(first, largest - _U32_MAX)
    delay_us = min(delay_us, _U32_MAX)
    if len(ranges) == 1:  # as nearly always
        return _HEAD_AND_ACK.pack(_ACK_TYPE, _ACK_BYTES, largest, delay_us, largest - lowest)
    body = _ACK.pack(largest, delay_us, largest - lowest)
    for start, end in ranges[1:MAX_ACK_RANGES]:
        gap, run = lowest - end - 2, end - start
        if gap > _U32_MAX or run > _U32_MAX:
            break
        body += _ACK_PAIR.pack(gap, run)
        lowest = start
    return _HEAD.pack(_ACK_TYPE, len(body)) + body


def decode_ack(body: bytes) -> tuple[list[Range], int]:
    """The ranges (newest first) and the delay in microseconds.

    :raises RemoteProtocolError: when they make no sense
    """
    size = len(body)
    if size < _ACK_BYTES or (size - _ACK_BYTES) % _ACK_PAIR.size:
        raise RemoteProtocolError("an acknowledgement has no sensible length")
    largest, delay_us, run = _ACK.unpack_from(body)
    lowest = largest - run
    ranges = [(lowest, largest)]
    if size > _ACK_BYTES:
        for gap, length in _ACK_PAIR.iter_unpack(body[_ACK_BYTES:]):
            end = lowest - gap - 2
            lowest = end - length
            ranges.append((lowest, end))
    if lowest < 0 or len(ranges) > MAX_ACK_RANGES:
        raise RemoteProtocolError("an acknowledgement covers records that can't be")
    return ranges, delay_us


def decode_frames(payload: bytes) -> list[tuple[int, bytes]]:
    """Type and body of each frame; unknown types are the caller's to skip.

    :raises RemoteProtocolError: when a frame runs past the end, or the padding is not zero
    """
    frames = []
    at, size = 0, len(payload)
    while at < size and payload[at]:
        body = at + _HEAD_BYTES
        if body > size:
            raise RemoteProtocolError("a frame is cut short")
        kind, length = _HEAD.unpack_from(payload, at)
        at = body + length
        if at > size:
            raise RemoteProtocolError("a frame runs past the end of its record")
        frames.append((kind, payload[body:at]))
    if payload.count(0, at) != size - at:
        raise RemoteProtocolError("something hides in the padding of a record")
    return frames
