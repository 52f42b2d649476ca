"""The handshake of an introduction, between honest ends and with somebody in between."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.support.forged_key import SMALL_ORDER, forged_key

from ud2p.protocol.handshake import HANDSHAKE_DEADLINE_S, MAX_ABORT_REASON_BYTES, Handshake, commitment
from ud2p.protocol.keys import Role, Transcript
from ud2p.protocol.noise import NoiseXX
from ud2p.protocol.session_events import Closed

KEY = b"k" * 32
TRANSCRIPT = Transcript(b"s" * 16, "alice", "bob", b"offer a", b"offer b")
STEPS = (1, 2, 3)


def identity(seed: int) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def failure(end: Handshake) -> str:
    """The sentence with which an end gave up."""
    assert end.closed is not None
    assert (end.closed.reason, end.closed.by_peer) == ("handshake", False)
    return end.closed.text


def public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def end(
    role: Role,
    transcript: Transcript = TRANSCRIPT,
    key: bytes = KEY,
    static: X25519PrivateKey | None = None,
    introduced: bytes | None = None,
) -> Handshake:
    seed = 1 if role is Role.INITIATOR else 2
    random_bytes = random.Random(seed).randbytes
    return Handshake(role, transcript, key, static or identity(seed), 0.0, random_bytes, introduced)


@dataclass
class Introduction:
    """Two ends, and whoever passes on what they say."""

    initiator: Handshake = field(default_factory=lambda: end(Role.INITIATOR))
    responder: Handshake = field(default_factory=lambda: end(Role.RESPONDER))

    def run(self, meddle: Callable[[bytes], list[bytes]] = lambda message: [message]) -> None:
        """Until nobody says any more. ``meddle`` says what becomes of a message."""
        while True:
            said = [(message, self.responder) for message in self.initiator.messages_to_send()]
            said += [(message, self.initiator) for message in self.responder.messages_to_send()]
            if not said:
                return
            for message, to in said:
                for each in meddle(message):
                    to.receive_message(each)

    @property
    def ends(self) -> tuple[Handshake, Handshake]:
        return self.initiator, self.responder

    @property
    def is_done(self) -> bool:
        return all(each.master is not None and each.closed is None for each in self.ends)


def recorded_in(said: list[bytes]) -> Callable[[bytes], list[bytes]]:
    """Passes on and remembers."""

    def record(message: bytes) -> list[bytes]:
        said.append(message)
        return [message]

    return record


def forge_first_message(payload: bytes, ephemeral: X25519PrivateKey) -> bytes:
    """A first message as the broker could write it, who knows the key."""
    psk = end(Role.INITIATOR)._noise._psks[0]
    noise = NoiseXX(Role.INITIATOR, TRANSCRIPT.prologue(), identity(1), ephemeral, [(0, psk)])
    return b"\1" + noise.write_message(payload)


def test_both_come_to_the_same_master_and_know_each_other() -> None:
    met = Introduction()
    met.run()
    assert met.is_done
    one, other = met.ends
    assert one.master is not None
    assert other.master is not None
    assert one.master.secret == other.master.secret
    assert one.transcript_hash == other.transcript_hash
    assert one.remote_static == public(identity(2))
    assert other.remote_static == public(identity(1))
    assert one.next_timer() is other.next_timer() is None


def test_the_broker_alone_can_not_compute_the_master() -> None:
    """All that it has seen and handed out gives two introductions of one key two masters."""
    first, second = Introduction(), Introduction()
    second.responder = Handshake(Role.RESPONDER, TRANSCRIPT, KEY, identity(2), 0.0, random.Random(7).randbytes)
    for met in (first, second):
        met.run()
        assert met.is_done
    assert first.initiator.master != second.initiator.master


@pytest.mark.parametrize(
    "seen",
    [
        replace(TRANSCRIPT, session_id=b"t" * 16),
        replace(TRANSCRIPT, initiator="mallory"),
        replace(TRANSCRIPT, responder="mallory"),
        replace(TRANSCRIPT, initiator="bob", responder="alice"),
        replace(TRANSCRIPT, initiator_offer=b"offer"),
        replace(TRANSCRIPT, responder_offer=b"offer a"),
    ],
)
def test_who_has_seen_something_else_is_never_agreed_with(seen: Transcript) -> None:
    met = Introduction(responder=end(Role.RESPONDER, seen))
    met.run()
    assert [each.master for each in met.ends] == [None, None]
    for each in met.ends:
        assert each.closed is None
        assert each.next_timer() == HANDSHAKE_DEADLINE_S
        each.handle_timer(HANDSHAKE_DEADLINE_S - 0.001)
        assert each.closed is None
        each.handle_timer(HANDSHAKE_DEADLINE_S)
        assert "did not agree on keys in 15 s" in failure(each)
        assert each.next_timer() is None


def test_another_key_of_the_brokers_is_never_agreed_with() -> None:
    met = Introduction(responder=end(Role.RESPONDER, key=b"K" * 32))
    met.run()
    assert not any(each.master for each in met.ends)


@pytest.mark.parametrize("step", STEPS)
@given(data=st.data())
def test_an_altered_message_is_ignored_and_the_right_one_still_taken(step: int, data: st.DataObject) -> None:
    met = Introduction()

    def meddle(message: bytes) -> list[bytes]:
        if message[0] != step:
            return [message]
        bit = data.draw(st.integers(8, len(message) * 8 - 1))
        altered = bytearray(message)
        altered[bit // 8] ^= 1 << bit % 8
        return [bytes(altered), message]

    met.run(meddle)
    assert met.is_done
    assert sum(each.ignored for each in met.ends) == 1


@given(junk=st.lists(st.binary(max_size=200), max_size=20), seed=st.integers(0, 2**32))
def test_junk_duplicates_and_truncations_between_the_messages_change_nothing(junk: list[bytes], seed: int) -> None:
    met, rng = Introduction(), random.Random(seed)

    def meddle(message: bytes) -> list[bytes]:
        cut = message[: rng.randrange(len(message))]
        return [*(each for each in junk if each[:1] not in (message[:1], b"\0")), b"", cut, message, message]

    met.run(meddle)
    # What looks like a message that was taken already, and differs, ends it; all else is passed over.
    taken = {bytes([step]) for step in STEPS}
    if not any(each[:1] in taken for each in junk):
        assert met.is_done
    assert all((each.master is None) or each.next_timer() is None for each in met.ends)


@pytest.mark.parametrize("step", STEPS)
def test_a_second_different_message_ends_it_visibly(step: int) -> None:
    met = Introduction()
    met.run(lambda message: [message, message[:-1] + b"\0"] if message[0] == step else [message])
    receiver = met.initiator if step == 2 else met.responder
    assert "came twice, and differed" in failure(receiver)
    other = met.responder if step == 2 else met.initiator
    assert other.closed == Closed("handshake", by_peer=True)


@pytest.mark.parametrize("reason", [b"", b"left", b"\xff\x1b[2J" * 40])
def test_who_gives_up_says_so(reason: bytes) -> None:
    met = Introduction()
    met.responder.abort("left")
    met.run()
    assert met.responder.closed == Closed("left", by_peer=False)
    assert met.initiator.closed == Closed("left", by_peer=True)
    assert not any(each.next_timer() or each.master for each in met.ends)
    other = end(Role.RESPONDER)
    other.receive_message(b"\0" + reason)
    assert other.closed is not None
    assert other.closed.by_peer
    assert other.closed.reason.isascii()
    assert 0 < len(other.closed.reason) <= 4 * MAX_ABORT_REASON_BYTES


def test_a_message_out_of_turn_is_passed_over() -> None:
    met = Introduction()
    (first,) = met.initiator.messages_to_send()
    met.initiator.receive_message(first)  # reflected
    met.responder.receive_message(b"\3" + first[1:])
    met.responder.receive_message(b"\2" + first[1:])
    assert [each.ignored for each in met.ends] == [1, 2]
    met.responder.receive_message(first)
    met.run()
    assert met.is_done


def test_the_initiator_can_not_change_its_mind_once_it_has_seen_the_answer() -> None:
    """The last message opens the commitment of the first: another opening, or another key, is found out."""
    met = Introduction()
    (first,) = met.initiator.messages_to_send()
    met.responder.receive_message(first)
    (second,) = met.responder.messages_to_send()
    met.initiator._opening = b"another" + met.initiator._opening[7:]
    met.initiator.receive_message(second)
    met.run()
    assert met.responder.master is None
    assert "not the one it committed to" in failure(met.responder)


def test_a_key_swapped_after_the_commitment_is_found_out() -> None:
    met = Introduction()
    (first,) = met.initiator.messages_to_send()
    met.responder.receive_message(first)
    (second,) = met.responder.messages_to_send()
    met.initiator._noise._static = identity(9)
    met.initiator.receive_message(second)
    met.run()
    assert met.responder.master is None
    assert "not the one it committed to" in failure(met.responder)


@pytest.mark.parametrize("payload", [b"", b"x" * 31, b"x" * 33])
def test_a_first_message_without_a_commitment_ends_it(payload: bytes) -> None:
    responder = end(Role.RESPONDER)
    responder.receive_message(forge_first_message(payload, identity(5)))
    assert "did not commit" in failure(responder)
    assert responder.messages_to_send() == [b"\0handshake"]


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_point_with_which_everybody_agrees_ends_it(point: bytes) -> None:
    responder = end(Role.RESPONDER)
    responder.receive_message(forge_first_message(b"c" * 32, forged_key(point)))
    assert "protects nothing" in failure(responder)
    assert responder.messages_to_send() == [b"\0handshake"]
    assert responder.master is None


def test_an_answer_that_says_more_than_it_may_ends_it() -> None:
    """Nothing stands outside what the initiator committed to before it came."""
    met = Introduction()
    (first,) = met.initiator.messages_to_send()
    psk = met.initiator._noise._psks[0]
    answering = NoiseXX(Role.RESPONDER, TRANSCRIPT.prologue(), identity(2), identity(6), [(0, psk)])
    answering.read_message(first[1:])
    met.initiator.receive_message(b"\2" + answering.write_message(b"more"))
    assert "more than this version allows" in failure(met.initiator)
    assert met.initiator.master is None
    assert met.initiator.messages_to_send() == [b"\0handshake"]


def test_the_key_that_the_peer_was_introduced_with() -> None:
    initiator = end(Role.INITIATOR, introduced=public(identity(2)))
    met = Introduction(initiator, end(Role.RESPONDER, introduced=public(identity(1))))
    met.run()
    assert met.is_done


def test_another_key_than_the_peer_was_introduced_with_ends_it() -> None:
    met = Introduction(end(Role.INITIATOR, introduced=public(identity(3))))
    said: list[bytes] = []
    met.run(recorded_in(said))
    assert "not the one that it signed for the broker" in failure(met.initiator)
    assert [message[0] for message in said] == [1, 2, 0]  # its own key is not shown
    assert met.initiator.master is None

    met = Introduction(responder=end(Role.RESPONDER, introduced=public(identity(3))))
    met.run()
    assert "not the one that it signed for the broker" in failure(met.responder)
    assert met.responder.master is None


def test_ones_own_key_coming_back_ends_it() -> None:
    met = Introduction(responder=end(Role.RESPONDER, static=identity(1)))
    met.run()
    assert met.initiator.master is None
    assert "this side's own key" in failure(met.initiator)


def test_a_broker_in_the_middle_shows_in_the_transcripts() -> None:
    """It knows the key and plays both parts: each side agrees with it, and no two transcripts are alike."""
    to_alice = Introduction(responder=end(Role.RESPONDER, static=identity(7)))
    to_bob = Introduction(initiator=end(Role.INITIATOR, static=identity(7)))
    for met in (to_alice, to_bob):
        met.run()
        assert met.is_done
    assert to_alice.initiator.transcript_hash != to_bob.responder.transcript_hash
    assert to_alice.initiator.remote_static == to_bob.responder.remote_static == public(identity(7))


def test_the_commitment_byte_for_byte() -> None:
    assert commitment(b"S" * 32, b"r" * 32) == hashlib.sha256(b"ud2p/1 commit" + b"S" * 32 + b"r" * 32).digest()


def test_messages_have_the_lengths_of_the_specification() -> None:
    met, said = Introduction(), list[bytes]()
    met.run(recorded_in(said))
    lengths = {message[0]: len(message) for message in said}
    # tag, ephemeral 32, static 32 + 16, payload + 16
    assert lengths == {1: 1 + 32 + 32 + 16, 2: 1 + 32 + 48 + 16, 3: 1 + 48 + 32 + 16}


def test_no_message_of_one_introduction_serves_another() -> None:
    seen: list[bytes] = []
    Introduction().run(recorded_in(seen))
    again = Introduction(
        end(Role.INITIATOR, replace(TRANSCRIPT, session_id=b"n" * 16)),
        end(Role.RESPONDER, replace(TRANSCRIPT, session_id=b"n" * 16)),
    )
    for each, message in itertools.product(again.ends, seen):
        each.receive_message(message)
    assert not any(each.closed or each.master for each in again.ends)
    again.run()
    assert again.is_done
