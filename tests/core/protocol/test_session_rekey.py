"""New keys for a session that goes on: what a pair does over the network."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from tests.support.ciphers import AES_GCM, every_cipher
from tests.support.forged_key import SMALL_ORDER
from tests.support.lossy_link import ADDRESSES, Sent, SessionPair, Weather

from ud2p.contracts import CipherInfo
from ud2p.protocol import rekey
from ud2p.protocol.frames import FrameType, encode_frame
from ud2p.protocol.keyring import Keyring
from ud2p.protocol.keys import Role
from ud2p.protocol.rekey import KEEP_OLD_KEY_S, REKEY_AFTER_S
from ud2p.protocol.session import State
from ud2p.protocol.session_events import Closed, Heard

ALICE, BOB = Role.INITIATOR, Role.RESPONDER
MSG = FrameType.MSG


def opened(cipher: CipherInfo = AES_GCM, *, seed: int = 0, weather: Weather | None = None) -> SessionPair:
    pair = SessionPair(cipher, seed=seed, weather=weather)
    pair.open()
    return pair


def epoch_of(sent: Sent) -> int:
    return int.from_bytes(sent.datagram[1:3], "big")


def epochs(pair: SessionPair) -> tuple[int, int]:
    """What alice and bob seal under."""
    return pair.alice.keys.epoch, pair.bob.keys.epoch


def closes(pair: SessionPair, role: Role) -> list[Closed]:
    return [event for event in pair.events[role] if isinstance(event, Closed)]


def settle(pair: SessionPair, within_s: float = 120.0) -> None:
    pair.pump()
    pair.run_until(lambda: pair.alice.is_idle and pair.bob.is_idle, within_s)


def talk(pair: SessionPair, count: int, every_s: float = 0.1) -> dict[Role, list[bytes]]:
    """Both say ``count`` things each, and all of it is to arrive."""
    said: dict[Role, list[bytes]] = {role: [] for role in Role}
    for i in range(count):
        for role, end in pair.ends.items():
            said[role].append(f"{role.value} {i}".encode())
            end.send_message(MSG, said[role][-1])
        pair.run_for(every_s)
    return said


# the plain way


@every_cipher
def test_after_ten_minutes_both_seal_under_new_keys(cipher: CipherInfo) -> None:
    pair = opened(cipher)
    pair.run_for(REKEY_AFTER_S - 1)
    assert epochs(pair) == (0, 0)
    pair.run_for(3.0)
    assert epochs(pair) == (1, 1)
    said = talk(pair, 3)
    settle(pair)
    assert {role: pair.texts(role.other) for role in Role} == said
    pair.run_for(REKEY_AFTER_S)
    assert epochs(pair) == (2, 2)
    assert pair.alice.state is pair.bob.state is State.OPEN


def test_the_old_key_opens_for_half_a_minute_more() -> None:
    pair = opened()
    held: list[bytes] = []
    pair.tamper = lambda sent: held.append(sent.datagram) or [] if sent.sender is ALICE else [sent.datagram]  # type: ignore[func-returns-value]
    pair.alice.send_message(MSG, b"late")
    pair.pump()
    late = held[0]
    pair.tamper = None
    settle(pair)
    pair.run_for(REKEY_AFTER_S)
    pair.run_until(lambda: epochs(pair) == (1, 1), 10.0)
    replayed, other = pair.bob.drops.replayed, pair.bob.drops.other_session
    pair.inject(BOB, late, ADDRESSES[ALICE])
    pair.run_for(KEEP_OLD_KEY_S + 1)
    pair.inject(BOB, late, ADDRESSES[ALICE])
    assert (pair.bob.drops.replayed, pair.bob.drops.other_session) == (replayed, other + 1)
    assert pair.texts(BOB) == [b"late"]


def test_nothing_says_from_outside_that_keys_change() -> None:
    pair = opened()
    pair.run_for(REKEY_AFTER_S + 20)
    assert {len(sent.datagram) for sent in pair.sent if epoch_of(sent) <= 1} == {19 + 64 + 16}


# small limits: many epochs


@pytest.mark.parametrize("loss", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_messages_go_on_through_many_epochs_and_no_key_seals_more_than_it_may(loss: float, seed: int) -> None:
    limit = 100
    weather = Weather(loss=loss, duplication=0.1, delay_s=0.02, jitter_s=0.05)
    pair = opened(replace(AES_GCM, max_records=limit), seed=seed, weather=weather)
    said = talk(pair, 300)
    settle(pair)
    assert {role: pair.texts(role.other) for role in Role} == said
    assert min(epochs(pair)) >= 3
    sealed = Counter((sent.sender, epoch_of(sent)) for sent in pair.sent)
    assert max(sealed.values()) <= limit
    for role in Role:
        in_order = [epoch_of(sent) for sent in pair.sent if sent.sender is role]
        assert in_order == sorted(in_order), "nobody goes back to an old key"


def test_who_only_hears_forgeries_asks_for_new_keys_before_the_limit() -> None:
    pair = opened(replace(AES_GCM, max_failed_opens=50))
    for end, sender, epoch in ((BOB, ALICE, 0), (ALICE, BOB, 1), (BOB, ALICE, 2)):
        prefix = next(sent.datagram[:11] for sent in pair.sent if sent.sender is sender and epoch_of(sent) == epoch)
        for i in range(30):
            pair.inject(end, prefix + (10**6 + i).to_bytes(8, "big") + bytes(80), ADDRESSES[sender])
        pair.run_for(3.0)
        assert epochs(pair) == (epoch + 1, epoch + 1)


def test_a_wish_crosses_the_request() -> None:
    pair = opened(replace(AES_GCM, max_records=100))
    pair.weather = Weather(delay_s=0.5)
    for _ in range(40):
        for end in pair.ends.values():
            end.send_message(MSG, b"both at once" * 90)
        pair.pump()
    settle(pair)
    assert epochs(pair)[0] >= 1
    assert pair.texts(ALICE) == pair.texts(BOB) == [b"both at once" * 90] * 40


def test_at_a_limit_sending_stops_and_queues_and_goes_on_under_the_next_key() -> None:
    limit = 80
    pair = opened(replace(AES_GCM, max_records=limit))
    # No new key gets through: only what is small enough to be one is kept back.
    pair.tamper = lambda sent: [] if epoch_of(sent) == 0 and is_stopped(pair) else [sent.datagram]
    for i in range(200):
        pair.alice.send_message(MSG, f"{i}".encode() * 300)
    pair.pump()
    assert not pair.alice.is_idle
    pair.tamper = None
    settle(pair)
    assert pair.texts(BOB) == [f"{i}".encode() * 300 for i in range(200)]
    assert max(Counter(epoch_of(sent) for sent in pair.sent if sent.sender is ALICE).values()) <= limit


def is_stopped(pair: SessionPair) -> bool:
    return pair.alice._sealer.exhausted


# loss, sleep


@pytest.mark.parametrize("seed", range(20))
def test_new_keys_come_through_a_storm(seed: int) -> None:
    pair = opened(seed=seed, weather=Weather(loss=0.4, duplication=0.2, delay_s=0.1, jitter_s=0.3))
    pair.run_for(REKEY_AFTER_S)
    pair.run_until(lambda: epochs(pair) == (1, 1), 60.0)
    said = talk(pair, 5)
    settle(pair)
    assert {role: pair.texts(role.other) for role in Role} == said


@pytest.mark.parametrize("stage", ["request", "answer", "confirmation"])
def test_ten_minutes_of_sleep_in_the_middle(stage: str) -> None:
    pair = opened()
    pair.run_for(REKEY_AFTER_S - 0.5)
    stages = {"request": (ALICE, 0), "answer": (BOB, 0), "confirmation": (ALICE, 1)}
    sender, epoch = stages[stage]

    def cut_from(sent: Sent) -> list[bytes]:
        if sent.sender is sender and epoch_of(sent) == epoch and sent.at >= 1000.0 + REKEY_AFTER_S:
            pair.is_cut = True
        return [sent.datagram]

    pair.tamper = cut_from
    pair.run_for(5.0)
    assert pair.is_cut
    pair.tamper = None
    pair.now += 600.0  # neither end ran meanwhile
    pair.is_cut = False
    said = talk(pair, 3)
    settle(pair)
    assert {role: pair.texts(role.other) for role in Role} == said
    pair.run_until(lambda: min(epochs(pair)) >= 1 and epochs(pair)[0] == epochs(pair)[1], 30.0)
    assert pair.alice.state is pair.bob.state is State.OPEN


def test_ten_minutes_without_a_path_in_the_middle() -> None:
    pair = opened()
    pair.run_for(REKEY_AFTER_S - 1)
    pair.is_cut = True
    pair.alice.send_message(MSG, b"typed while it was down")
    pair.run_for(600.0)
    pair.is_cut = False
    pair.run_until(lambda: epochs(pair) == (1, 1), 60.0)
    settle(pair)
    assert pair.texts(BOB) == [b"typed while it was down"]
    assert any(isinstance(event, Heard) for event in pair.events[BOB])


# the end


def test_where_no_new_key_is_to_be_had_the_chat_ends_on_both_sides_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = 200
    pair = opened(replace(AES_GCM, max_records=limit))
    pair.has_signals = False
    monkeypatch.setattr(Keyring, "receive_frame", lambda *_: None)  # peers that never answer
    for _ in range(300):
        if pair.alice.state is State.OPEN:
            pair.alice.send_message(MSG, b"x")
        pair.run_for(0.5)
    pair.run_for(120.0)  # It asks for new keys as long as its last records last.
    (mine,), (theirs,) = closes(pair, ALICE), closes(pair, BOB)
    assert (mine.reason, mine.by_peer) == ("exhausted", False)
    assert "connect again" in mine.text
    assert (theirs.reason, theirs.by_peer) == ("exhausted", True)
    assert len([sent for sent in pair.sent if sent.sender is ALICE]) <= limit


def test_a_chat_that_would_need_epoch_65535_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rekey, "LAST_EPOCH", 2)
    pair = opened()
    pair.run_for(2.5 * REKEY_AFTER_S)
    assert epochs(pair) == (2, 2)
    pair.run_for(REKEY_AFTER_S)
    assert [closed.reason for role in Role for closed in closes(pair, role)] == ["exhausted", "exhausted"]
    assert pair.alice.state is pair.bob.state is State.CLOSED


@pytest.mark.parametrize("point", SMALL_ORDER, ids=["zero", "one"])
def test_a_new_key_with_which_everybody_agrees_on_zero_ends_the_chat(point: bytes) -> None:
    pair = opened()
    frame = encode_frame(FrameType.REKEY, b"\0\1" + point)
    _, datagram = pair.alice._sealer.seal(frame)
    pair.inject(BOB, datagram, ADDRESSES[ALICE])
    pair.run_for(3.0)
    assert [(closed.reason, closed.by_peer) for closed in closes(pair, BOB)] == [("protocol", False)]
    assert "protects nothing" in closes(pair, BOB)[0].text
    assert [(closed.reason, closed.by_peer) for closed in closes(pair, ALICE)] == [("protocol", True)]


def test_records_of_one_epoch_never_open_as_another() -> None:
    pair = opened()
    _, datagram = pair.alice._sealer.seal(encode_frame(FrameType.PING))
    pair.run_for(REKEY_AFTER_S + 1)
    pair.run_until(lambda: epochs(pair) == (1, 1), 10.0)
    failed = pair.bob.drops.not_opened
    number = (2**40).to_bytes(8, "big")
    for epoch in (b"\0\0", b"\0\1"):
        pair.inject(BOB, datagram[:1] + epoch + datagram[3:11] + number + datagram[19:], ADDRESSES[ALICE])
    assert pair.bob.drops.not_opened == failed + 2
