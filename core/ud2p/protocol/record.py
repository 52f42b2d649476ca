"""Records: sealed datagrams, each one opened at most once.

::

    datagram = 0x08 | epoch u16 | receiver's session id [8] | number u64 | sealed        at most 1200 bytes
    sealed   = seal(nonce = number, data = frames, associated data = the 19 bytes before)
    frames   = frame* and zero bytes up to a multiple of 64

``number`` counts up for the whole session; the epoch only says under which key. A receiver keeps a window of 2,048
numbers below the highest that opened (RFC 4303 section 3.4.3, RFC 6479): what is older, or was opened before, is
dropped. The window moves only after a record has opened, so that forgeries leave it alone. What can't be opened is
dropped and counted.

A cipher that breaks its contract is contained: what it raises while opening is a drop, what it raises or bloats while
sealing is a :class:`~ud2p.errors.PluginError` and never sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

from ud2p.contracts.cipher import Cipher, CipherInfo
from ud2p.errors import DecryptionError, LocalProtocolError, PluginError
from ud2p.faults import describe

RECORD_TYPE = 0x08
MAX_DATAGRAM_BYTES = 1200
BUCKET_BYTES = 64
WINDOW = 2048
MAX_NUMBER = 2**64 - 1
SMALLEST_PAYLOAD_BYTES = 4 * BUCKET_BYTES
LAST_WORDS = 32
MOST_FAULTS_IN_A_ROW = 8
"""So many of the shortest records are kept back: half of them to agree on new keys with, half to say goodbye."""

_PREFIX = Struct(">BH8s")
_NUMBER = Struct(">Q")
_PREFIX_BYTES = _PREFIX.size
HEADER_BYTES = _PREFIX_BYTES + _NUMBER.size
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

    __slots__ = (
        "_bytes_kept",
        "_bytes_left",
        "_bytes_worn",
        "_info",
        "_next_number",
        "_prefix",
        "_records_left",
        "_records_worn",
        "_seal",
        "_session_id",
        "epoch",
        "max_payload",
        "worn",
    )

    def __init__(self, info: CipherInfo, key: bytes, session_id: bytes, *, epoch: int = 0) -> None:
        """
        :param session_id: the receiver's, 8 bytes
        :raises PluginError: when the cipher can't be made, or leaves no room in a datagram
        """
        self._info = info
        self._session_id = session_id
        self._next_number = 0
        self.max_payload = _largest_payload(_make(info, key), info)
        """The most bytes of frames that fit a datagram."""
        self._bytes_kept = self.max_payload + LAST_WORDS * BUCKET_BYTES
        self.epoch = epoch
        self.change_key(key, epoch)

    def change_key(self, key: bytes, epoch: int) -> None:
        """Seal under another key from here on; numbers go on.

        :raises PluginError: when the cipher can't be made
        """
        info = self._info
        self._seal = _make(info, key).seal
        self._prefix = _PREFIX.pack(RECORD_TYPE, epoch, self._session_id)
        self.epoch = epoch
        self._records_left = min(info.max_records, MAX_NUMBER + 1 - self._next_number)
        self._bytes_left = info.max_bytes
        # What little is kept back may be more than half.
        self._records_worn = max(self._records_left // 2, LAST_WORDS)
        self._bytes_worn = max(self._bytes_left // 2, self._bytes_kept)
        self.worn = self._records_left <= self._records_worn or self._bytes_left <= self._bytes_worn
        """True when half of what the cipher allows for one key is used up: it is time for another."""

    @property
    def exhausted(self) -> bool:
        """True when the cipher's limit for one key leaves nothing but the last records, kept for new keys and a word of
        goodbye."""
        return self.worn and (self._records_left <= LAST_WORDS or self._bytes_left < self._bytes_kept)

    @property
    def spent(self) -> bool:
        """True when half of the last records are gone too: the rest is for the word of goodbye."""
        return self.worn and (self._records_left <= LAST_WORDS // 2 or self._bytes_left < self._bytes_kept // 2)

    def seal(self, frames: bytes) -> tuple[int, bytes]:
        """The number of the record and its datagram.

        :raises LocalProtocolError: when the frames are too long, or the key is used up to the last record
        :raises PluginError: when the cipher breaks its contract
        """
        size = (len(frames) + BUCKET_BYTES - 1) // BUCKET_BYTES * BUCKET_BYTES or BUCKET_BYTES
        if size > self.max_payload:
            raise LocalProtocolError("the frames do not fit one datagram")
        if self._records_left <= 0 or self._bytes_left < size:
            raise LocalProtocolError("this chat has sent as much as its cipher allows; connect again to go on")
        number = self._next_number
        header = self._prefix + _NUMBER.pack(number)
        self._next_number += 1
        self._records_left -= 1
        self._bytes_left -= size
        self.worn = self._records_left <= self._records_worn or self._bytes_left <= self._bytes_worn
        try:
            sealed = self._seal(number, frames.ljust(size, b"\0"), header)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"the cipher {self._info.name} failed to seal; choose another with --cipher") from error
        # What is not longer holds no tag: a cipher that returns its input must not send it.
        if type(sealed) is not bytes or not size < len(sealed) <= MAX_DATAGRAM_BYTES - HEADER_BYTES:
            raise PluginError(f"the cipher {self._info.name} sealed to a wrong size; choose another with --cipher")
        return number, header + sealed


class _OpeningKey:
    """What opens one epoch, and how many forgeries it has left."""

    __slots__ = ("epoch", "failures_left", "open")

    def __init__(self, info: CipherInfo, key: bytes, epoch: int) -> None:
        self.open = _make(info, key).open
        self.epoch = epoch
        self.failures_left = info.max_failed_opens


class RecordOpener:
    """Opens what this side receives."""

    __slots__ = ("_faults", "_info", "_keys", "_newest", "_session_id", "_window", "drops", "epoch")

    def __init__(self, info: CipherInfo, key: bytes, session_id: bytes, *, epoch: int = 0) -> None:
        """
        :param session_id: this side's own, 8 bytes
        :raises PluginError: when the cipher can't be made
        """
        self._info = info
        self._session_id = session_id
        self._keys: dict[bytes, _OpeningKey] = {}
        self.epoch = epoch
        """The newest epoch of which a record has opened."""
        self._window = ReplayWindow()
        self.drops = Drops()
        self._faults = 0
        self.add_key(key, epoch)

    def add_key(self, key: bytes, epoch: int) -> None:
        """Open the records of ``epoch`` too.

        :raises PluginError: when the cipher can't be made
        """
        self._newest = _OpeningKey(self._info, key, epoch)
        self._keys[_PREFIX.pack(RECORD_TYPE, epoch, self._session_id)] = self._newest

    def drop_keys_before(self, epoch: int) -> None:
        """Open nothing older any more."""
        self._keys = {prefix: key for prefix, key in self._keys.items() if key.epoch >= epoch}

    @property
    def highest(self) -> int:
        """The highest number that opened, -1 before any."""
        return self._window.highest

    @property
    def worn(self) -> bool:
        """True when half of the forgeries that the cipher allows against one key were tried."""
        return self._newest.failures_left <= self._info.max_failed_opens // 2

    @property
    def exhausted(self) -> bool:
        """True when so many forgeries were tried that the key must not be used any more."""
        return self._newest.failures_left <= 0

    def open(self, datagram: bytes) -> tuple[int, bytes] | None:
        """The number and the frames of a record; None when the datagram was dropped and counted.

        :raises PluginError: the cipher raised something else than DecryptionError again and again
        """
        if not HEADER_BYTES < len(datagram) <= MAX_DATAGRAM_BYTES or datagram[0] != RECORD_TYPE:
            self.drops.not_a_record += 1
            return None
        key = self._keys.get(datagram[:_PREFIX_BYTES])
        if key is None or key.failures_left <= 0:
            self.drops.other_session += 1
            return None
        header = datagram[:HEADER_BYTES]
        (number,) = _NUMBER.unpack_from(header, _PREFIX_BYTES)
        window = self._window
        if number <= window.highest and not window.is_fresh(number):
            self.drops.replayed += 1
            return None
        sealed = datagram[HEADER_BYTES:]
        try:
            frames = key.open(number, sealed, header)
        except DecryptionError:
            frames = b""
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            # Not at once: a forger must not end a chat through a cipher that is merely careless.
            self._faults += 1
            if self._faults >= MOST_FAULTS_IN_A_ROW:
                name, what = self._info.name, describe(error)
                raise PluginError(f"the cipher {name} fails to open ({what}); choose another with --cipher") from error
            frames = b""
        # What did not get shorter held no tag: a cipher that returns its input has authenticated nothing.
        if type(frames) is not bytes or not 0 < len(frames) < len(sealed) or len(frames) % BUCKET_BYTES:
            self.drops.not_opened += 1
            key.failures_left -= 1
            return None
        window.mark(number)
        self._faults = 0
        if key.epoch > self.epoch:
            self.epoch = key.epoch
        return number, frames


def _make(info: CipherInfo, key: bytes) -> Cipher:
    try:
        return info.make(key)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        name, what = info.name, describe(error)
        raise PluginError(f"the cipher {name} can't be used: {what}; choose another with --cipher") from error


def _largest_payload(cipher: Cipher, info: CipherInfo) -> int:
    """The largest multiple of the bucket whose record fits a datagram."""
    sizes = range(MAX_DATAGRAM_BYTES // BUCKET_BYTES * BUCKET_BYTES, SMALLEST_PAYLOAD_BYTES - 1, -BUCKET_BYTES)
    try:
        for size in sizes:
            if HEADER_BYTES + cipher.sealed_size(size) <= MAX_DATAGRAM_BYTES:
                return size
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001, S110 - what it raises instead of a size is not a size that fits
        pass
    raise PluginError(f"the cipher {info.name} leaves no room in a datagram; choose another with --cipher")
