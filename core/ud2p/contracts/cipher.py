"""The cipher contract: authenticated encryption with associated data (RFC 5116).

A cipher plugin registers :class:`CipherInfo`; the core makes one :class:`Cipher` for each direction
and epoch with a key of its own, and hands it every nonce. A cipher never sees a nonce twice under one key
and keeps no state that a lost record could upset.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from ud2p.errors import DecryptionError

Buffer: TypeAlias = bytes | bytearray | memoryview


@runtime_checkable
class Cipher(Protocol):
    """One key's worth of sealing and opening. Called from any thread, one call at a time per object."""

    def sealed_size(self, n: int) -> int:
        """An upper bound in bytes for what ``n`` bytes become, whatever the associated data."""
        ...

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """Encrypt and authenticate.

        :param nonce: 0 <= nonce < 2**64, never repeated under this key; written big-endian,
            as wide as the cipher wants
        :param associated_data: authenticated, not sent
        :returns: at most ``sealed_size(len(data))`` bytes
        """
        ...

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """Authenticate and decrypt what :meth:`seal` made with the same nonce and associated data.

        :raises DecryptionError: for anything else, and nothing but that
        """
        ...

    def seal_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """As :meth:`seal`, written to the start of ``out`` (at least ``sealed_size(len(data))`` long,
        not overlapping ``data``).

        :returns: the number of bytes written
        """
        ...

    def open_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """As :meth:`open`, written to the start of ``out`` (at least ``len(data)`` long, not overlapping
        ``data``). After :class:`DecryptionError` the content of ``out`` is undefined and must not be used.

        :returns: the number of bytes written
        """
        ...


class CopyingCipher:
    """``seal_into`` and ``open_into`` built on ``seal`` and ``open``, for ciphers that can't do better."""

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        raise NotImplementedError

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        raise NotImplementedError

    def seal_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """See :meth:`Cipher.seal_into`; costs one copy."""
        sealed = self.seal(nonce, data, associated_data)
        out[: len(sealed)] = sealed
        return len(sealed)

    def open_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """See :meth:`Cipher.open_into`; costs one copy."""
        opened = self.open(nonce, data, associated_data)
        if len(opened) > len(out):
            raise DecryptionError("the record opened to more bytes than a record may hold")
        out[: len(opened)] = opened
        return len(opened)


@dataclass(frozen=True, slots=True)
class CipherInfo:
    """What a plugin registers for a cipher."""

    name: str
    """On the wire, in offers and after ``--cipher``; lower-case ASCII letters, digits and ``-``."""
    key_size: int
    """Bytes of key that :attr:`make` takes."""
    max_records: int
    """Records that may be sealed under one key."""
    max_bytes: int
    """Plaintext bytes that may be sealed under one key."""
    max_failed_opens: int
    """Forgeries that may be tried against one key before it is dropped."""
    make: Callable[[bytes], Cipher]
    """Makes the cipher for a key of ``key_size`` bytes; imports what it needs only then."""
    summary: str = ""
    """A few words for lists, such as "slow, kept for fidelity"."""
