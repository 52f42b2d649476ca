"""The cipher ``xchacha20``: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, on RFC 8439).

Sealed: ``ciphertext (as long as the data) | tag[16]``. The nonce is 24 bytes, big-endian, and not sent; HChaCha20 makes
a key of its own from the key and the first 16 of them.

It runs on ``pycryptodome`` and needs no AES instructions to be safe from timing attacks.

Limits:

- ``max_records`` and ``max_bytes`` 2^62: RFC 9001, section 6.6 sets none for ChaCha20-Poly1305 below the 2^62 packets
  that can be numbered. (RFC 8439, section 2.8 allows 2^38 bytes in one record, far above what a record holds.)
- ``max_failed_opens`` 2^30: RFC 9001, section 6.6 allows 2^36 for packets of up to 2^16 bytes, and a forgery's chance
  grows with the length; records are up to 2^20 bytes, and two more bits are left as a margin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ud2p import Buffer, Cipher, CipherInfo, DecryptionError, impl

if TYPE_CHECKING:
    from Crypto.Cipher.ChaCha20_Poly1305 import ChaCha20Poly1305Cipher

KEY_SIZE = 32
NONCE_SIZE = 24
TAG_SIZE = 16
_REFUSED = "this was not sealed with xchacha20 under this key; it is dropped"


class XChaCha20:
    """One key. See :class:`ud2p.Cipher` for what each method promises."""

    __slots__ = ("_key", "_new")

    def __init__(self, key: bytes, new: Callable[..., ChaCha20Poly1305Cipher]) -> None:
        self._key = key
        self._new = new

    def sealed_size(self, n: int) -> int:
        """Exact: the data and a tag."""
        return n + TAG_SIZE

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """See :meth:`ud2p.Cipher.seal`."""
        sealed, tag = self._start(nonce, associated_data).encrypt_and_digest(data)
        return sealed + tag

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """See :meth:`ud2p.Cipher.open`."""
        view = memoryview(data)
        try:
            return self._start(nonce, associated_data).decrypt_and_verify(view[:-TAG_SIZE], view[-TAG_SIZE:])
        except Exception:  # noqa: BLE001 - whatever the library makes of it, the contract knows one answer
            raise DecryptionError(_REFUSED) from None

    def seal_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """See :meth:`ud2p.Cipher.seal_into`; nothing but the tag is copied."""
        size = len(data)
        cipher = self._start(nonce, associated_data)
        cipher.encrypt(data, output=out[:size])
        out[size : size + TAG_SIZE] = cipher.digest()
        return size + TAG_SIZE

    def open_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """See :meth:`ud2p.Cipher.open_into`; nothing is copied, and after a failure ``out`` is wiped."""
        view = memoryview(data)
        size = len(view) - TAG_SIZE
        if size < 0:
            raise DecryptionError(_REFUSED)
        target = out[:size]
        try:
            cipher = self._start(nonce, associated_data)
            cipher.decrypt(view[:size], output=target)
            cipher.verify(view[size:])
        except Exception:  # noqa: BLE001 - as in open
            target[:] = bytes(len(target))  # the tag is checked last: what is there is decrypted, and forged
            raise DecryptionError(_REFUSED) from None
        return size

    def _start(self, nonce: int, associated_data: bytes) -> ChaCha20Poly1305Cipher:
        cipher = self._new(key=self._key, nonce=nonce.to_bytes(NONCE_SIZE, "big"))
        cipher.update(associated_data)
        return cipher


def make(key: bytes) -> Cipher:
    """The cipher for a key of 32 bytes."""
    from Crypto.Cipher import ChaCha20_Poly1305  # 50 ms, and only who chats with it needs it

    if len(key) != KEY_SIZE:
        raise ValueError(f"xchacha20 takes a key of {KEY_SIZE} bytes, not {len(key)}")
    return XChaCha20(key, ChaCha20_Poly1305.new)


@impl
def ud2p_register_ciphers() -> list[CipherInfo]:
    """For machines without AES instructions."""
    return [
        CipherInfo(
            name="xchacha20",
            key_size=KEY_SIZE,
            max_records=2**62,
            max_bytes=2**62,
            max_failed_opens=2**30,
            make=make,
            summary="XChaCha20-Poly1305, needs no AES instructions",
        )
    ]
