"""The ciphers for tests: the three that ud2p comes with, and some that break their contract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ud2p.contracts import Buffer, Cipher, CipherInfo, CopyingCipher
from ud2p_plugins.ciphers import aes_gcm, fernet, xchacha20

CIPHERS = [info for module in (aes_gcm, fernet, xchacha20) for info in module.ud2p_register_ciphers()]
AES_GCM, FERNET, _ = CIPHERS

every_cipher = pytest.mark.parametrize("cipher", CIPHERS, ids=[info.name for info in CIPHERS])


class WrappedCipher(CopyingCipher):
    """A cipher around another; override what it does otherwise."""

    def __init__(self, inner: Cipher) -> None:
        self.inner = inner

    def sealed_size(self, n: int) -> int:
        return self.inner.sealed_size(n)

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return self.inner.seal(nonce, data, associated_data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return self.inner.open(nonce, data, associated_data)


def wrapped(wrap: Callable[[Cipher], Cipher], inner: CipherInfo = AES_GCM) -> CipherInfo:
    """``inner`` with every cipher that it makes wrapped."""
    return replace(inner, name="wrapped", make=lambda key: wrap(inner.make(key)))
