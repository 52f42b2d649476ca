"""The cipher ``aes-gcm``: AES-256 in Galois/Counter Mode (NIST SP 800-38D, RFC 5116 AEAD_AES_256_GCM).

Sealed: ``ciphertext (as long as the data) | tag[16]``. The nonce is 12 bytes, big-endian, and not sent.

It runs on ``cryptography`` (OpenSSL), which was measured 50 to 120 times as fast as pycryptodome for a chat message
and 2 to 8 times for a megabyte; the tests hold each against the other, byte for byte.

Limits, for records of up to 1 MiB (2^16 blocks of 16 bytes), all below an attacker's advantage of 2^-57:

- ``max_bytes`` 2^36 (64 GiB) and ``max_records`` 2^28, together under 2^33 blocks. RFC 9001, appendix B.1.1 allows
  2^28 packets of 2^11 bytes or 2^23 of 2^16, which is 2^35 blocks either way; NIST SP 800-38D, section 8.3 allows
  2^32 records.
- ``max_failed_opens`` 2^48: RFC 9001, section 6.6 allows 2^52 for packets of up to 2^16 bytes, and a forgery's chance
  grows with the length; a record is up to 16 times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ud2p import Buffer, Cipher, CipherInfo, DecryptionError, impl

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SIZE = 32
TAG_SIZE = 16
_REFUSED = "this was not sealed with aes-gcm under this key; it is dropped"


class AesGcm:
    """One key. See :class:`ud2p.Cipher` for what each method promises."""

    __slots__ = ("_aead",)

    def __init__(self, aead: AESGCM) -> None:
        self._aead = aead

    def sealed_size(self, n: int) -> int:
        """Exact: the data and a tag."""
        return n + TAG_SIZE

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """See :meth:`ud2p.Cipher.seal`."""
        return self._aead.encrypt(nonce.to_bytes(12, "big"), data, associated_data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """See :meth:`ud2p.Cipher.open`."""
        try:
            return self._aead.decrypt(nonce.to_bytes(12, "big"), data, associated_data)
        except Exception:  # noqa: BLE001 - whatever the library makes of it, the contract knows one answer
            raise DecryptionError(_REFUSED) from None

    def seal_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """See :meth:`ud2p.Cipher.seal_into`; nothing is copied."""
        return self._aead.encrypt_into(nonce.to_bytes(12, "big"), data, associated_data, out[: len(data) + TAG_SIZE])

    def open_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        """See :meth:`ud2p.Cipher.open_into`; nothing is copied, and after a failure ``out`` is wiped."""
        size = len(data) - TAG_SIZE
        if size < 0:
            raise DecryptionError(_REFUSED)
        target = out[:size]
        try:
            return self._aead.decrypt_into(nonce.to_bytes(12, "big"), data, associated_data, target)
        except Exception:  # noqa: BLE001 - as in open
            target[:] = bytes(len(target))  # the tag is checked last: what is there is decrypted, and forged
            raise DecryptionError(_REFUSED) from None


def make(key: bytes) -> Cipher:
    """The cipher for a key of 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # 15 ms, and only who chats needs it

    if len(key) != KEY_SIZE:  # AESGCM takes shorter ones too and would be AES-128
        raise ValueError(f"aes-gcm takes a key of {KEY_SIZE} bytes, not {len(key)}")
    return AesGcm(AESGCM(key))


@impl
def ud2p_register_ciphers() -> list[CipherInfo]:
    """The default: fast on every processor with AES instructions."""
    return [
        CipherInfo(
            name="aes-gcm",
            key_size=KEY_SIZE,
            max_records=2**28,
            max_bytes=2**36,
            max_failed_opens=2**48,
            make=make,
            summary="AES-256-GCM, the fast default",
        )
    ]
