from __future__ import annotations

import os

import pytest
from Crypto.Cipher import AES
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ud2p.testing.cipher import CipherConformance
from ud2p_plugins.ciphers import aes_gcm

# McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: the test cases with 256-bit keys and 96-bit IVs.
LONG_KEY = "feffe9928665731c6d6a8f9467308308" * 2
LONG_IV = "cafebabefacedbaddecaf888"
LONG_TEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
LONG_SEALED = (
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)
VECTORS = {
    "13": ("00" * 32, "00" * 12, "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
    "14": (
        "00" * 32,
        "00" * 12,
        "00" * 16,
        "",
        "cea7403d4d606b6e074ec5d3baf39d18",
        "d0d1c8a799996bf0265b98b5d48ab919",
    ),
    "15": (LONG_KEY, LONG_IV, LONG_TEXT, "", LONG_SEALED, "b094dac5d93471bdec1a502270e3cc6c"),
    "16": (
        LONG_KEY,
        LONG_IV,
        LONG_TEXT[:-8],
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        LONG_SEALED[:-8],
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
}


class TestAesGcm(CipherConformance):
    info = aes_gcm.ud2p_register_ciphers()[0]


@pytest.mark.parametrize("case", VECTORS)
def test_published_vectors(case: str) -> None:
    key, iv, text, header, sealed, tag = (bytes.fromhex(each) for each in VECTORS[case])
    cipher = aes_gcm.make(key)
    nonce = int.from_bytes(iv, "big")
    assert cipher.seal(nonce, text, header) == sealed + tag
    assert cipher.open(nonce, sealed + tag, header) == text


@pytest.mark.parametrize("size", [0, 1, 15, 16, 64, 1000, 2**20])
@pytest.mark.parametrize("nonce", [0, 5, 2**64 - 1])
def test_two_libraries_agree_byte_for_byte(size: int, nonce: int) -> None:
    key, data, header = os.urandom(32), os.urandom(size), os.urandom(19)
    cipher = aes_gcm.make(key)
    other = AES.new(key, AES.MODE_GCM, nonce=nonce.to_bytes(12, "big"))
    other.update(header)
    ciphertext, tag = other.encrypt_and_digest(data)
    out = bytearray(size + 16)
    assert cipher.seal(nonce, data, header) == ciphertext + tag
    assert cipher.seal_into(nonce, data, header, memoryview(out)) == size + 16
    assert out == ciphertext + tag
    assert cipher.open(nonce, ciphertext + tag, header) == data


def test_the_library_writes_straight_into_the_buffer() -> None:
    """What makes files fast; ``cryptography`` has it from version 47."""
    assert hasattr(AESGCM, "encrypt_into")
    assert hasattr(AESGCM, "decrypt_into")
