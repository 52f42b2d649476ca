from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.ciphers import every_cipher

from ud2p.contracts import CipherInfo
from ud2p.protocol.keys import Master, Role, Transcript, length_prefixed

KEY = b"k" * 32
SALT = bytes(range(32))
TRANSCRIPT = Transcript(b"s" * 16, "alice", "bob", b"offer a", b"offer b")


def test_the_prologue_byte_for_byte() -> None:
    assert TRANSCRIPT.prologue() == (
        b"ud2p/1\0\x00\x10ssssssssssssssss\x00\x05alice\x00\x03bob\x00\x07offer a\x00\x07offer b"
    )


def test_it_is_hkdf_of_the_salted_material() -> None:
    expected = HKDF(SHA256(), 32, salt=SALT, info=b"ud2p/1 file\0").derive(b"k1" * 32)
    assert Master.extract(SALT, b"k1" * 32).expand("file") == expected


ALTERED = [
    replace(TRANSCRIPT, session_id=b"t" * 16),
    replace(TRANSCRIPT, initiator="alicf"),
    replace(TRANSCRIPT, responder="Bob"),
    replace(TRANSCRIPT, initiator="bob", responder="alice"),
    replace(TRANSCRIPT, initiator_offer=b"offer b", responder_offer=b"offer a"),
    replace(TRANSCRIPT, initiator_offer=b"offer"),
    replace(TRANSCRIPT, responder_offer=b""),
    replace(TRANSCRIPT, initiator="alicebob", responder=""),
    replace(TRANSCRIPT, initiator_offer=b"offer aoffer", responder_offer=b" b"),
]


def test_anything_seen_otherwise_gives_another_prologue() -> None:
    prologues = {transcript.prologue() for transcript in [TRANSCRIPT, *ALTERED]}
    assert len(prologues) == len(ALTERED) + 1


@settings(deadline=None, max_examples=40)
@example([b"alice", b"bob", b""], [b"alicebob", b"", b""])
@given(st.lists(st.binary(max_size=6), min_size=3, max_size=3), st.lists(st.binary(max_size=6), min_size=3, max_size=3))
def test_no_two_lists_of_values_look_alike(one: list[bytes], other: list[bytes]) -> None:
    joined = [b"".join(length_prefixed(value) for value in values) for values in (one, other)]
    assert (joined[0] == joined[1]) is (one == other)


def test_a_value_too_long_for_its_prefix_is_refused() -> None:
    assert length_prefixed(bytes(0xFFFF))[:2] == b"\xff\xff"
    with pytest.raises(ValueError, match="65,535"):
        length_prefixed(bytes(0x10000))


@every_cipher
def test_every_key_is_another(cipher: CipherInfo) -> None:
    master = Master.extract(SALT, KEY)
    names = (cipher.name, "another")
    keys = [
        master.traffic_key(role, epoch, name, cipher.key_size)
        for role, epoch, name in itertools.product(Role, (0, 1, 256, 0xFFFF), names)
    ]
    keys += [master.file_secret(), master.secret]
    keys += [master.session_id(role) for role in Role]
    assert len(set(keys)) == len(keys)
    assert not any(a != b and a.startswith(b) for a, b in itertools.permutations(keys, 2))
    assert all(len(key) == cipher.key_size for key in keys[:16])
    assert [len(master.session_id(role)) for role in Role] == [8, 8]


def test_roles_are_each_others() -> None:
    assert Role.INITIATOR.other is Role.RESPONDER
    assert Role.RESPONDER.other is Role.INITIATOR


def test_a_master_does_not_show_its_secret() -> None:
    master = Master.extract(SALT, KEY)
    assert repr(master.secret) not in repr(master)
    assert master.secret.hex() not in repr(master)
