"""Paths of whole sessions: ends with several addresses, behind NATs, on the move, under attack."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ciphers import every_cipher
from tests.support.lossy_link import Sent, Weather
from tests.support.networks import NetworkedPair
from tests.support.raw_peer import ELSEWHERE, HERE, RawPeer

from ud2p.contracts import Address, CipherInfo
from ud2p.protocol.candidates import MAX_CANDIDATES, encode_candidates
from ud2p.protocol.frames import FrameType, decode_frames, encode_frame
from ud2p.protocol.keys import Role
from ud2p.protocol.path_probe import PROBE_BURST, PROBES_PER_S
from ud2p.protocol.session import State
from ud2p.protocol.session_events import Closed, Moved, Opened

ALICE, BOB = Role.INITIATOR, Role.RESPONDER
MSG = FrameType.MSG
NET: dict[Role, Address] = {ALICE: ("198.51.100.1", 1111), BOB: ("203.0.113.2", 2222)}
LAN: dict[Role, Address] = {ALICE: ("192.168.7.1", 11), BOB: ("192.168.7.2", 22)}
SIX: dict[Role, Address] = {ALICE: ("2001:db8::1", 61), BOB: ("2001:db8::2", 62)}
HILLS = Weather(loss=0.2, duplication=0.05, delay_s=0.05, jitter_s=0.05)


def on(**networks: dict[Role, Address]) -> dict[Role, dict[str, Address]]:
    return {role: {name: places[role] for name, places in networks.items()} for role in Role}


def introduced(pair: NetworkedPair) -> NetworkedPair:
    """By the broker, which sees both in the network ``net``; and by themselves, who know the other networks."""
    for role in Role:
        hosts = [address for name, address in pair.places[role].items() if name != "net"]
        pair.tell(role, *hosts)
        if "net" in pair.places[role]:
            pair.ends[role.other].add_candidate(pair.places[role]["net"], pair.now)
    pair.pump()
    return pair


def opened(weather: Weather | None = None, seed: int = 0, **networks: dict[Role, Address]) -> NetworkedPair:
    pair = introduced(NetworkedPair(on(**networks), weather=weather, seed=seed))
    pair.settle()
    pair.run_for(5.0)
    return pair


def talk(pair: NetworkedPair, within_s: float = 30.0) -> None:
    """Both say something, and both hear it."""
    before = {role: len(pair.texts(role)) for role in Role}
    for role in Role:
        pair.ends[role].send_message(MSG, role.value.encode())
    pair.pump()
    pair.settle(within_s)
    for role in Role:
        assert pair.texts(role)[before[role] :] == [role.other.value.encode()]


def moves(pair: NetworkedPair, role: Role) -> list[Moved]:
    return [event for event in pair.events[role] if isinstance(event, Moved)]


# choosing


@pytest.mark.parametrize("seed", range(5))
def test_both_use_the_best_network_that_both_are_in(seed: int) -> None:
    pair = opened(HILLS, seed, net=NET, six=SIX, lan=LAN)
    assert [pair.network_of(role) for role in Role] == ["lan", "lan"]
    talk(pair)
    pair = opened(HILLS, seed, net=NET, six=SIX)
    assert [pair.network_of(role) for role in Role] == ["six", "six"]
    talk(pair)


def test_sealed_candidates_are_enough() -> None:
    pair = opened(lan=LAN)
    assert [pair.network_of(role) for role in Role] == ["lan", "lan"]
    talk(pair)


def test_without_the_signalling_channel_the_brokers_word_is_enough() -> None:
    pair = NetworkedPair(on(net=NET, lan=LAN))
    pair.has_signals = False
    introduced(pair).settle()
    assert [pair.network_of(role) for role in Role] == ["net", "net"]
    talk(pair)


def test_an_end_whose_nat_shows_another_port_is_learned_from_its_records() -> None:
    places = on(net=NET)
    places[ALICE]["net"] = ("198.51.100.1", 40_000)
    pair = NetworkedPair(places)
    pair.alice.add_candidate(NET[BOB], pair.now)
    pair.bob.add_candidate(NET[ALICE], pair.now)
    pair.pump()
    pair.settle()
    assert pair.bob.address == ("198.51.100.1", 40_000)
    talk(pair)


@settings(max_examples=25, deadline=None)
@given(
    st.sets(st.sampled_from(["net", "six", "lan"]), min_size=1),
    st.integers(0, 2**32),
    st.floats(0, 0.4),
    st.floats(0.001, 0.2),
)
def test_whatever_networks_they_share_they_meet_and_agree(
    names: set[str], seed: int, loss: float, delay_s: float
) -> None:
    networks = {name: {"net": NET, "six": SIX, "lan": LAN}[name] for name in sorted(names)}
    pair = introduced(NetworkedPair(on(**networks), weather=Weather(loss=loss, delay_s=delay_s), seed=seed))
    pair.settle()
    pair.run_for(10.0)
    talk(pair, 60.0)
    assert all(pair.network_of(role) in names for role in Role)
    if loss == 0:
        best = next(name for name in ("lan", "six", "net") if name in names)
        assert pair.network_of(ALICE) == pair.network_of(BOB) == best


# on the move


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("weather", [Weather(), HILLS], ids=["clear", "hills"])
def test_a_nat_that_forgets_is_survived(role: Role, weather: Weather) -> None:
    pair = opened(weather, net=NET)
    for port in (5001, 5002, 5003):
        pair.places[role]["net"] = (NET[role][0], port)
        pair.ends[role].send_message(MSG, b"from behind it")
        pair.pump()
        pair.settle()
        talk(pair)
        pair.run_for(5.0)
        assert pair.ends[role.other].address == pair.places[role]["net"]
    assert len(moves(pair, role.other)) == 3
    assert moves(pair, role) == []


def test_a_nat_that_forgets_an_idle_chat_is_survived_after_the_keepalive() -> None:
    pair = opened(net=NET)
    pair.places[BOB]["net"] = (NET[BOB][0], 5001)
    pair.run_for(20.0)
    assert pair.alice.address == pair.places[BOB]["net"]
    talk(pair, 1.0)


@pytest.mark.parametrize("role", Role)
def test_an_end_that_changes_its_network_is_found_again(role: Role) -> None:
    pair = opened(net=NET, lan=LAN)
    assert pair.network_of(ALICE) == "lan"
    pair.places[role] = {"net": ("198.51.100.99", 9999)}
    pair.ends[role.other].send_message(MSG, b"where are you?")
    pair.run_for(2.0)
    pair.tell(role, pair.places[role]["net"])
    pair.settle(5.0)
    assert pair.texts(role) == [b"where are you?"]
    talk(pair)
    assert [pair.network_of(each) for each in Role] == ["net", "net"]


def test_both_change_their_addresses_at_once_and_tell_each_other_by_signals() -> None:
    pair = opened(lan=LAN)
    for role in Role:
        pair.places[role] = {"lan": ("10.9.9.9", 1 + len(role.value))}
    pair.run_for(1.0)
    for role in Role:
        pair.tell(role, pair.places[role]["lan"])
    talk(pair)
    assert all(len(moves(pair, role)) == 1 for role in Role)


def test_a_dead_network_is_left_for_one_that_lives_though_nobody_moved() -> None:
    pair = opened(net=NET, lan=LAN)
    pair.dead.add("lan")
    talk(pair)
    assert [pair.network_of(each) for each in Role] == ["net", "net"]


def test_candidates_are_told_again_when_nothing_is_acknowledged() -> None:
    pair = opened(lan=LAN)
    pair.dead.add("lan")
    pair.alice.send_message(MSG, b"?")
    pair.pump()
    pair.run_for(5.0)
    assert pair.alice._generation == 1
    assert pair.bob._paths._generation == 1


def test_what_goes_on_during_a_move_arrives_once_and_in_order() -> None:
    pair = opened(HILLS, net=NET)
    texts = []
    for i in range(120):
        texts.append(f"{i}".encode())
        pair.alice.send_message(MSG, texts[-1])
        pair.pump()
        pair.run_for(0.1)
        if i % 40 == 20:
            pair.places[ALICE]["net"] = (NET[ALICE][0], 6000 + i)
    pair.settle(60.0)
    assert pair.texts(BOB) == texts


# attacks


THIEF = ("192.0.2.66", 6666)


def test_a_replay_from_elsewhere_steers_nothing() -> None:
    pair = opened(net=NET)
    talk(pair)
    for sent in list(pair.sent):
        pair.inject(sent.sender.other, sent.datagram, THIEF)
    pair.run_for(30.0)
    assert not any(sent.to == THIEF for sent in pair.sent)
    assert moves(pair, ALICE) == moves(pair, BOB) == []


def test_a_withheld_datagram_delivered_late_from_elsewhere_causes_no_probe() -> None:
    pair = opened(net=NET)
    withheld: list[Sent] = []

    def tamper(sent: Sent) -> list[bytes]:
        if withheld or sent.sender is BOB:
            return [sent.datagram]
        withheld.append(sent)
        return []

    pair.tamper = tamper
    pair.alice.send_message(MSG, b"first copy withheld")
    pair.pump()
    pair.settle()
    assert withheld
    for sent in withheld:
        pair.inject(BOB, sent.datagram, THIEF)
    pair.run_for(10.0)
    assert not any(sent.to == THIEF for sent in pair.sent)
    assert moves(pair, BOB) == []


def test_the_newest_datagram_withheld_and_delivered_from_elsewhere_steers_nothing() -> None:
    pair = opened(net=NET)
    for _ in range(30):
        pair.is_cut = True
        before = len(pair.sent)
        pair.alice.send_message(MSG, b"newest")
        pair.pump()
        pair.is_cut = False
        newest = next(sent for sent in reversed(pair.sent[before:]) if sent.sender is ALICE)
        pair.inject(BOB, newest.datagram, THIEF)
        pair.run_for(3.0)
        assert pair.bob.address == NET[ALICE]
    bytes_to_thief = [len(sent.datagram) for sent in pair.sent if sent.to == THIEF]
    assert 0 < len(bytes_to_thief) <= 30
    assert moves(pair, BOB) == []


def test_a_thief_who_relays_both_ways_steers_nothing_while_the_old_path_answers() -> None:
    """Most records of alice's are quicker from the thief, who passes on all that it gets; but the old way is open."""
    pair = opened(net=NET)
    chance = random.Random(3)
    pair.places[ALICE]["relayed"] = THIEF
    pair.places[BOB]["relayed"] = ("192.0.2.67", 6667)

    def tamper(sent: Sent) -> list[bytes]:
        if sent.sender is ALICE and sent.to == NET[BOB] and chance.random() < 0.7:
            pair.ends[BOB].receive_datagram(sent.datagram, THIEF, pair.now)
        return [sent.datagram]

    pair.tamper = tamper
    for _ in range(20):
        pair.alice.send_message(MSG, b"x")
        pair.pump()
        pair.run_for(1.5)
    assert moves(pair, BOB) == []
    assert pair.bob.address == NET[ALICE]


@every_cipher
@pytest.mark.parametrize("is_open", [False, True], ids=["opening", "open"])
def test_no_more_bytes_go_to_an_address_known_from_a_datagram_than_came_from_it(
    cipher: CipherInfo, is_open: bool
) -> None:
    peer = RawPeer(cipher)
    if is_open:
        peer.open()
    chance = random.Random(2)
    for _ in range(60):
        challenges = [encode_frame(FrameType.PATH_CHALLENGE, chance.randbytes(8)) for _ in range(90)]
        peer.say(*challenges[: chance.choice([1, 2, 20])], source=ELSEWHERE)
        peer.wait(chance.choice([0.0, 0.01, 0.2, 1.0]))
        to_stranger = sum(len(datagram) for datagram, to in peer.sent if to == ELSEWHERE)
        assert to_stranger <= peer.received_bytes[ELSEWHERE]
    assert to_stranger > 0


def victims(peer: RawPeer, *named: Address, generation: int = 0) -> None:
    """The peer names addresses in a sealed record over the signalling channel."""
    for first in range(0, len(named), 60):
        body = encode_candidates(generation, named[first : first + 60])
        peer.say(encode_frame(FrameType.CANDIDATES, body), source=None)


def test_victims_named_by_the_peer_are_sent_a_bounded_number_of_bytes() -> None:
    peer = RawPeer()
    peer.open()
    seconds = 60
    for generation in range(seconds):
        named = [("198.51.100.66", 1 + generation * MAX_CANDIDATES + i) for i in range(MAX_CANDIDATES)]
        victims(peer, *named, generation=generation)
        peer.wait(1.0)
    to_victim = [len(datagram) for datagram, to in peer.sent if to[0] == "198.51.100.66"]
    assert len(to_victim) <= PROBE_BURST + seconds * PROBES_PER_S
    assert max(to_victim) < 120, "the shortest records only"
    assert peer.session.address == HERE


def test_a_list_of_a_thousand_costs_no_more_than_one_of_sixteen() -> None:
    peer = RawPeer()
    victims(peer, *[("198.51.100.66", port) for port in range(1, 1001)])
    peer.wait(1.0)
    assert len({to for _, to in peer.sent}) == MAX_CANDIDATES


def test_multicast_broadcast_loopback_and_nowhere_are_never_sent_to() -> None:
    peer = RawPeer()
    nowhere = ["224.0.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1", "::1", "::", "ff02::1", "fe80::1", "240.0.0.1"]
    victims(peer, *[(host, port) for host in nowhere for port in (0, 53)], ("198.51.100.66", 0))
    for host in nowhere:
        peer.session.add_candidate((host, 53), peer.now)
        if host != "fe80::1":
            peer.say(encode_frame(FrameType.PATH_CHALLENGE, bytes(8)), source=(host, 53))
    peer.wait(3.0)
    assert {to[0] for _, to in peer.sent} <= {"fe80::1"}, "the broker may know one of the same link"


def test_where_the_broker_is_on_loopback_the_peer_may_be_too() -> None:
    peer = RawPeer()
    peer.session.allow_loopback()
    victims(peer, ("127.0.0.1", 53))
    peer.wait(0.1)
    assert {to for _, to in peer.sent} == {("127.0.0.1", 53)}


@pytest.mark.parametrize("source", [ELSEWHERE, None, (HERE[0], HERE[1] + 1)])
def test_a_response_must_come_from_where_the_challenge_went(source: Address | None) -> None:
    peer = RawPeer()
    peer.session.add_candidate(HERE, peer.now)
    ((_, value),) = peer.hear()
    peer.say(encode_frame(FrameType.PATH_RESPONSE, value), source=source)
    assert peer.session.state is State.CONNECTING
    peer.say(encode_frame(FrameType.PATH_RESPONSE, value))
    assert peer.session.events() == [Opened(HERE)]


def test_guessed_responses_open_nothing() -> None:
    peer = RawPeer()
    peer.session.add_candidate(HERE, peer.now)
    peer.hear()
    chance = random.Random(5)
    for _ in range(200):
        peer.say(encode_frame(FrameType.PATH_RESPONSE, chance.randbytes(8)))
    assert peer.session.state is State.CONNECTING


def test_candidates_are_not_taken_from_what_is_not_sealed() -> None:
    peer = RawPeer()
    frame = encode_frame(FrameType.CANDIDATES, encode_candidates(0, [ELSEWHERE]))
    for clear in (frame, b"\x08" + frame, frame.ljust(64, b"\0")):
        peer.deliver(clear, None)
        peer.deliver(clear)
    assert peer.wait(3.0) == []


@pytest.mark.parametrize("body", [b"", b"123", b"1234x", bytes(4 + 17)])
def test_a_senseless_list_of_candidates_closes_with_protocol(body: bytes) -> None:
    peer = RawPeer()
    peer.open()
    peer.say(encode_frame(FrameType.CANDIDATES, body), source=None)
    closed = peer.closed()
    assert isinstance(closed, Closed)
    assert closed.reason == "protocol"


def test_a_cipher_with_small_records_tells_its_candidates_in_several() -> None:
    peer = RawPeer()
    peer.session._sealer.max_payload = 256
    named = [("198.51.100.7", 1 + i) for i in range(20)]
    peer.session.send_candidates(named, peer.now)
    told = []
    for signal in peer.session.signals_to_send():
        opened_record = peer.opener.open(signal)
        assert opened_record is not None
        for kind, body in decode_frames(opened_record[1]):
            assert kind == FrameType.CANDIDATES
            told.append(body)
    assert len(told) == 2
    assert b"".join(body[4:] for body in told) == encode_candidates(0, named[:MAX_CANDIDATES])[4:]
