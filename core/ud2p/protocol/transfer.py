"""A file's bytes over a byte stream, between two sides that share a secret already: the hello, the keys, the records.

Theory of operation. A hello (:mod:`ud2p.protocol.hello`) on a fresh connection shows each end that the other belongs to
this very transfer; both ends' randomness goes into it, so nothing recorded earlier passes. What both know then, and
neither chose alone, is the *context* of this attempt. Every direction of every attempt has a key of its own
(:func:`stream_key`), and another one every 64 GiB; the nonce is the number of the record. The final record is marked
under the seal: a file that was cut off is never taken for a whole one. That proves the bytes, without a hash over
the file.

On the wire (numbers are big-endian)::

    listener  → connector   N_L[32]
    connector → listener    id[16] | N_C[32] | proof("connector", id N_L N_C)[32]
    listener  → connector   proof("listener", id N_L N_C)[32]                       context = id N_L N_C
    sender    → receiver    record ... record (the final one), end of stream        the file
    receiver  → sender      record (a final one)                                    the receipt

    record = length u32 | body      length: the bytes of body; one too large ends it all before anything is allocated
    body   = head u32 | sealed      head: the top bit is set in the final record, below it are the bytes of data; it is
                                    also the associated data of what is sealed

The length only cuts the stream; a wrong one cuts in the wrong place, and nothing opens. An empty file is one
final record without data; any other record that is not the final one holds some.

Here are the keys and both ends of a stream; :mod:`ud2p.protocol.record_reader` cuts the stream into records.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ud2p.contracts import Buffer, Cipher, CipherInfo, StreamId
from ud2p.errors import DecryptionError, LocalProtocolError, PluginError
from ud2p.protocol.keys import length_prefixed

RECORD_BYTES = 1 << 20
"""The most data in one record: 256 KiB measures 15 % slower, 2 MiB the same."""
RECORDS_PER_KEY = 1 << 16
"""After so many records (64 GiB in full ones) comes the next key, or earlier if the cipher wants it so."""
RECORD_OVERHEAD_BYTES = 8
"""Length and head, in clear before what is sealed."""

_FINAL = 1 << 31


def stream_key(
    file_secret: bytes, offer_hash: bytes, stream: StreamId, cipher_name: str, key_size: int, part: int = 0
) -> bytes:
    """The key of one direction of one attempt: HKDF-SHA256 (RFC 5869) over all that makes it unique.

    :param file_secret: secret, as long as SHA-256's output or longer, shared by both sides
    :param offer_hash: what was offered, hashed
    :param part: counts the keys of one stream, see :data:`RECORDS_PER_KEY`
    """
    direction = b"sender" if stream.from_sender else b"receiver"
    named = (b"ud2p/1 file stream", cipher_name.encode(), direction, part.to_bytes(8, "big"), stream.context)
    info = b"".join(length_prefixed(name) for name in named)
    return HKDF(SHA256(), key_size, salt=offer_hash, info=info).derive(file_secret)


def proof(file_secret: bytes, label: bytes, context: bytes) -> bytes:
    """A 32-byte HMAC-SHA256 over ``label`` and ``context``, under a key that serves nothing else."""
    key = HKDF(SHA256(), 32, salt=None, info=length_prefixed(b"ud2p/1 file proof")).derive(file_secret)
    return hmac.digest(key, length_prefixed(label) + context, "sha256")


@dataclass(frozen=True, slots=True, repr=False)
class StreamKeys:
    """What the keys of one stream come from; the parameters are those of :func:`stream_key`."""

    file_secret: bytes
    offer_hash: bytes
    stream: StreamId
    cipher: CipherInfo

    def make(self, part: int) -> Cipher:
        """The cipher for a part of the stream, from 0."""
        info = self.cipher
        return info.make(stream_key(self.file_secret, self.offer_hash, self.stream, info.name, info.key_size, part))

    def records_per_key(self) -> int:
        """After how many records the next part begins; the same on both sides."""
        return max(1, min(RECORDS_PER_KEY, self.cipher.max_records, self.cipher.max_bytes // RECORD_BYTES))


class _Stream:
    """What both ends of a stream count: the number of the next record, and which key seals it."""

    def __init__(self, keys: StreamKeys) -> None:
        self._keys = keys
        self._records_per_key = keys.records_per_key()
        self._cipher = keys.make(0)
        self._number = 0
        self._ended = False

    def _next(self) -> int:
        """The number of the next record; whatever becomes of that record, it is not given out again."""
        number, self._number = self._number, self._number + 1
        if number and number % self._records_per_key == 0:
            self._cipher = self._keys.make(number // self._records_per_key)
        return number


class StreamSealer(_Stream):
    """Seals the records of one stream: an :class:`ud2p.contracts.Sealer`."""

    def sealed_size(self, n: int) -> int:
        """See :class:`ud2p.contracts.Sealer`."""
        return RECORD_OVERHEAD_BYTES + self._cipher.sealed_size(n)

    def next_into(self, data: Buffer, out: memoryview, last: bool) -> int:
        """See :class:`ud2p.contracts.Sealer`.

        :param data: at most :data:`RECORD_BYTES`
        """
        if self._ended:
            raise LocalProtocolError("the final record of this stream was sealed already")
        if len(data) > RECORD_BYTES:
            raise LocalProtocolError("a record holds at most 1 MiB")
        self._ended = last
        number = self._next()
        head = (len(data) | (_FINAL if last else 0)).to_bytes(4, "big")
        size = len(head) + self._seal(number, data, head, out[RECORD_OVERHEAD_BYTES:])
        out[:4] = size.to_bytes(4, "big")
        out[4:RECORD_OVERHEAD_BYTES] = head
        return 4 + size

    def _seal(self, number: int, data: Buffer, head: bytes, out: memoryview) -> int:
        name = self._keys.cipher.name
        try:
            size = self._cipher.seal_into(number, data, head, out)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise PluginError(f"the cipher {name} failed to seal; choose another with --cipher") from error
        # What is not longer holds no tag: a cipher that returns its input must not send it.
        if type(size) is not int or not len(data) < size <= len(out):
            raise PluginError(f"the cipher {name} sealed to a wrong size; choose another with --cipher")
        return size


class StreamOpener(_Stream):
    """Opens the records of one stream: an :class:`ud2p.contracts.Opener`."""

    def next_into(self, sealed: Buffer, out: memoryview) -> tuple[int, bool]:
        """See :class:`ud2p.contracts.Opener`. After one failure nothing of the stream opens any more."""
        if self._ended:
            raise DecryptionError("this stream has ended; nothing more of it opens")
        self._ended = True
        head = bytes(sealed[:4])
        value = int.from_bytes(head, "big")
        size, last = value & ~_FINAL, bool(value & _FINAL)
        if len(head) < 4 or size > RECORD_BYTES:
            raise DecryptionError("a record of the file is malformed; send the file again")
        number = self._next()
        body = memoryview(sealed)[4:]
        try:
            opened = self._cipher.open_into(number, body, head, out)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if isinstance(error, DecryptionError):
                raise
            raise DecryptionError("a record of the file does not open; send the file again") from error
        # What did not get shorter held no tag: a cipher that returns its input has authenticated nothing.
        if opened != size or len(body) <= size:
            raise DecryptionError("a record of the file does not hold what it says; send the file again")
        self._ended = last
        return size, last
