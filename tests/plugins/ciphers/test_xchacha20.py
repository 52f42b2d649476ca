from __future__ import annotations

import os
import struct

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from ud2p.testing.cipher import CipherConformance
from ud2p_plugins.ciphers import xchacha20


class TestXChaCha20(CipherConformance):
    info = xchacha20.ud2p_register_ciphers()[0]


def test_published_vector() -> None:
    """draft-irtf-cfrg-xchacha-03, appendix A.3.1."""
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it."
    )
    header = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    nonce = int.from_bytes(bytes(range(0x40, 0x58)), "big")
    sealed = bytes.fromhex(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
        "21f9664c97637da9768812f615c68b13b52e"
        "c0875924c1c7987947deafd8780acf49"
    )
    cipher = xchacha20.make(bytes(range(0x80, 0xA0)))
    assert cipher.seal(nonce, text, header) == sealed
    assert cipher.open(nonce, sealed, header) == text


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 2**20])
@pytest.mark.parametrize("nonce", [0, 5, 2**64 - 1])
def test_two_libraries_agree_byte_for_byte(size: int, nonce: int) -> None:
    """HChaCha20, written out here, and ChaCha20-Poly1305 of ``cryptography`` make the same."""
    key, data, header = os.urandom(32), os.urandom(size), os.urandom(19)
    wide = nonce.to_bytes(24, "big")
    expected = ChaCha20Poly1305(_hchacha20(key, wide[:16])).encrypt(bytes(4) + wide[16:], data, header)
    cipher = xchacha20.make(key)
    out = bytearray(size + 16)
    assert cipher.seal(nonce, data, header) == expected
    assert cipher.seal_into(nonce, data, header, memoryview(out)) == size + 16
    assert out == expected
    assert cipher.open(nonce, expected, header) == data


def test_hchacha20_itself() -> None:
    """draft-irtf-cfrg-xchacha-03, section 2.2.1."""
    assert _hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927")) == bytes.fromhex(
        "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    )


def _hchacha20(key: bytes, nonce: bytes) -> bytes:
    """draft-irtf-cfrg-xchacha-03, section 2.2: the ChaCha20 block function without its last addition."""
    state = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)]
    columns = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)]
    diagonals = [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
    for _ in range(10):
        for a, b, c, d in columns + diagonals:
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & 0xFFFFFFFF
                mixed = state[z] ^ state[x]
                state[z] = (mixed << turn | mixed >> 32 - turn) & 0xFFFFFFFF
    return struct.pack("<8I", *state[:4], *state[12:])
