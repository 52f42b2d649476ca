from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ud2p.protocol.handshake import Handshake
from ud2p.protocol.keys import Master, Role, Transcript
from ud2p.protocol.words import words_for

KEY = b"k" * 32
TRANSCRIPT = Transcript(b"s" * 16, "alice", "bob", b"offer a", b"offer b")

# Of Wikipedia's article on the list and of PGPfone's users: the fingerprints of two old PGP keys.
PUBLISHED = {
    "E582 94F2 E9A2 2748 6E8B 061B 31CC 528F D7FA 3F19": (
        "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa "
        "afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless"
    ),
    "D1D4 64C0 04F0 0FB5 C9A4 C8D8 E433 E7FB 7FF5 6256": (
        "stairway souvenir flytrap recipe adrift upcoming artist positive spearhead Pandora "
        "spaniel stupendous tonic concurrent transit Wichita lockup visitor flagpole escapade"
    ),
}
EVERY_WORD_SHA256 = "e732a7c847b5ceea625e50b7dbd670d080d4b681a606c8805d588ed1848653de"
"""Of all words of two syllables and then all of three, in lower case with spaces between, as another transcription of
the list has them (github.com/arokettu/php-pgp-word-list)."""


@pytest.mark.parametrize("data", PUBLISHED)
def test_published_examples(data: str) -> None:
    assert " ".join(words_for(bytes.fromhex(data))) == PUBLISHED[data]


def test_every_word_is_the_lists() -> None:
    two = [words_for(bytes([byte]))[0] for byte in range(256)]
    three = [words_for(bytes([0, byte]))[1] for byte in range(256)]
    assert len({word.casefold() for word in two + three}) == 512
    assert hashlib.sha256(" ".join(two + three).casefold().encode()).hexdigest() == EVERY_WORD_SHA256


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_other_bytes_are_other_words(one: bytes, other: bytes) -> None:
    assert (words_for(one) == words_for(other)) is (one == other)


def test_a_masters_words_are_hkdf_of_it() -> None:
    """Computed by hand from RFC 5869: one block of HKDF-Expand."""
    secret = bytes(range(32))
    block = hmac.new(secret, b"ud2p/1 sas\0\1", hashlib.sha256).digest()
    assert block[:4].hex() == "df5af4bc"
    assert Master(secret).words() == words_for(block[:4]) == ("talon", "existence", "upshot", "pyramid")


def handshake(role: Role, static: int, seed: int) -> Handshake:
    key = X25519PrivateKey.from_private_bytes(bytes([static]) * 32)
    return Handshake(role, TRANSCRIPT, KEY, key, 0.0, random.Random(seed).randbytes)


def words_of(initiator: Handshake, responder: Handshake) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What both ends show once they have shaken hands."""
    for sender, receiver in ((initiator, responder), (responder, initiator), (initiator, responder)):
        for message in sender.messages_to_send():
            receiver.receive_message(message)
    assert initiator.master is not None
    assert responder.master is not None
    return initiator.master.words(), responder.master.words()


@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_both_ends_show_the_same_words(one: int, other: int) -> None:
    mine, theirs = words_of(handshake(Role.INITIATOR, 1, one), handshake(Role.RESPONDER, 2, other))
    assert mine == theirs
    assert len(mine) == 4


@given(st.integers(0, 2**32))
def test_a_broker_in_the_middle_makes_the_words_differ(seed: int) -> None:
    """It handed out the key, shows both sides a key of its own and plays both parts with the same randomness."""
    with_alice, _ = words_of(handshake(Role.INITIATOR, 1, 1), handshake(Role.RESPONDER, 7, seed))
    _, with_bob = words_of(handshake(Role.INITIATOR, 7, seed), handshake(Role.RESPONDER, 2, 2))
    assert with_alice != with_bob


def test_the_words_hang_on_what_the_initiator_reveals_last() -> None:
    """Whoever answers must do so before it can know them: two openings, all else alike, give other words."""
    shown = set()
    for opening in (b"a" * 32, b"b" * 32):
        alice, middle = handshake(Role.INITIATOR, 1, 1), handshake(Role.RESPONDER, 7, 3)
        (first,) = alice.messages_to_send()
        middle.receive_message(first)
        (second,) = middle.messages_to_send()
        alice._opening = opening
        alice.receive_message(second)
        assert alice.master is not None
        shown.add(alice.master.words())
    assert len(shown) == 2
