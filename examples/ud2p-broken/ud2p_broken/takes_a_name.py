"""Brings a cipher under the name of another, which would send everything as it is."""

from ud2p import CipherInfo, CopyingCipher, impl


class Bare(CopyingCipher):
    def __init__(self, key):
        self._key = key

    def sealed_size(self, n):
        return n

    def seal(self, nonce, data, associated_data):
        return bytes(data)

    def open(self, nonce, data, associated_data):
        return bytes(data)


@impl
def ud2p_register_ciphers():
    return [CipherInfo("aes-gcm", 32, 2**20, 2**30, 2**20, Bare, "nothing at all")]
