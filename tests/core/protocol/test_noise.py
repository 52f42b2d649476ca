"""Noise XX: the published vectors, a second implementation, and messages that nobody meant.

The figures of ``noise_xx_vectors.json`` are those that the projects cacophony and snow publish for XX with X25519,
ChaCha20-Poly1305 and SHA-256; each names its source.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st
from noise.connection import Keypair, NoiseConnection
from tests.support.forged_key import SMALL_ORDER, forged_key

from ud2p.errors import LocalProtocolError, RemoteProtocolError
from ud2p.protocol.keys import Role
from ud2p.protocol.noise import MAX_MESSAGE_BYTES, NoiseXX

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("noise_xx_vectors.json").read_text())
PROTOCOL = b"Noise_XXpsk0_25519_ChaChaPoly_SHA256"
PROLOGUE, PSK = b"what both have seen", b"p" * 32


def private(seed: int) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def side(role: Role, prologue: bytes = PROLOGUE, psk: bytes = PSK) -> NoiseXX:
    first = 1 if role is Role.INITIATOR else 3
    return NoiseXX(role, prologue, private(first), private(first + 1), [(0, psk)])


@dataclass
class Pair:
    """Both ends, ready for message ``sent + 1``."""

    ends: tuple[NoiseXX, NoiseXX]
    sent: int = 0

    @property
    def writer(self) -> NoiseXX:
        return self.ends[self.sent % 2]

    @property
    def reader(self) -> NoiseXX:
        return self.ends[1 - self.sent % 2]

    def pass_on(self, payload: bytes = b"") -> None:
        assert self.reader.read_message(self.writer.write_message(payload)) == payload
        self.sent += 1


def pair_after(sent: int) -> Pair:
    pair = Pair((side(Role.INITIATOR), side(Role.RESPONDER)))
    for _ in range(sent):
        pair.pass_on()
    return pair


def of_vector(vector: dict[str, Any], role: Role) -> NoiseXX:
    modifiers = vector["name"].partition("_XX")[2].partition("_")[0]
    positions = [int(each.removeprefix("psk")) for each in modifiers.split("+") if each]
    psks = [bytes.fromhex(psk) for psk in vector["psks"]]
    keys = [X25519PrivateKey.from_private_bytes(bytes.fromhex(vector[role.value][key])) for key in KEYS]
    return NoiseXX(role, bytes.fromhex(vector["prologue"]), keys[0], keys[1], list(zip(positions, psks, strict=True)))


KEYS = ("static", "ephemeral")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['name']} of {vector['source']}")
def test_the_published_vectors(vector: dict[str, Any]) -> None:
    pair = Pair((of_vector(vector, Role.INITIATOR), of_vector(vector, Role.RESPONDER)))
    for payload, expected in vector["messages"][:3]:
        message = pair.writer.write_message(bytes.fromhex(payload))
        assert message.hex() == expected
        assert pair.reader.read_message(message).hex() == payload
        pair.sent += 1
    initiator, responder = pair.ends
    assert initiator.split() == responder.split()
    assert initiator.handshake_hash == responder.handshake_hash
    if vector["handshake_hash"]:
        assert initiator.handshake_hash.hex() == vector["handshake_hash"]
    # What comes behind the handshake is sealed under the two keys, in turn: the responder goes on.
    for number, (payload, expected) in enumerate(vector["messages"][3:]):
        key = initiator.split()[1 - number % 2]
        nonce = bytes(4) + (number // 2).to_bytes(8, "little")
        assert ChaCha20Poly1305(key).encrypt(nonce, bytes.fromhex(payload), b"").hex() == expected


def test_there_are_vectors_with_and_without_keys() -> None:
    assert len(VECTORS) == 11
    assert {bool(vector["psks"]) for vector in VECTORS} == {True, False}


@pytest.mark.parametrize("ours", [Role.INITIATOR, Role.RESPONDER])
@given(seeds=st.lists(st.binary(min_size=32, max_size=32), min_size=5, max_size=5), payload=st.binary(max_size=200))
def test_another_implementation_understands_it(ours: Role, seeds: list[bytes], payload: bytes) -> None:
    static, ephemeral, their_static, their_ephemeral, psk = seeds
    mine = NoiseXX(
        ours,
        PROLOGUE,
        X25519PrivateKey.from_private_bytes(static),
        X25519PrivateKey.from_private_bytes(ephemeral),
        [(0, psk)],
    )
    other = NoiseConnection.from_name(PROTOCOL)
    if ours is Role.INITIATOR:
        other.set_as_responder()
    else:
        other.set_as_initiator()
    other.set_prologue(PROLOGUE)
    other.set_psks(psk)
    other.set_keypair_from_private_bytes(Keypair.STATIC, their_static)
    other.set_keypair_from_private_bytes(Keypair.EPHEMERAL, their_ephemeral)
    with pytest.warns(UserWarning, match="ephemeral"):  # that it was given one: fine for testing, it says
        other.start_handshake()
    while not mine.is_done:
        if mine.writes_next:
            assert bytes(other.read_message(mine.write_message(payload))) == payload
        else:
            assert mine.read_message(bytes(other.write_message(payload))) == payload
    assert other.handshake_finished
    assert other.get_handshake_hash() == mine.handshake_hash
    assert mine.remote_static == X25519PrivateKey.from_private_bytes(their_static).public_key().public_bytes_raw()
    outgoing = mine.split()[0 if ours is Role.INITIATOR else 1]
    assert bytes(other.decrypt(ChaCha20Poly1305(outgoing).encrypt(bytes(12), payload, b""))) == payload


@given(data=st.data(), sent=st.integers(0, 2))
def test_an_altered_message_changes_nothing(data: st.DataObject, sent: int) -> None:
    pair = pair_after(sent)
    message = pair.writer.write_message(b"payload")
    bit = data.draw(st.integers(0, len(message) * 8 - 1))
    altered = bytearray(message)
    altered[bit // 8] ^= 1 << bit % 8
    before = (pair.reader.handshake_hash, pair.reader.remote_static, pair.reader.writes_next)
    # The top bit of a public key in clear means nothing to X25519 (RFC 7748, section 5); the hash still differs.
    with pytest.raises(RemoteProtocolError):
        pair.reader.read_message(bytes(altered))
    assert (pair.reader.handshake_hash, pair.reader.remote_static, pair.reader.writes_next) == before
    assert pair.reader.read_message(message) == b"payload"
    pair.sent += 1
    while not pair.ends[0].is_done:
        pair.pass_on()
    assert pair.ends[0].split() == pair.ends[1].split()


@given(junk=st.binary(max_size=300), sent=st.integers(0, 2))
def test_junk_is_refused(junk: bytes, sent: int) -> None:
    pair = pair_after(sent)
    with pytest.raises(RemoteProtocolError):
        pair.reader.read_message(junk)
    pair.pass_on(b"and the right one still comes")


@pytest.mark.parametrize("sent", [0, 1, 2])
def test_truncated_and_endless_messages_are_refused(sent: int) -> None:
    pair = pair_after(sent)
    message = pair.writer.write_message(b"payload")
    for cut in (*range(len(message)), MAX_MESSAGE_BYTES + 1):
        with pytest.raises(RemoteProtocolError):
            pair.reader.read_message(message.ljust(cut, b"\0")[:cut])
    assert pair.reader.read_message(message) == b"payload"


@pytest.mark.parametrize(("prologue", "psk"), [(b"something else", PSK), (PROLOGUE, b"q" * 32)])
def test_another_prologue_or_key_opens_nothing(prologue: bytes, psk: bytes) -> None:
    message = side(Role.INITIATOR, prologue, psk).write_message(b"")
    with pytest.raises(RemoteProtocolError):
        side(Role.RESPONDER).read_message(message)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_point_of_small_order_is_refused(point: bytes) -> None:
    """Whoever knows the pre-shared key may send one in clear; everybody would know what is agreed with it."""
    forger = NoiseXX(Role.INITIATOR, PROLOGUE, private(1), forged_key(point), [(0, PSK)])
    responder = side(Role.RESPONDER)
    assert responder.read_message(forger.write_message(b"")) == b""
    with pytest.raises(RemoteProtocolError, match="protects nothing"):
        responder.write_message(b"")


def test_out_of_turn_is_this_sides_fault() -> None:
    pair = pair_after(0)
    with pytest.raises(LocalProtocolError):
        pair.reader.write_message(b"")
    with pytest.raises(LocalProtocolError):
        pair.writer.read_message(b"")
    with pytest.raises(LocalProtocolError):
        pair.writer.split()
    done = pair_after(3)
    for end in done.ends:
        with pytest.raises(LocalProtocolError):
            end.write_message(b"")
        with pytest.raises(LocalProtocolError):
            end.read_message(b"")


def test_the_hash_names_the_prologue_where_the_keys_do_not() -> None:
    """Which is why whatever is derived from the keys is salted with the hash."""
    first, second = pair_after(3), Pair((side(Role.INITIATOR, b"x"), side(Role.RESPONDER, b"x")))
    for _ in range(3):
        second.pass_on()
    assert first.ends[0].handshake_hash != second.ends[0].handshake_hash
    assert first.ends[0].split() == second.ends[0].split()
