"""The cipher ``fernet``: Fernet tokens (github.com/fernet/spec), AES-128-CBC with HMAC-SHA256, as the first ud2p had.

Fernet knows no nonce and no associated data, so both travel inside the token, and who opens it compares them with
what they ought to be. Sealed is the decoded token: base64 adds a third and nothing else, and because it is encoded
again, canonically, before it is decrypted, no token has two spellings. The time is always 0: it would only tell when.

::

    sealed = 0x80 | time u64 = 0 | iv[16] | ciphertext (a multiple of 16) | hmac[32]
    inside = nonce u64 | context | data
    context = length u8 (0 to 64) | associated data             up to 64 bytes of it
              255 u8 | SHA-256 of the associated data           more, so that a sealed size has a bound

The 32-byte key is 16 bytes for the HMAC and 16 for AES. Slow: every record is encoded in base64 twice.

Limits, for keys of 128 bits and random IVs:

- ``max_bytes`` 2^36 and ``max_records`` 2^28, under 2^33 blocks with all that is inside: two blocks or IVs are equal
  with a chance below 2^66/2^128 (Bellare, Desai, Jokipii, Rogaway 1997: CBC with random IVs holds up to its birthday
  bound).
- ``max_failed_opens`` 2^48: a guess at HMAC-SHA256's 256-bit tag or 128-bit key is right with a chance of at most
  2^-128 (RFC 2104, section 6).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from ud2p import Buffer, Cipher, CipherInfo, CopyingCipher, DecryptionError, impl

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_SIZE = 32
_HEAD = b"\x80" + bytes(8)  # version, and the time that is always 0
_OUTSIDE = len(_HEAD) + 16 + 32
_LONGEST_CONTEXT = 64
_DIGEST = b"\xff"
_REFUSED = "this was not sealed with fernet under this key; it is dropped"


class FernetCipher(CopyingCipher):
    """One key. See :class:`ud2p.Cipher` for what each method promises."""

    def __init__(self, fernet: Fernet) -> None:
        self._fernet = fernet

    def sealed_size(self, n: int) -> int:
        """An upper bound: what is around the data, and up to 16 bytes of padding."""
        inside = 8 + 1 + _LONGEST_CONTEXT + n
        return _OUTSIDE + (inside // 16 + 1) * 16

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """See :meth:`ud2p.Cipher.seal`."""
        token = self._fernet.encrypt_at_time(_inside(nonce, associated_data) + data, 0)
        return urlsafe_b64decode(token)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        """See :meth:`ud2p.Cipher.open`."""
        try:
            head = bytes(data[: len(_HEAD)])
            opened = self._fernet.decrypt(urlsafe_b64encode(data))
            expected = _inside(nonce, associated_data)
        except Exception:  # noqa: BLE001 - whatever the library makes of it, the contract knows one answer
            raise DecryptionError(_REFUSED) from None
        if head != _HEAD or not opened.startswith(expected):
            raise DecryptionError(_REFUSED)
        return opened[len(expected) :]


def _inside(nonce: int, associated_data: bytes) -> bytes:
    """What stands before the data: it says itself where it ends, so nothing can move from one part to the next."""
    if len(associated_data) <= _LONGEST_CONTEXT:
        return nonce.to_bytes(8, "big") + bytes([len(associated_data)]) + associated_data
    return nonce.to_bytes(8, "big") + _DIGEST + sha256(associated_data).digest()


def make(key: bytes) -> Cipher:
    """The cipher for a key of 32 bytes."""
    from cryptography.fernet import Fernet  # 25 ms, and only who chats with it needs it

    if len(key) != KEY_SIZE:
        raise ValueError(f"fernet takes a key of {KEY_SIZE} bytes, not {len(key)}")
    return FernetCipher(Fernet(urlsafe_b64encode(key)))


@impl
def ud2p_register_ciphers() -> list[CipherInfo]:
    """Kept because the first ud2p spoke it."""
    return [
        CipherInfo(
            name="fernet",
            key_size=KEY_SIZE,
            max_records=2**28,
            max_bytes=2**36,
            max_failed_opens=2**48,
            make=make,
            summary="AES-128-CBC with HMAC-SHA256, slow, as the first ud2p had it",
        )
    ]
