from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from tests.support.ciphers import AES_GCM, WrappedCipher, every_cipher, wrapped
from tests.support.lossy_link import ADDRESSES, MASTER, Sent, SessionPair, Weather

from ud2p.contracts import Buffer, CipherInfo
from ud2p.errors import ChatClosed, MessageTooLong
from ud2p.protocol.frames import MAX_MESSAGE_BYTES, FrameType
from ud2p.protocol.incoming import MAX_HELD_BYTES, MAX_UNREAD_BYTES, WINDOW_BYTES
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.record import HEADER_BYTES
from ud2p.protocol.session import CONNECT_DEADLINE_S, State
from ud2p.protocol.session_events import Closed, Delivered, Heard, Moved, Opened, Silent

ALICE, BOB = Role.INITIATOR, Role.RESPONDER
MSG, CONTROL = FrameType.MSG, FrameType.CONTROL
STORM = Weather(loss=0.3, duplication=0.1, delay_s=0.02, jitter_s=0.05)


def opened(cipher: CipherInfo = AES_GCM, *, seed: int = 0, weather: Weather | None = None) -> SessionPair:
    pair = SessionPair(cipher, seed=seed, weather=weather)
    pair.open()
    return pair


def settle(pair: SessionPair, within_s: float = 120.0) -> None:
    """Let time pass until everything was acknowledged."""
    pair.pump()
    pair.run_until(lambda: pair.alice.is_idle and pair.bob.is_idle, within_s)


def closes(pair: SessionPair, role: Role) -> list[Closed]:
    return [event for event in pair.events[role] if isinstance(event, Closed)]


# opening


@every_cipher
def test_two_ends_open_and_talk(cipher: CipherInfo) -> None:
    pair = opened(cipher)
    assert pair.events == {ALICE: [Opened(ADDRESSES[BOB])], BOB: [Opened(ADDRESSES[ALICE])]}
    assert pair.alice.address == ADDRESSES[BOB]
    assert pair.alice.cipher == cipher.name
    number = pair.alice.send_message(MSG, b"sho")
    pair.bob.send_message(CONTROL, b"{}")
    settle(pair)
    assert pair.messages == {ALICE: [(CONTROL, b"{}")], BOB: [(MSG, b"sho")]}
    assert pair.events[ALICE][1:] == [Delivered((number,))]
    assert pair.events[BOB][1:] == [Delivered((0,))], "a control is acknowledged as a message is"


def test_messages_typed_before_it_opens_wait_for_it() -> None:
    pair = SessionPair(AES_GCM)
    pair.alice.send_message(MSG, b"first")
    pair.run_for(1.0)
    assert pair.sent == []
    pair.open()
    settle(pair)
    assert pair.texts(BOB) == [b"first"]


def test_one_end_that_is_told_opens_both() -> None:
    pair = SessionPair(AES_GCM)
    pair.alice.add_candidate(ADDRESSES[BOB], pair.now)
    pair.run_until(lambda: pair.alice.state is pair.bob.state is State.OPEN, 1.0)


def test_it_opens_through_a_storm_that_spares_six_in_ten() -> None:
    for seed in range(20):
        opened(seed=seed, weather=Weather(loss=0.4, duplication=0.2, delay_s=0.1, jitter_s=0.1))


def test_an_end_that_opened_late_gets_what_was_said_meanwhile() -> None:
    pair = SessionPair(AES_GCM)
    # Of alice's datagrams only her first challenge arrives in the first three seconds, and later only messages do.
    pair.tamper = lambda sent: [sent.datagram] if sent.sender is BOB or sent.at == 1000.0 or pair.now > 1003 else []
    pair.introduce()
    pair.run_until(lambda: pair.alice.state is State.OPEN, 1.0)
    pair.alice.send_message(MSG, b"early")
    early = pair.alice.datagrams_to_send(pair.now)
    for datagram, _ in early:
        pair.inject(BOB, datagram, ADDRESSES[ALICE])
    assert early
    assert pair.bob.address is None
    assert pair.texts(BOB) == []
    settle(pair)
    assert pair.texts(BOB) == [b"early"]
    assert pair.bob.state is State.OPEN


def test_ends_with_different_masters_never_open() -> None:
    pair = SessionPair(AES_GCM, masters={ALICE: MASTER, BOB: Master(bytes(32))})
    pair.introduce()
    pair.run_for(CONNECT_DEADLINE_S + 1)
    for role in Role:
        assert pair.events[role] == [Closed("unreachable", by_peer=False)]
        assert pair.ends[role].state is State.CLOSED


def test_two_initiators_never_open() -> None:
    pair = SessionPair(AES_GCM)
    pair.tamper = lambda sent: []
    pair.introduce()
    for sent in list(pair.sent):
        pair.inject(sent.sender, sent.datagram, ADDRESSES[sent.sender.other])
    assert [end.drops.other_session for end in pair.ends.values()] == [1, 1]
    assert pair.alice.state is pair.bob.state is State.CONNECTING


def test_nobody_there_is_unreachable_after_15_s() -> None:
    pair = SessionPair(AES_GCM)
    pair.is_cut = True
    pair.introduce()
    pair.run_for(CONNECT_DEADLINE_S - 0.01)
    assert pair.events == {ALICE: [], BOB: []}
    pair.run_for(0.02)
    assert pair.events[ALICE] == [Closed("unreachable", by_peer=False)]
    assert pair.alice.next_timer() is None
    assert len(pair.sent) == pytest.approx(2 * (40 + 12 + 10), abs=6)
    pair.run_for(60.0)
    assert len(closes(pair, ALICE)) == len(closes(pair, BOB)) == 1


def test_who_finds_no_path_tells_the_one_who_did() -> None:
    pair = SessionPair(AES_GCM)
    # Bob's records arrive nowhere but for the answers that open alice's path.
    pair.tamper = lambda sent: [sent.datagram] if pair.alice.state is State.CONNECTING else []
    pair.alice.add_candidate(ADDRESSES[BOB], pair.now)
    pair.run_until(lambda: pair.alice.state is State.OPEN, 2.0)
    pair.tamper = lambda sent: []
    assert pair.bob.state is State.CONNECTING
    pair.run_for(CONNECT_DEADLINE_S + 1)
    assert closes(pair, BOB) == [Closed("unreachable", by_peer=False)]
    assert closes(pair, ALICE) == [Closed("unreachable", by_peer=True)]


# messages


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.25, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_every_message_comes_once_and_in_order(loss: float, seed: int) -> None:
    pair = opened(seed=seed, weather=Weather(loss=loss, duplication=0.1, delay_s=0.02, jitter_s=0.05))
    chance = random.Random(seed)
    sizes = [0, 1, 200, 1137, 1138, MAX_MESSAGE_BYTES, *(chance.randrange(3000) for _ in range(20))]
    said: dict[Role, list[tuple[FrameType, bytes]]] = {role: [] for role in Role}
    for size in sizes:
        for role, end in pair.ends.items():
            said[role].append((chance.choice([MSG, MSG, CONTROL]), chance.randbytes(size)))
            end.send_message(*said[role][-1])
        if chance.random() < 0.5:
            pair.run_for(chance.random() * 0.2)
    settle(pair)
    for role in Role:
        assert pair.messages[role] == said[role.other]
        ticks = [number for event in pair.events[role] if isinstance(event, Delivered) for number in event.numbers]
        assert sorted(ticks) == list(range(len(said[role])))
        assert pair.ends[role].undelivered == []


@every_cipher
def test_every_cipher_carries_the_largest_message_through_a_storm(cipher: CipherInfo) -> None:
    pair = opened(cipher, weather=STORM)
    data = random.Random(5).randbytes(MAX_MESSAGE_BYTES)
    for end in pair.ends.values():
        end.send_message(MSG, data)
    settle(pair)
    assert pair.texts(ALICE) == pair.texts(BOB) == [data]
    assert len({len(sent.datagram) for sent in pair.sent}) <= 18, "sizes tell no more than the bucket"


def test_a_message_over_64_kib_is_refused_before_anything_is_sent() -> None:
    pair = opened()
    with pytest.raises(MessageTooLong):
        pair.alice.send_message(MSG, bytes(MAX_MESSAGE_BYTES + 1))
    assert pair.alice.is_idle


def test_disorder_without_loss_hardly_repeats_anything_or_slows_down() -> None:
    for jitter_s in (0.0, 0.01):
        pair = opened(weather=Weather(delay_s=0.01, jitter_s=jitter_s))
        before, began_at = len(pair.sent), pair.now
        for _ in range(8):
            pair.alice.send_message(MSG, bytes(MAX_MESSAGE_BYTES))
        settle(pair)
        records = [sent for sent in pair.sent[before:] if sent.sender is ALICE]
        assert len(records) < 1.1 * 8 * MAX_MESSAGE_BYTES / 1137
        assert pair.now - began_at < 1.0


def test_one_lost_record_does_not_hold_up_for_long() -> None:
    pair = opened()
    pair.is_cut = True
    pair.alice.send_message(MSG, b"lost once")
    pair.pump()
    pair.is_cut = False
    began_at = pair.now
    settle(pair)
    assert pair.now - began_at < 0.2


# flow control


def test_a_reader_who_never_reads_costs_bounded_memory_at_both_ends_and_then_gets_all() -> None:
    pair = opened()
    pair.readers = {ALICE}
    messages = [bytes([i]) * MAX_MESSAGE_BYTES for i in range(48)]
    for data in messages:
        pair.alice.send_message(MSG, data)
    pair.run_for(300.0)
    incoming = pair.bob._reliable._incoming
    assert incoming._unread_bytes + incoming._held_bytes <= MAX_UNREAD_BYTES + MAX_HELD_BYTES
    assert len(pair.alice._reliable.recovery._sent) < 300
    assert len(pair.alice._reliable._outgoing._again) < 2 * WINDOW_BYTES / 1137
    assert not any(isinstance(event, Silent) for role in Role for event in pair.events[role])
    idle_from = len(pair.sent)
    pair.run_for(60.0)
    assert len(pair.sent) - idle_from < 100, "who has no room is not asked all the time"
    pair.readers = set(Role)
    began_at = pair.now
    settle(pair, 5.0)
    assert pair.texts(BOB) == messages
    assert pair.now - began_at < 2.0


def test_a_reader_who_reads_in_gulps_gets_everything() -> None:
    pair = opened(weather=STORM)
    messages = [bytes([i]) * MAX_MESSAGE_BYTES for i in range(24)]
    for data in messages:
        pair.alice.send_message(MSG, data)
    while not pair.alice.is_idle:
        pair.readers = {ALICE}
        pair.run_for(3.0)
        pair.readers = set(Role)
        pair.run_for(0.5)
        assert pair.now < 2000
    assert pair.texts(BOB) == messages


# silence


def test_idle_ends_keep_the_path_and_say_little() -> None:
    pair = opened()
    pair.run_for(5.0)
    before = len(pair.sent)
    pair.run_for(600.0)
    for role in Role:
        times = [sent.at for sent in pair.sent[before:] if sent.sender is role]
        assert 600 / 18 <= len(times) <= 2 * 600 / 12 + 2, "a PING and an ACK of the other's, each 12 to 18 s"
        assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 18.1
    assert not any(isinstance(event, Silent | Heard) for role in Role for event in pair.events[role])


def test_silence_is_told_at_45_s_and_loss_at_90_s_and_both_are_over_when_heard_again() -> None:
    pair = opened()
    pair.run_for(100.0)
    pair.is_cut = True
    cut_at, told = pair.now, len(pair.events[ALICE])
    heard_at = max(sent.at for sent in pair.sent if sent.sender is BOB) + pair.weather.delay_s
    times = []
    while pair.now < cut_at + 300:
        pair.step()
        while len(pair.events[ALICE]) > told:
            times.append((pair.now - heard_at, pair.events[ALICE][told]))
            told += 1
    assert [round(at, 6) for at, _ in times] == [45.0, 90.0]
    silences = [event for _, event in times if isinstance(event, Silent)]
    assert [(round(silent.silent_s, 6), silent.lost) for silent in silences] == [(45.0, False), (90.0, True)]
    pair.is_cut = False
    pair.run_for(12.0)
    for role in Role:
        assert pair.events[role][-1] == Heard()
        assert pair.ends[role].state is State.OPEN


@pytest.mark.parametrize("loss", [0.0, 0.3])
def test_what_is_typed_during_an_outage_arrives_after_it(loss: float) -> None:
    pair = opened(weather=Weather(loss=loss))
    pair.is_cut = True
    typed: dict[Role, list[bytes]] = {role: [] for role in Role}
    for minute in range(10):
        for role in Role:
            typed[role] += [f"{role.value} {minute} {i}".encode() for i in range(50)]
            for text in typed[role][-50:]:
                pair.ends[role].send_message(MSG, text)
        pair.run_for(60.0)
    assert all(pair.texts(role) == [] for role in Role)
    assert len(pair.alice.undelivered) == 500
    before = len([sent for sent in pair.sent if sent.sender is ALICE])
    assert before < 200 + 11 * 28, "a dead path is asked every 10 s, with two records, and challenged once a minute"
    pair.is_cut = False
    settle(pair, 30.0)
    for role in Role:
        assert pair.texts(role) == typed[role.other]


def test_when_the_path_is_back_it_takes_ten_seconds_at_most() -> None:
    for seed in range(5):
        pair = opened(seed=seed)
        pair.is_cut = True
        pair.alice.send_message(MSG, b"x")
        pair.run_for(3600.0 + seed)
        pair.is_cut = False
        began_at = pair.now
        settle(pair)
        assert pair.now - began_at < 10.1


def test_an_outage_of_hours_does_not_fill_the_memory() -> None:
    pair = opened()
    pair.is_cut = True
    for _ in range(100):
        pair.alice.send_message(MSG, bytes(1000))
    pair.run_for(4 * 3600.0)
    reliable = pair.alice._reliable
    assert len(reliable.recovery._sent) < 2100
    assert len(reliable._outgoing._again) <= 100
    pair.is_cut = False
    settle(pair)
    assert len(pair.texts(BOB)) == 100


def test_acknowledgements_do_not_grow_with_the_age_of_a_chat() -> None:
    pair = opened(weather=Weather(loss=0.2))
    for _ in range(100):
        for end in pair.ends.values():
            end.send_message(MSG, b"x" * 40)
        pair.run_for(1.0)
    pair.weather.loss = 0.0
    pair.run_for(60.0)
    before = len(pair.sent)
    for _ in range(5):
        for end in pair.ends.values():
            end.send_message(MSG, b"x" * 8)
        settle(pair)
    assert {len(sent.datagram) for sent in pair.sent[before:]} == {HEADER_BYTES + 64 + 16}


# leaving


def test_who_leaves_tells_the_peer() -> None:
    pair = opened()
    pair.alice.send_close("left", pair.now)
    pair.has_signals = False
    pair.pump()
    assert pair.alice.state is State.CLOSING
    pair.run_for(3.0)
    assert pair.events[ALICE][1:] == [Closed("left", by_peer=False)]
    assert pair.events[BOB][1:] == [Closed("left", by_peer=True)]
    assert pair.alice.state is pair.bob.state is State.CLOSED
    assert pair.alice.next_timer() is pair.bob.next_timer() is None
    with pytest.raises(ChatClosed, match="connect again"):
        pair.alice.send_message(MSG, b"x")
    with pytest.raises(ChatClosed):
        pair.bob.send_message(MSG, b"x")


def test_the_answer_ends_it_at_once() -> None:
    pair = opened()
    began_at = pair.now
    pair.has_signals = False
    pair.alice.send_close("left", pair.now)
    pair.pump()
    pair.run_until(lambda: pair.alice.state is State.CLOSED, 3.0)
    assert pair.now - began_at == pytest.approx(2 * pair.weather.delay_s)


def test_goodbye_gets_through_a_storm() -> None:
    heard = 0
    for seed in range(100):
        pair = opened(seed=seed, weather=Weather(loss=0.4))
        pair.has_signals = False
        pair.alice.send_close("left", pair.now)
        pair.run_for(4.0)
        assert pair.alice.state is State.CLOSED
        heard += len(closes(pair, BOB))
    assert heard > 90, "four times at 40 % loss leaves 2.6 % unheard"


def test_goodbye_by_signal_alone() -> None:
    pair = opened()
    pair.is_cut = True
    pair.alice.send_close("left", pair.now)
    pair.run_for(3.0)
    assert closes(pair, BOB) == [Closed("left", by_peer=True)]
    assert pair.alice.state is pair.bob.state is State.CLOSED


def test_goodbye_before_there_is_a_path() -> None:
    pair = SessionPair(AES_GCM)
    pair.is_cut = True
    pair.introduce()
    pair.alice.send_close("left", pair.now)
    pair.run_for(3.0)
    assert pair.events == {ALICE: [Closed("left", by_peer=False)], BOB: [Closed("left", by_peer=True)]}
    assert pair.alice.state is pair.bob.state is State.CLOSED


@pytest.mark.parametrize("has_signals", [True, False])
@pytest.mark.parametrize("loss", [0.0, 0.4])
def test_both_leave_at_once(has_signals: bool, loss: float) -> None:
    for seed in range(10):
        pair = opened(seed=seed, weather=Weather(loss=loss))
        pair.has_signals = has_signals
        for end in pair.ends.values():
            end.send_close("left", pair.now)
        pair.run_for(3.0)
        for role in Role:
            assert closes(pair, role) == [Closed("left", by_peer=False)]
            assert pair.ends[role].state is State.CLOSED


def test_leaving_twice_is_leaving_once() -> None:
    pair = opened()
    pair.alice.send_close("left", pair.now)
    pair.alice.send_close("again", pair.now)
    pair.run_for(3.0)
    pair.alice.send_close("and again", pair.now)
    assert closes(pair, ALICE) == [Closed("left", by_peer=False)]
    assert pair.alice.events() == []
    assert pair.alice.datagrams_to_send(pair.now) == []


def test_what_arrived_before_the_goodbye_can_still_be_read() -> None:
    pair = opened()
    pair.readers = {ALICE}
    pair.alice.send_message(MSG, b"last words")
    settle(pair)
    pair.alice.send_close("left", pair.now)
    pair.run_for(3.0)
    assert pair.bob.state is State.CLOSED
    assert pair.bob.take_messages() == [(MSG, b"last words")]


def test_leaving_with_messages_under_way_leaves_them_undelivered() -> None:
    pair = opened()
    pair.is_cut = True
    number = pair.alice.send_message(MSG, b"x")
    pair.pump()
    pair.alice.send_close("left", pair.now)
    pair.is_cut = False
    pair.run_for(3.0)
    assert pair.alice.undelivered == [number]
    assert not any(isinstance(event, Delivered) for event in pair.events[ALICE])


# limits


def test_a_cipher_with_hardly_any_records_ends_before_it_opens() -> None:
    pair = SessionPair(replace(AES_GCM, max_records=3))
    pair.introduce()
    pair.run_for(3.0)
    for role in Role:
        (closed,) = closes(pair, role)
        assert closed.reason == "exhausted"
        assert pair.ends[role].state is State.CLOSED


def test_too_many_forgeries_end_the_chat_on_both_sides() -> None:
    pair = opened(replace(AES_GCM, max_failed_opens=50))
    header = next(sent.datagram[:HEADER_BYTES] for sent in pair.sent if sent.sender is ALICE)
    for i in range(60):
        pair.inject(BOB, header[:-8] + (1000 + i).to_bytes(8, "big") + bytes(80), ADDRESSES[ALICE])
    pair.run_for(3.0)
    (mine,), (theirs,) = closes(pair, BOB), closes(pair, ALICE)
    assert (mine.reason, mine.by_peer) == ("exhausted", False)
    assert "forged" in mine.text
    assert (theirs.reason, theirs.by_peer) == ("exhausted", True)


def test_a_cipher_that_fails_ends_the_chat_with_a_sentence() -> None:
    class Failing(WrappedCipher):
        def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
            if nonce >= 20:
                raise OSError("the hardware is gone")
            return super().seal(nonce, data, associated_data)

    pair = opened(wrapped(Failing))
    with pytest.raises(ChatClosed):
        for _ in range(100):
            pair.alice.send_message(MSG, b"x")
            pair.run_for(1.0)
    pair.run_for(3.0)
    (closed,) = closes(pair, ALICE)
    assert closed.reason == "cipher"
    assert "the cipher wrapped failed" in closed.text
    assert pair.alice.state is State.CLOSED


# attacks from the network


def test_forgeries_leave_window_round_trip_and_liveness_alone() -> None:
    pair = opened()
    pair.run_for(20.0)
    pair.is_cut = True
    header = next(sent.datagram[:HEADER_BYTES] for sent in pair.sent if sent.sender is ALICE)
    before = pair.bob._opener.highest, pair.bob._reliable.recovery.round_trip.smoothed_s
    chance = random.Random(3)
    heard_at = max(sent.at for sent in pair.sent if sent.sender is ALICE) + pair.weather.delay_s
    while not any(isinstance(event, Silent) for event in pair.events[BOB]):
        number = chance.choice([chance.randrange(100), chance.randrange(2**64), 2**64 - 1])
        forged = header[:-8] + number.to_bytes(8, "big") + chance.randbytes(chance.choice([64, 80, 1000]))
        for source in (ADDRESSES[ALICE], ("203.0.113.9", 9)):
            pair.bob.receive_datagram(forged, source, pair.now)
        pair.run_for(0.1)
    assert pair.now - heard_at == pytest.approx(45.0, abs=0.2)
    assert (pair.bob._opener.highest, pair.bob._reliable.recovery.round_trip.smoothed_s) == before
    pair.is_cut = False
    pair.alice.send_message(MSG, b"still here")
    settle(pair)
    assert pair.texts(BOB) == [b"still here"]


def test_every_datagram_altered_on_the_way_is_as_good_as_lost() -> None:
    pair = SessionPair(AES_GCM, seed=4)
    chance = random.Random(4)

    def tamper(sent: Sent) -> list[bytes]:
        at = chance.randrange(len(sent.datagram))
        altered = sent.datagram[:at] + bytes([sent.datagram[at] ^ 1 << chance.randrange(8)]) + sent.datagram[at + 1 :]
        garbage = chance.randbytes(chance.randrange(1300))
        return chance.choice([[altered], [altered, sent.datagram], [garbage, sent.datagram, sent.datagram[:-1]]])

    pair.tamper = tamper
    pair.open()
    texts = [chance.randbytes(chance.randrange(3000)) for _ in range(20)]
    for data in texts:
        pair.alice.send_message(MSG, data)
    settle(pair)
    assert pair.texts(BOB) == texts
    assert pair.bob.drops.not_opened > 0


def test_reflected_records_are_dropped() -> None:
    pair = opened()
    for role in Role:
        pair.ends[role].send_message(MSG, b"x")
    settle(pair)
    before = {role: len(pair.messages[role]) for role in Role}
    for sent in list(pair.sent):
        pair.inject(sent.sender, sent.datagram, ADDRESSES[sent.sender.other])
    for role in Role:
        assert pair.ends[role].drops.other_session == len([sent for sent in pair.sent if sent.sender is role])
        assert len(pair.messages[role]) == before[role]


def test_records_of_another_session_are_dropped() -> None:
    pair = opened()
    elsewhere = SessionPair(AES_GCM, masters=dict.fromkeys(Role, Master(bytes(32))))
    elsewhere.open()
    for role in Role:
        elsewhere.ends[role].send_message(MSG, b"not for you")
    settle(elsewhere)
    for sent in elsewhere.sent:
        mine = next(own.datagram for own in pair.sent if own.sender is sent.sender)
        for datagram in (sent.datagram, mine[: HEADER_BYTES - 8] + sent.datagram[HEADER_BYTES - 8 :]):
            pair.inject(sent.sender.other, datagram, ADDRESSES[sent.sender])
    assert pair.messages == {ALICE: [], BOB: []}
    assert pair.alice.state is pair.bob.state is State.OPEN


def test_replayed_records_change_nothing_and_steer_nothing() -> None:
    pair = opened()
    pair.alice.send_message(MSG, b"once")
    settle(pair)
    pair.run_for(5.0)
    thief = ("203.0.113.66", 6666)
    for sent in list(pair.sent):
        pair.inject(sent.sender.other, sent.datagram, thief)
    pair.run_for(60.0)
    pair.bob.send_message(MSG, b"to alice")
    settle(pair)
    assert pair.bob.address == ADDRESSES[ALICE]
    assert all(sent.to != thief for sent in pair.sent)
    assert pair.messages == {ALICE: [(MSG, b"to alice")], BOB: [(MSG, b"once")]}
    assert pair.bob.drops.replayed > 0


def test_records_that_come_from_elsewhere_first_steer_nothing_either() -> None:
    # Somebody on the way who is quicker than the network: every record of alice's comes from a victim's address.
    pair = opened()
    victim = ("203.0.113.66", 6666)
    stolen = 0
    for i in range(50):
        pair.is_cut = True
        before = len(pair.sent)
        pair.alice.send_message(MSG, f"{i}".encode())
        pair.pump()
        for sent in [sent for sent in pair.sent[before:] if sent.sender is ALICE]:
            stolen += len(sent.datagram)
            pair.inject(BOB, sent.datagram, victim)
        pair.is_cut = False
        pair.run_for(1.0)
        assert sum(len(sent.datagram) for sent in pair.sent if sent.to == victim) <= stolen
        assert pair.bob.address == ADDRESSES[ALICE]
    assert pair.texts(BOB) == [f"{i}".encode() for i in range(50)]
    assert not any(isinstance(event, Moved) for event in pair.events[BOB])


def test_a_victim_named_by_a_quick_thief_gets_no_more_than_was_sent_in_its_name() -> None:
    pair = SessionPair(AES_GCM)
    pair.is_cut = True
    pair.alice.add_candidate(ADDRESSES[BOB], pair.now)
    victim = ("203.0.113.66", 6666)
    stolen = 0
    for _ in range(100):
        before = len(pair.sent)
        pair.run_for(0.13)
        for sent in [sent for sent in pair.sent[before:] if sent.sender is ALICE][-1:]:
            stolen += len(sent.datagram)
            pair.inject(BOB, sent.datagram, victim)
        assert sum(len(sent.datagram) for sent in pair.sent if sent.to == victim) <= stolen
    assert stolen > 3000
    assert pair.bob.state is State.CONNECTING
