from __future__ import annotations

import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.support.certificates import make_authority, make_leaf

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.certificates import public_key_of

LEAF = make_leaf("chat.example")


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 4096),
    ],
    ids=["p256", "p521", "ed25519", "rsa"],
)
def test_the_key_is_the_one_that_another_reader_finds(key: ec.EllipticCurvePrivateKey) -> None:
    for leaf in (make_leaf("chat.example", key=key), make_leaf("", key=key, authority=make_authority())):
        assert public_key_of(leaf.der) == leaf.public_key


def test_a_certificate_of_the_first_version_has_no_version() -> None:
    element = b"\x02\x01\x05"
    fields = element + b"\x30\x00" * 4 + b"\x30\x03\x01\x02\x03" + b"\x30\x00"
    body = b"\x30" + bytes([len(fields)]) + fields
    assert public_key_of(b"\x30" + bytes([len(body)]) + body) == b"\x30\x03\x01\x02\x03"


@given(st.binary(max_size=200))
def test_garbage_is_no_certificate(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        public_key_of(data)


@given(st.integers(0, len(LEAF.der) - 1), st.integers(1, 255))
def test_a_changed_certificate_is_read_or_refused(at: int, change: int) -> None:
    data = bytearray(LEAF.der)
    data[at] ^= change
    with contextlib.suppress(RemoteProtocolError):
        assert public_key_of(bytes(data)) in bytes(data)


@given(st.integers(0, len(LEAF.der) - 1))
def test_a_cut_certificate_is_refused(length: int) -> None:
    with pytest.raises(RemoteProtocolError):
        public_key_of(LEAF.der[:length])


@pytest.mark.parametrize("length", [b"\x80", b"\x81\x05", b"\x82\x00\x80", b"\x84\x00\x00\x00\x05", b"\xff"])
def test_lengths_that_der_does_not_allow(length: bytes) -> None:
    fields = b"\x02\x01\x05" + b"\x30\x00" * 4 + b"\x30" + length + bytes(200)
    body = b"\x30\x81" + bytes([len(fields)]) + fields
    with pytest.raises(RemoteProtocolError):
        public_key_of(b"\x30\x81" + bytes([len(body)]) + body)
