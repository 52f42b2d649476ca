"""The cipher ``aes-ocb3`` for ud2p: AES-256 in OCB mode (RFC 7253), in one pass where AES-GCM takes two."""

from ud2p import CipherInfo, CopyingCipher, DecryptionError, impl

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
MAX_BYTES = 2**48 * 16
"""RFC 7253, section 5: no more than 2^48 blocks under one key."""


class AesOcb3(CopyingCipher):
    """One key's worth. ud2p makes one for each direction of a chat, and gives each record a nonce of its own."""

    def __init__(self, key):
        from cryptography.hazmat.primitives.ciphers.aead import AESOCB3  # for those who chat: it takes 15 ms

        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes, not {KEY_BYTES}")
        self._aead = AESOCB3(key)

    def sealed_size(self, n):
        return n + TAG_BYTES

    def seal(self, nonce, data, associated_data):
        return self._aead.encrypt(nonce.to_bytes(NONCE_BYTES, "big"), data, associated_data)

    def open(self, nonce, data, associated_data):
        try:
            return self._aead.decrypt(nonce.to_bytes(NONCE_BYTES, "big"), data, associated_data)
        except Exception:  # whatever is wrong with it, there is one answer
            raise DecryptionError("this was not sealed under this key; it is dropped") from None


@impl
def ud2p_register_ciphers():
    return [
        CipherInfo(
            "aes-ocb3",
            key_size=KEY_BYTES,
            max_records=2**40,
            max_bytes=MAX_BYTES,
            max_failed_opens=2**32,  # a forgery succeeds once in 2^128 tries: RFC 7253, section 5
            make=AesOcb3,
            summary="AES-256-OCB, one pass",
        )
    ]
