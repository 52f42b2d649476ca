from __future__ import annotations

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import pytest
from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad
from cryptography.fernet import Fernet

from ud2p import DecryptionError
from ud2p.testing.cipher import HEADER, TEXT, CipherConformance
from ud2p_plugins.ciphers import fernet

# github.com/fernet/spec, generate.json
SPEC_KEY = urlsafe_b64decode("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
SPEC_TIME = 499162800  # 1985-10-26T01:20:00-07:00
SPEC_IV = bytes(range(16))
SPEC_TOKEN = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="


class TestFernet(CipherConformance):
    info = fernet.ud2p_register_ciphers()[0]


def _token(key: bytes, inside: bytes, *, iv: bytes = SPEC_IV, time: int = 0, version: int = 0x80) -> bytes:
    """A decoded token, made after the specification with another library."""
    body = struct.pack(">BQ", version, time) + iv + AES.new(key[16:], AES.MODE_CBC, iv).encrypt(pad(inside, 16))
    return body + hmac.digest(key[:16], body, "sha256")


def _inside(key: bytes, sealed: bytes) -> bytes:
    """What is in a decoded token, read with another library."""
    assert hmac.digest(key[:16], sealed[:-32], "sha256") == sealed[-32:]
    return unpad(AES.new(key[16:], AES.MODE_CBC, sealed[9:25]).decrypt(sealed[25:-32]), 16)


def test_published_vector() -> None:
    """The specification's own token: this file's and the library's idea of Fernet are the world's."""
    assert _token(SPEC_KEY, b"hello", time=SPEC_TIME) == urlsafe_b64decode(SPEC_TOKEN)
    assert Fernet(urlsafe_b64encode(SPEC_KEY)).decrypt(SPEC_TOKEN) == b"hello"


def test_sealed_is_the_decoded_token_with_nonce_associated_data_and_data() -> None:
    sealed = fernet.make(SPEC_KEY).seal(258, b"hello", b"header")
    assert sealed[:9] == b"\x80" + bytes(8)
    assert _inside(SPEC_KEY, sealed) == bytes([0, 0, 0, 0, 0, 0, 1, 2, 6]) + b"header" + b"hello"


def test_long_associated_data_is_inside_as_its_hash() -> None:
    cipher = fernet.make(SPEC_KEY)
    assert _inside(SPEC_KEY, cipher.seal(0, b"x", b"h" * 64)) == bytes(8) + b"\x40" + b"h" * 64 + b"x"
    longer = cipher.seal(0, b"x", b"h" * 65)
    assert _inside(SPEC_KEY, longer) == bytes(8) + b"\xff" + sha256(b"h" * 65).digest() + b"x"


def test_a_token_made_elsewhere_opens() -> None:
    token = _token(SPEC_KEY, bytes(7) + b"\x05" + b"\x06header" + b"hello")
    assert fernet.make(SPEC_KEY).open(5, token, b"header") == b"hello"


@pytest.mark.parametrize(
    "token",
    [
        urlsafe_b64decode(SPEC_TOKEN),
        _token(SPEC_KEY, bytes(7) + b"\x05" + b"\x06header" + b"hello", time=1),
        _token(SPEC_KEY, bytes(7) + b"\x05" + b"\x06header" + b"hello", version=0x81),
        _token(SPEC_KEY, bytes(7) + b"\x06" + b"\x06header" + b"hello"),
        _token(SPEC_KEY, bytes(7) + b"\x05" + b"\x05heade" + b"hello"),
        _token(SPEC_KEY, bytes(7) + b"\x05" + b"\xff" + sha256(b"header").digest() + b"hello"),
        _token(SPEC_KEY, b""),
        _token(SPEC_KEY, bytes(7)),
    ],
    ids=["the specification's", "a time", "a version", "a nonce", "less header", "hashed header", "empty", "short"],
)
def test_a_genuine_token_with_something_else_inside_is_refused(token: bytes) -> None:
    with pytest.raises(DecryptionError):
        fernet.make(SPEC_KEY).open(5, token, b"header")


def test_the_token_in_base64_is_not_the_wire_form() -> None:
    cipher = fernet.make(SPEC_KEY)
    sealed = cipher.seal(1, TEXT, HEADER)
    with pytest.raises(DecryptionError):
        cipher.open(1, urlsafe_b64encode(sealed), HEADER)


def test_the_bound_is_met_exactly_by_the_longest_context() -> None:
    cipher = fernet.make(SPEC_KEY)
    for size in range(33):
        assert len(cipher.seal(1, bytes(size), bytes(64))) == cipher.sealed_size(size)


def test_the_list_says_that_it_is_slow() -> None:
    assert "slow" in fernet.ud2p_register_ciphers()[0].summary
