"""Records: sealed datagrams, each one opened at most once.

::

    datagram = 0x08 | epoch u16 | receiver's session id [8] | number u64 | sealed        at most 1200 bytes
    sealed   = seal(nonce = number, data = frames, associated data = the 19 bytes before)
    frames   = frame* and zero bytes up to a multiple of 64

``number`` counts up and is never used twice under a key. A receiver keeps a window of 2,048 numbers below the highest
that opened (RFC 4303 section 3.4.3, RFC 6479): what is older, or was opened before, is dropped. The window moves only
after a record has opened, so that forgeries leave it alone. What can't be opened is dropped and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from ud2p.contracts.cipher import Cipher, CipherInfo
from ud2p.errors import DecryptionError, LocalProtocolError

RECORD_TYPE = 0x08
MAX_DATAGRAM_BYTES = 1200
BUCKET_BYTES = 64
WINDOW = 2048

_HEADER = Struct(">BH8sQ")
HEADER_BYTES = _HEADER.size
_WINDOW_MASK = (1 << WINDOW) - 1


class ReplayWindow:
    """Which numbers have been seen: the highest, and one bit for each of the 2,048 up to it."""

    __slots__ = ("_bits", "highest")

    def __init__(self) -> None:
        self.highest = -1
        self._bits = 0

    def is_fresh(self, number: int) -> bool:
        """Whether ``number`` may still be opened."""
        behind = self.highest - number
        return behind < 0 or (behind < WINDOW and not self._bits >> behind & 1)

    def mark(self, number: int) -> None:
        """``number`` has opened."""
        ahead = number - self.highest
        if ahead > 0:
            self._bits = (self._bits << ahead | 1) & _WINDOW_MASK if ahead < WINDOW else 1
            self.highest = number
        else:
            self._bits |= 1 << -ahead


@dataclass(slots=True)
class Drops:
    """Datagrams that were dropped, by why."""

    not_a_record: int = 0
    other_session: int = 0
    replayed: int = 0
    not_opened: int = 0


class RecordSealer:
    """Seals what this side sends."""

    __slots__ = ("_bytes_left", "_cipher", "_epoch", "_next_number", "_records_left", "_session_id", "max_payload")

    def __init__(self, info: CipherInfo, key: bytes, session_id: bytes, *, epoch: int = 0) -> None:
        """
        :param session_id: the receiver's, 8 bytes
        """
        self._cipher: Cipher = info.make(key)
        self._session_id = session_id
        self._epoch = epoch
        self._next_number = 0
        self._records_left = info.max_records
        self._bytes_left = info.max_bytes
        self.max_payload = _largest_payload(self._cipher)
        """The most bytes of frames that fit a datagram."""

    @property
    def exhausted(self) -> bool:
        """True when the cipher's limit for one key leaves no room for another full record."""
        return self._records_left <= 0 or self._bytes_left < self.max_payload

    def seal(self, frames: bytes) -> tuple[int, bytes]:
        """The number of the record and its datagram.

        :raises LocalProtocolError: when the frames are too long, or the key is used up
        """
        if self.exhausted:
            raise LocalProtocolError("this chat has sent as much as its cipher allows; connect again to go on")
        size = -(-len(frames) // BUCKET_BYTES) * BUCKET_BYTES or BUCKET_BYTES
        if size > self.max_payload:
            raise LocalProtocolError("the frames do not fit one datagram")
        number = self._next_number
        self._next_number += 1
        self._records_left -= 1
        self._bytes_left -= size
        header = _HEADER.pack(RECORD_TYPE, self._epoch, self._session_id, number)
        return number, header + self._cipher.seal(number, frames.ljust(size, b"\0"), header)


class RecordOpener:
    """Opens what this side receives."""

    __slots__ = ("_cipher", "_epoch", "_failures_left", "_session_id", "_window", "drops")

    def __init__(self, info: CipherInfo, key: bytes, session_id: bytes, *, epoch: int = 0) -> None:
        """
        :param session_id: this side's own, 8 bytes
        """
        self._cipher: Cipher = info.make(key)
        self._session_id = session_id
        self._epoch = epoch
        self._failures_left = info.max_failed_opens
        self._window = ReplayWindow()
        self.drops = Drops()

    @property
    def highest(self) -> int:
        """The highest number that opened, -1 before any."""
        return self._window.highest

    @property
    def exhausted(self) -> bool:
        """True when so many forgeries were tried that the key must not be used any more."""
        return self._failures_left <= 0

    def open(self, datagram: bytes) -> tuple[int, bytes] | None:
        """The number and the frames of a record; None when the datagram was dropped and counted."""
        if len(datagram) <= HEADER_BYTES or len(datagram) > MAX_DATAGRAM_BYTES or datagram[0] != RECORD_TYPE:
            self.drops.not_a_record += 1
            return None
        _, epoch, session_id, number = _HEADER.unpack_from(datagram)
        if session_id != self._session_id or epoch != self._epoch or self.exhausted:
            self.drops.other_session += 1
            return None
        if not self._window.is_fresh(number):
            self.drops.replayed += 1
            return None
        try:
            frames = self._cipher.open(number, datagram[HEADER_BYTES:], datagram[:HEADER_BYTES])
        except DecryptionError:
            self.drops.not_opened += 1
            self._failures_left -= 1
            return None
        self._window.mark(number)
        return number, frames


def _largest_payload(cipher: Cipher) -> int:
    """The largest multiple of the bucket whose record fits a datagram."""
    size = MAX_DATAGRAM_BYTES // BUCKET_BYTES * BUCKET_BYTES
    while size > 0 and HEADER_BYTES + cipher.sealed_size(size) > MAX_DATAGRAM_BYTES:
        size -= BUCKET_BYTES
    if size < 4 * BUCKET_BYTES:
        raise LocalProtocolError("the cipher leaves no room in a datagram; choose another with --cipher")
    return size
