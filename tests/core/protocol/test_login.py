from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.support.identities import identity_of

from ud2p.protocol.login import KEYS_BYTES, SIGNATURE_BYTES, is_login_signed, login_text, sign_login
from ud2p.protocol.messages import Keys64, Signature64

NONCE, HASH = bytes(range(32)), bytes(range(32, 64))
ALICE = identity_of("alice")


def test_the_text_as_another_implementation_would_write_it() -> None:
    parts = (NONCE, HASH, b"alice", ALICE.public_keys)
    expected = b"ud2p/1 login\x00" + b"".join(struct.pack(">H", len(part)) + part for part in parts)
    assert login_text(NONCE, HASH, "alice", ALICE.public_keys) == expected
    signature = sign_login(ALICE.login_key, NONCE, HASH, "alice", ALICE.public_keys)
    Ed25519PrivateKey.from_private_bytes(ALICE.login_secret).public_key().verify(signature, expected)
    assert len(signature) == SIGNATURE_BYTES == Signature64.__metadata__[0].max_length  # type: ignore[attr-defined]
    assert len(ALICE.public_keys) == KEYS_BYTES == Keys64.__metadata__[0].max_length  # type: ignore[attr-defined]


def test_plain_text_has_an_empty_hash_and_is_no_login_under_tls() -> None:
    signature = sign_login(ALICE.login_key, NONCE, b"", "alice", ALICE.public_keys)
    assert is_login_signed(signature, NONCE, b"", "alice", ALICE.public_keys)
    assert not is_login_signed(signature, NONCE, HASH, "alice", ALICE.public_keys)


@given(st.data())
def test_nothing_that_is_signed_may_differ_by_a_bit(data: st.DataObject) -> None:
    parts = [NONCE, HASH, b"alice", ALICE.public_keys]
    signature = sign_login(ALICE.login_key, NONCE, HASH, "alice", ALICE.public_keys)
    assert is_login_signed(signature, NONCE, HASH, "alice", ALICE.public_keys)
    which = data.draw(st.integers(0, 4))
    changed = bytearray([*parts, signature][which])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 6 if which == 2 else 7))
    parts_now = [bytes(changed) if number == which else part for number, part in enumerate([*parts, signature])]
    assert not is_login_signed(parts_now[4], parts_now[0], parts_now[1], parts_now[2].decode(), parts_now[3])


def test_bytes_can_not_move_from_one_part_to_the_next() -> None:
    signature = sign_login(ALICE.login_key, NONCE, HASH, "alice", ALICE.public_keys)
    assert not is_login_signed(signature, NONCE + HASH[:1], HASH[1:], "alice", ALICE.public_keys)
    assert not is_login_signed(signature, NONCE, HASH + b"a", "lice", ALICE.public_keys)


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_garbage_raises_nothing(signature: bytes, keys: bytes) -> None:
    assert not is_login_signed(signature, NONCE, HASH, "alice", keys)


@pytest.mark.parametrize("keys", [bytes(64), b"\xff" * 64, b"\1" + bytes(63)])
def test_keys_that_are_no_points(keys: bytes) -> None:
    assert not is_login_signed(b"\1" * 64, NONCE, HASH, "alice", keys)
