from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ud2p.contracts import Address
from ud2p.protocol.frames import FrameType, decode_frames
from ud2p.protocol.paths import FAST_PROBE_S, FAST_PROBES_FOR_S, MAX_CANDIDATES, SLOW_PROBE_S, Paths, probeable

PEER = ("192.0.2.2", 2222)
OTHER = ("198.51.100.7", 7777)


class Counting:
    """Random bytes that are easy to tell apart."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, n: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(n, "big")


@pytest.fixture
def paths() -> Paths:
    return Paths(Counting())


def probes(paths: Paths, now: float) -> dict[Address, list[tuple[int, bytes]]]:
    return {address: decode_frames(frames) for address, frames in paths.probes_to_send(now)}


def challenge(paths: Paths, now: float, to: Address = PEER) -> bytes:
    ((kind, value),) = probes(paths, now)[to]
    assert kind == FrameType.PATH_CHALLENGE
    return value


def test_a_challenge_that_comes_back_makes_the_path(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    value = challenge(paths, 10.0)
    assert paths.active is None
    assert paths.receive_response(value, PEER, 10.25) == 0.25
    assert paths.active == PEER
    assert probes(paths, 20.0) == {}
    assert paths.next_timer() is None


def test_an_older_challenge_counts_from_when_it_was_sent(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    first = challenge(paths, 10.0)
    challenge(paths, 10.05)
    assert paths.receive_response(first, PEER, 10.3) == pytest.approx(0.3)


@pytest.mark.parametrize("value", [b"", bytes(8), bytes(7), bytes(9), b"\xff" * 8])
def test_another_value_makes_no_path(paths: Paths, value: bytes) -> None:
    paths.add_candidate(PEER, 10.0)
    challenge(paths, 10.0)
    assert paths.receive_response(value, PEER, 10.1) is None
    assert paths.active is None


@pytest.mark.parametrize("source", [OTHER, (PEER[0], PEER[1] + 1), ("192.0.2.3", PEER[1])])
def test_a_response_from_elsewhere_makes_no_path(paths: Paths, source: Address) -> None:
    paths.add_candidate(PEER, 10.0)
    value = challenge(paths, 10.0)
    assert paths.receive_response(value, source, 10.1) is None
    paths.add_candidate(source, 10.1)
    challenge(paths, 10.1, source)
    assert paths.receive_response(value, source, 10.2) is None, "the challenge of one address is none of another's"
    assert paths.active is None


def test_the_first_path_stays(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    paths.add_candidate(OTHER, 10.0)
    values = {address: frames[0][1] for address, frames in probes(paths, 10.0).items()}
    assert paths.receive_response(values[PEER], PEER, 10.1) is not None
    assert paths.receive_response(values[OTHER], OTHER, 10.2) is None
    paths.add_candidate(OTHER, 10.3)
    assert paths.active == PEER
    assert probes(paths, 11.0) == {}


def test_probes_are_quick_at_first(paths: Paths) -> None:
    now = 10.0
    paths.add_candidate(PEER, now)
    times = []
    while now < 15.0:
        if probes(paths, now):
            times.append(now)
        timer = paths.next_timer()
        assert timer is not None
        assert timer > now
        now = timer
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert steps[0] == pytest.approx(FAST_PROBE_S)
    assert steps[-1] == pytest.approx(SLOW_PROBE_S)
    assert len([at for at in times if at < 10 + FAST_PROBES_FOR_S]) == pytest.approx(60, abs=1)


def test_every_challenge_is_another(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    values = [challenge(paths, 10.0 + i) for i in range(50)]
    assert len(set(values)) == 50


def test_a_response_to_a_challenge_long_past_makes_no_path(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    values = [challenge(paths, 10.0 + i) for i in range(20)]
    assert paths.receive_response(values[0], PEER, 31.0) is None
    assert paths.receive_response(values[-1], PEER, 31.0) is not None


def test_challenges_are_answered_where_they_came_from(paths: Paths) -> None:
    paths.receive_challenge(b"12345678", OTHER)
    paths.receive_challenge(b"abcdefgh", PEER)
    response = FrameType.PATH_RESPONSE
    assert probes(paths, 10.0) == {OTHER: [(response, b"12345678")], PEER: [(response, b"abcdefgh")]}
    assert probes(paths, 10.0) == {}


@pytest.mark.parametrize("value", [b"", b"1234567", b"123456789"])
def test_a_challenge_of_another_size_is_ignored(paths: Paths, value: bytes) -> None:
    paths.receive_challenge(value, PEER)
    assert not paths.has_probes


def test_many_challenges_in_one_record_get_one_answer(paths: Paths) -> None:
    for i in range(100):
        paths.receive_challenge(i.to_bytes(8, "big"), PEER)
    assert probes(paths, 10.0) == {PEER: [(FrameType.PATH_RESPONSE, (99).to_bytes(8, "big"))]}


NOWHERE = [
    ("224.0.0.1", 5000),
    ("239.255.255.250", 1900),
    ("255.255.255.255", 5000),
    ("0.0.0.0", 5000),
    ("::", 5000),
    ("ff02::1", 5000),
    ("::ffff:224.0.0.1", 5000),
    ("::ffff:0.0.0.0", 5000),
    ("::ffff:255.255.255.255", 5000),
    ("192.0.2.2", 0),
    ("192.0.2.2", 65536),
    ("192.0.2.2", -1),
    ("example.org", 5000),
    ("", 5000),
    ("192.0.2", 5000),
]


@pytest.mark.parametrize("address", NOWHERE)
def test_nothing_is_sent_where_no_peer_can_be(paths: Paths, address: Address) -> None:
    paths.add_candidate(address, 10.0)
    paths.heard_from(address, 10.0)
    paths.receive_challenge(bytes(8), address)
    assert probes(paths, 10.0) == {}
    assert paths.next_timer() is None


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        (("127.0.0.1", 1), ("127.0.0.1", 1)),
        (("2001:DB8::0001", 65535), ("2001:db8::1", 65535)),
        (("fe80::1%eth0", 5), ("fe80::1%eth0", 5)),
    ],
)
def test_where_a_peer_can_be(address: Address, canonical: Address) -> None:
    assert probeable(address) == canonical


def test_candidates_are_limited(paths: Paths) -> None:
    for i in range(3 * MAX_CANDIDATES):
        paths.add_candidate(("192.0.2.2", 1000 + i), 10.0)
    assert len(probes(paths, 10.0)) == MAX_CANDIDATES


def test_answers_are_limited(paths: Paths) -> None:
    for i in range(3 * MAX_CANDIDATES):
        paths.receive_challenge(bytes(8), ("192.0.2.2", 1000 + i))
    assert len(probes(paths, 10.0)) == MAX_CANDIDATES


def test_an_address_learned_from_a_datagram_gets_no_more_than_it_sent(paths: Paths) -> None:
    paths.heard_from(OTHER, 10.0)
    assert len(probes(paths, 10.0)) == 1
    assert paths.next_timer() is None, "a timer without credit would spin"
    assert probes(paths, 20.0) == {}
    paths.heard_from(OTHER, 20.0)
    paths.receive_challenge(b"12345678", OTHER)
    ((kinds),) = [[kind for kind, _ in frames] for frames in probes(paths, 20.0).values()]
    assert kinds == [FrameType.PATH_RESPONSE, FrameType.PATH_CHALLENGE], "both in the one record that it is worth"
    assert probes(paths, 30.0) == {}


def test_being_told_of_it_lifts_the_limit(paths: Paths) -> None:
    paths.heard_from(OTHER, 10.0)
    paths.add_candidate(OTHER, 10.0)
    assert [len(probes(paths, 10.0 + i)) for i in range(5)] == [1] * 5


STRANGERS = [("198.51.100.7", port) for port in range(1, 5)]


class CreditModel(RuleBasedStateMachine):
    """Whatever comes from wherever: no address that nobody named is sent more records than came from it."""

    def __init__(self) -> None:
        super().__init__()
        self.paths = Paths(Counting())
        self.now = 10.0
        self.received: Counter[Address] = Counter()
        self.sent: Counter[Address] = Counter()

    @rule(source=st.sampled_from([PEER, *STRANGERS]), challenges=st.integers(0, 5))
    def receive(self, source: Address, challenges: int) -> None:
        for i in range(challenges):
            self.paths.receive_challenge(i.to_bytes(8, "big"), source)
        self.paths.heard_from(source, self.now)
        self.received[source] += 1

    @rule()
    def name_one(self) -> None:
        self.paths.add_candidate(PEER, self.now)

    @rule(after=st.floats(0, 1))
    def send(self, after: float) -> None:
        self.now += after
        for address, _ in self.paths.probes_to_send(self.now):
            self.sent[address] += 1
        timer = self.paths.next_timer()
        assert timer is None or timer > self.now

    @invariant()
    def strangers_get_no_more_than_they_gave(self) -> None:
        assert all(self.sent[stranger] <= self.received[stranger] for stranger in STRANGERS)


TestCreditModel = CreditModel.TestCase
TestCreditModel.settings = settings(deadline=None, max_examples=12, stateful_step_count=30)
