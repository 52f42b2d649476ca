from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ud2p.contracts import Address
from ud2p.protocol.candidates import MAX_CANDIDATES, encode_candidates
from ud2p.protocol.frames import FrameType, decode_frames
from ud2p.protocol.nomination import FIRST_NOMINATION_S, NOMINATIONS
from ud2p.protocol.path_probe import (
    CHALLENGE_VALID_S,
    FAST_PROBE_S,
    PROBE_BURST,
    PROBES_PER_S,
    RARE_PROBE_S,
    SLOW_PROBE_S,
)
from ud2p.protocol.paths import (
    LATER,
    LOOPBACK_HEAD_START_S,
    MAX_LEARNED,
    OLD_ANSWERS_WITHIN_S,
    OPENING,
    UPGRADE_FOR_S,
    Paths,
)

PEER = ("198.51.100.2", 2222)
OTHER = ("203.0.113.7", 7777)
LAN = ("192.168.7.7", 7)
SIX = ("2001:db8::7", 7)
CHALLENGE, RESPONSE, NOMINATE = FrameType.PATH_CHALLENGE, FrameType.PATH_RESPONSE, FrameType.PATH_NOMINATE


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


def challenges(paths: Paths, now: float) -> dict[Address, bytes]:
    sent = probes(paths, now)
    return {to: value for to, frames in sent.items() for kind, value in frames if kind == CHALLENGE}


def challenge(paths: Paths, now: float, to: Address = PEER) -> bytes:
    return challenges(paths, now)[to]


def run(
    paths: Paths, now: float, until: float, answering: tuple[Address, ...] = ()
) -> list[tuple[float, Address, int, bytes]]:
    """Let time pass, timer by timer; ``answering`` answer at once. What was sent meanwhile."""
    sent = []
    paths.handle_timer(now)
    turns_at: Counter[float] = Counter()
    while True:
        for to, frames in probes(paths, now).items():
            for kind, value in frames:
                sent.append((now, to, kind, value))
                if kind == CHALLENGE and to in answering:
                    paths.receive_response(value, to, now)
        at = paths.next_timer()
        if at is None or at > until:
            return sent
        now = max(now, at)
        turns_at[now] += 1
        assert turns_at[now] < 4, "its driver would spin"
        paths.handle_timer(now)


def settled(paths: Paths, address: Address = PEER, now: float = 10.0) -> Paths:
    """With a path, and its first seconds over."""
    paths.add_candidate(address, now)
    run(paths, now, now + UPGRADE_FOR_S + 5, (address,))
    assert paths.active == address
    assert paths.next_timer() is None
    return paths


# validation


def test_a_challenge_that_comes_back_makes_the_path(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    value = challenge(paths, 10.0)
    assert paths.active is None
    paths.receive_response(value, PEER, 10.25)
    assert paths.active == PEER
    assert paths.round_trip_s == 0.25
    assert run(paths, 10.25, 100.0) == []


def test_an_older_challenge_counts_from_when_it_was_sent(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    first = challenge(paths, 10.0)
    challenge(paths, 10.05)
    paths.receive_response(first, PEER, 10.3)
    assert paths.round_trip_s == pytest.approx(0.3)


@pytest.mark.parametrize("value", [b"", bytes(8), bytes(7), bytes(9), b"\xff" * 8])
def test_another_value_makes_no_path(paths: Paths, value: bytes) -> None:
    paths.add_candidate(PEER, 10.0)
    challenge(paths, 10.0)
    paths.receive_frame(RESPONSE, value, PEER, 10.1)
    assert paths.active is None


@pytest.mark.parametrize("source", [OTHER, (PEER[0], PEER[1] + 1), ("192.0.2.3", PEER[1])])
def test_a_response_from_elsewhere_makes_no_path(paths: Paths, source: Address) -> None:
    paths.add_candidate(PEER, 10.0)
    value = challenge(paths, 10.0)
    paths.receive_response(value, source, 10.1)
    paths.add_candidate(source, 10.1)
    challenge(paths, 10.1, source)
    paths.receive_response(value, source, 10.2)  # The challenge of one address is none of another's.
    assert paths.active is None


def test_a_response_withheld_for_long_makes_no_path(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    value = challenge(paths, 10.0)
    paths.receive_response(value, PEER, 10.01 + CHALLENGE_VALID_S)
    assert paths.active is None
    paths.receive_response(value, PEER, 9.99 + CHALLENGE_VALID_S)
    assert paths.active == PEER


def test_probes_are_quick_at_first_and_end(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    times = [at for at, *_ in run(paths, 10.0, 1000.0)]
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert steps[0] == pytest.approx(FAST_PROBE_S)
    assert sorted({round(step, 6) for step in steps}) == [FAST_PROBE_S, SLOW_PROBE_S, RARE_PROBE_S]
    assert len([at for at in times if at < 10 + OPENING.fast_s]) == pytest.approx(40, abs=1)
    assert len(times) == pytest.approx(40 + 12 + 10, abs=2)
    assert times[-1] < 10 + OPENING.end_s


def test_every_challenge_is_another(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    values = [value for *_, value in run(paths, 10.0, 30.0)]
    assert len(set(values)) == len(values) > 50


def test_challenges_are_answered_where_they_came_from(paths: Paths) -> None:
    paths.receive_challenge(b"12345678", OTHER)
    paths.receive_challenge(b"abcdefgh", PEER)
    assert probes(paths, 10.0) == {OTHER: [(RESPONSE, b"12345678")], PEER: [(RESPONSE, b"abcdefgh")]}
    assert probes(paths, 10.0) == {}


@pytest.mark.parametrize("value", [b"", b"1234567", b"123456789"])
def test_a_challenge_of_another_size_is_ignored(paths: Paths, value: bytes) -> None:
    paths.receive_frame(CHALLENGE, value, PEER, 10.0)
    assert probes(paths, 10.0) == {}


def test_many_challenges_in_one_record_get_one_answer(paths: Paths) -> None:
    for i in range(100):
        paths.receive_challenge(i.to_bytes(8, "big"), PEER)
    assert probes(paths, 10.0) == {PEER: [(RESPONSE, (99).to_bytes(8, "big"))]}


# whom to probe


@pytest.mark.parametrize("host", ["224.0.0.1", "255.255.255.255", "0.0.0.0", "::", "ff02::1", "127.0.0.1", "::1"])
def test_nothing_is_sent_where_no_peer_can_be(paths: Paths, host: str) -> None:
    for port in (0, 5000):
        paths.add_candidate((host, port), 10.0)
        paths.receive_candidates(encode_candidates(0, [(host, port)]), 10.0)
        paths.heard_from((host, port), 10.0)
        paths.receive_challenge(bytes(8), (host, port))
    assert run(paths, 10.0, 30.0) == []
    settled(paths)
    paths.heard_from((host, 5000), 40.0)
    paths.receive_challenge(bytes(8), (host, 5000))
    assert run(paths, 40.0, 60.0) == []


def test_loopback_comes_first_where_it_is_allowed(paths: Paths) -> None:
    paths.allows_loopback = True
    here = ("127.0.0.1", 5)
    paths.add_candidate(LAN, 10.0)
    paths.add_candidate(here, 10.0)
    assert list(challenges(paths, 10.0)) == [here]
    assert set(challenges(paths, 10.0 + LOOPBACK_HEAD_START_S)) == {here, LAN}


def test_candidates_are_limited(paths: Paths) -> None:
    for i in range(3 * MAX_CANDIDATES):
        paths.add_candidate(("198.51.100.2", 1000 + i), 10.0)
    assert len(probes(paths, 10.0)) == MAX_CANDIDATES
    for first in range(0, 1000, 10):
        named = [("198.51.100.3", 2000 + first + i) for i in range(10)]
        paths.receive_candidates(encode_candidates(0, named), 10.0)
    assert len(paths._probes) == 2 * MAX_CANDIDATES


def test_a_newer_list_replaces_an_older_one_which_is_ignored_when_it_is_late(paths: Paths) -> None:
    paths.receive_candidates(encode_candidates(1, [PEER]), 10.0)
    paths.receive_candidates(encode_candidates(2, [LAN]), 10.0)
    paths.receive_candidates(encode_candidates(1, [OTHER]), 10.0)
    assert set(challenges(paths, 10.0)) == {LAN}
    paths.receive_candidates(encode_candidates(2, [SIX]), 10.0)
    assert set(challenges(paths, 10.05)) == {LAN, SIX}, "frames of one list add up"


def test_answers_are_limited(paths: Paths) -> None:
    for i in range(3 * MAX_CANDIDATES):
        paths.receive_challenge(bytes(8), ("192.0.2.2", 1000 + i))
    assert len(probes(paths, 10.0)) == MAX_CANDIDATES


def test_what_is_learned_is_bounded_and_pushes_nothing_named_out(paths: Paths) -> None:
    settled(paths)
    for i in range(1000):
        paths.heard_from(("192.0.2.9", 1000 + i), 40.0 + i)
        run(paths, 40.0 + i, 40.9 + i, (PEER,))
    assert len(paths._probes) == 1 + MAX_LEARNED
    assert paths.active == PEER


def test_victims_that_a_peer_names_share_one_budget(paths: Paths) -> None:
    settled(paths)
    now, sent = 100.0, 0
    for generation in range(1, 200):
        named = [("192.0.2.66", 1 + generation * MAX_CANDIDATES + i) for i in range(MAX_CANDIDATES)]
        paths.receive_candidates(encode_candidates(generation, named), now)
        sent += len([to for _, to, *_ in run(paths, now, now + 1.0, (PEER,)) if to != PEER])
        now += 1.0
    assert PROBE_BURST < sent <= PROBE_BURST + PROBES_PER_S * 200


def test_an_address_learned_from_a_datagram_gets_no_more_than_it_sent(paths: Paths) -> None:
    paths.heard_from(OTHER, 10.0)
    assert len(probes(paths, 10.0)) == 1
    assert paths.next_timer() is None, "a timer without credit would spin"
    assert probes(paths, 20.0) == {}
    paths.heard_from(OTHER, 20.0)
    paths.receive_challenge(b"12345678", OTHER)
    ((kinds),) = [[kind for kind, _ in frames] for frames in probes(paths, 20.0).values()]
    assert kinds == [RESPONSE, CHALLENGE], "both in the one record that it is worth"
    assert probes(paths, 30.0) == {}


def test_being_told_of_it_lifts_the_limit(paths: Paths) -> None:
    paths.heard_from(OTHER, 10.0)
    paths.add_candidate(OTHER, 10.0)
    assert [len(probes(paths, 10.0 + i)) for i in range(5)] == [1] * 5


# the best


def test_the_initiator_takes_a_better_path_while_it_still_looks(paths: Paths) -> None:
    for address in (PEER, SIX, LAN):
        paths.add_candidate(address, 10.0)
    sent = challenges(paths, 10.0)
    chosen = []
    for address in (PEER, SIX, LAN):
        paths.receive_response(sent[address], address, 10.2)
        chosen.append(paths.active)
    assert chosen == [PEER, SIX, LAN]
    nominations = [(to, value) for _, to, kind, value in run(paths, 10.2, 30.0) if kind == NOMINATE]
    assert nominations == [(LAN, sent[LAN])] * NOMINATIONS


def test_a_worse_path_is_not_taken(paths: Paths) -> None:
    for address in (PEER, LAN):
        paths.add_candidate(address, 10.0)
    sent = challenges(paths, 10.0)
    paths.receive_response(sent[LAN], LAN, 10.2)
    paths.receive_response(sent[PEER], PEER, 10.2)
    assert paths.active == LAN
    assert {to for _, to, *_ in run(paths, 10.2, 60.0)} == {LAN}, "what is worse is not even probed any more"


def test_of_two_alike_the_much_quicker_one_is_taken(paths: Paths) -> None:
    for address in (PEER, OTHER):
        paths.add_candidate(address, 10.0)
    sent = challenges(paths, 10.0)
    paths.receive_response(sent[PEER], PEER, 10.5)
    paths.receive_response(sent[OTHER], OTHER, 10.51)
    assert paths.active == PEER
    paths.add_candidate(OTHER, 10.6)
    paths.receive_response(challenge(paths, 10.6, OTHER), OTHER, 10.7)
    assert paths.active == OTHER


def test_answered_are_those_that_answered_the_path_first(paths: Paths) -> None:
    assert paths.answered == []
    for address in (LAN, SIX, PEER, OTHER):
        paths.add_candidate(address, 0.0)
    run(paths, 0.0, 5.0, answering=(PEER,))
    assert paths.answered == [PEER]
    paths.receive_candidates(encode_candidates(0, [SIX, LAN]), 5.0)
    run(paths, 5.0, 10.0, answering=(PEER, LAN))
    assert paths.answered == [LAN, PEER]


def test_the_search_for_a_better_path_ends(paths: Paths) -> None:
    for address in (PEER, LAN):
        paths.add_candidate(address, 10.0)
    sent = run(paths, 10.0, 100.0, (PEER,))
    assert max(at for at, *_ in sent) < 10.0 + UPGRADE_FOR_S


def responder_with(*valid: Address) -> tuple[Paths, dict[Address, bytes]]:
    """A responder to whom these are valid, the first one its path; and the challenges that it answered to each."""
    paths = Paths(Counting(), nominates=False)
    theirs = {address: f"theirs {i}".encode().ljust(8) for i, address in enumerate(valid)}
    for address in valid:
        paths.add_candidate(address, 10.0)
        paths.receive_challenge(theirs[address], address)
    sent = challenges(paths, 10.0)
    for address in valid:
        paths.receive_response(sent[address], address, 10.1)
    assert paths.active == valid[0]
    return paths, theirs


def test_the_responder_uses_what_is_nominated() -> None:
    paths, theirs = responder_with(PEER, OTHER)
    paths.receive_frame(NOMINATE, theirs[OTHER], PEER, 10.3)
    assert paths.active == OTHER


def test_what_is_nominated_must_be_valid_first() -> None:
    paths, _ = responder_with(PEER)
    paths.add_candidate(OTHER, 10.2)
    paths.receive_challenge(b"from oth", OTHER)
    sent = challenges(paths, 10.2)
    paths.receive_frame(NOMINATE, b"from oth", OTHER, 10.3)
    assert paths.active == PEER
    paths.receive_response(sent[OTHER], OTHER, 10.4)
    assert paths.active == OTHER


def test_a_nomination_of_what_was_never_answered_says_nothing() -> None:
    paths, _ = responder_with(PEER, OTHER)
    paths.receive_frame(NOMINATE, b"whatever", OTHER, 10.3)
    assert paths.active == PEER


def test_a_nomination_never_moves_the_path_from_a_named_address_to_a_learned_one() -> None:
    paths, _ = responder_with(PEER)
    thief = ("192.0.2.66", 6666)
    paths.heard_from(thief, 10.2)
    paths.receive_challenge(b"was for ", thief)
    sent = challenges(paths, 10.2)
    for address in (thief, PEER):  # Both are valid, and the path is not in doubt any more.
        paths.receive_response(sent[address], address, 10.3)
    paths.receive_frame(NOMINATE, b"was for ", thief, 10.4)
    paths.handle_timer(20.0)
    assert paths.active == PEER


def test_the_initiator_is_not_told(paths: Paths) -> None:
    for address in (LAN, PEER):
        paths.add_candidate(address, 10.0)
    sent = challenges(paths, 10.0)
    paths.receive_challenge(b"theirs  ", PEER)
    probes(paths, 10.1)
    for address in (LAN, PEER):
        paths.receive_response(sent[address], address, 10.2)
    paths.receive_frame(NOMINATE, b"theirs  ", PEER, 10.3)
    assert paths.active == LAN


def test_nominations_are_repeated_at_growing_distances(paths: Paths) -> None:
    for address in (PEER, LAN):
        paths.add_candidate(address, 10.0)
    times = [at for at, _, kind, _ in run(paths, 10.0, 60.0, (PEER,)) if kind == NOMINATE]
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert steps == pytest.approx([FIRST_NOMINATION_S * 2**i for i in range(NOMINATIONS - 1)])


# roaming


def test_a_record_from_elsewhere_challenges_the_old_and_the_new(paths: Paths) -> None:
    settled(paths)
    paths.heard_from(OTHER, 40.0)
    assert set(challenges(paths, 40.0)) == {PEER, OTHER}


def test_an_older_record_from_elsewhere_says_nothing(paths: Paths) -> None:
    settled(paths)
    paths.heard_from(OTHER, 40.0, is_highest=False)
    assert run(paths, 40.0, 60.0) == []


def test_the_old_path_stays_while_it_answers(paths: Paths) -> None:
    settled(paths)
    for i in range(200):
        paths.heard_from(OTHER, 40.0 + i / 10)
        run(paths, 40.0 + i / 10, 40.09 + i / 10, (PEER, OTHER))
    run(paths, 60.0, 80.0, (PEER, OTHER))
    assert paths.active == PEER


def test_the_new_path_is_used_when_the_old_one_does_not_answer(paths: Paths) -> None:
    settled(paths)
    paths.heard_from(OTHER, 40.0)
    run(paths, 40.0, 40.0 + OLD_ANSWERS_WITHIN_S - 0.01, (OTHER,))
    assert paths.active == PEER, "it gets its time"
    run(paths, 41.0 - 0.01, 40.0 + OLD_ANSWERS_WITHIN_S + 0.01, (OTHER,))
    assert paths.active == OTHER


def test_a_slow_path_gets_more_time(paths: Paths) -> None:
    paths.add_candidate(PEER, 10.0)
    paths.receive_response(challenge(paths, 10.0), PEER, 11.0)
    run(paths, 11.0, 30.0)
    paths.heard_from(OTHER, 40.0)
    run(paths, 40.0, 42.9, (OTHER,))
    assert paths.active == PEER
    run(paths, 42.9, 43.1)
    assert paths.active == OTHER


def test_a_new_path_that_answers_late_is_used_at_once(paths: Paths) -> None:
    settled(paths)
    paths.heard_from(OTHER, 40.0)
    run(paths, 40.0, 42.0)
    assert paths.active == PEER
    paths.heard_from(OTHER, 42.0)
    run(paths, 42.0, 42.1, (OTHER,))
    assert paths.active == OTHER


def test_a_path_that_has_just_answered_is_not_asked_again_at_once(paths: Paths) -> None:
    settled(paths)
    paths.heard_from(OTHER, 40.0)
    paths.receive_response(challenge(paths, 40.0), PEER, 40.1)
    paths.heard_from(OTHER, 40.1 + 0.9 * OLD_ANSWERS_WITHIN_S)
    assert run(paths, 41.0, 41.05) == []
    paths.heard_from(OTHER, 40.2 + OLD_ANSWERS_WITHIN_S)
    assert PEER in challenges(paths, 40.2 + OLD_ANSWERS_WITHIN_S)


def test_a_victim_that_answers_nothing_gets_nothing_more(paths: Paths) -> None:
    settled(paths)
    paths.heard_from(OTHER, 40.0)
    sent = run(paths, 40.0, 200.0)
    assert paths.active == PEER
    assert len([to for _, to, *_ in sent if to == OTHER]) == 1
    assert max(at for at, *_ in sent) < 40.0 + LATER.end_s


def test_a_path_that_was_silent_and_is_back_is_not_left_for_the_next_stranger(paths: Paths) -> None:
    settled(paths)
    paths.look_again(40.0)
    run(paths, 40.0, 100.0)
    paths.heard_from(OTHER, 100.0)
    run(paths, 100.0, 120.0, (PEER, OTHER))
    assert paths.active == PEER


def test_looking_again_finds_a_candidate_that_was_not_used(paths: Paths) -> None:
    for address in (PEER, LAN):
        paths.add_candidate(address, 10.0)
    run(paths, 10.0, 30.0, (PEER, LAN))
    assert paths.active == LAN
    paths.look_again(40.0)
    run(paths, 40.0, 60.0, (PEER,))
    assert paths.active == PEER


def test_a_new_list_of_candidates_is_doubt_enough(paths: Paths) -> None:
    settled(paths)
    paths.receive_candidates(encode_candidates(0, [PEER]), 20.0)
    run(paths, 20.0, 30.0, (PEER,))
    paths.receive_candidates(encode_candidates(1, [OTHER]), 40.0)
    run(paths, 40.0, 50.0, (OTHER,))
    assert paths.active == OTHER


STRANGERS = [("198.51.100.7", port) for port in range(1, 5)]


class CreditModel(RuleBasedStateMachine):
    """Whatever comes from wherever: no address that nobody named is sent more records than came from it."""

    def __init__(self) -> None:
        super().__init__()
        self.paths = Paths(Counting(), nominates=False)
        self.now = 10.0
        self.received: Counter[Address] = Counter()
        self.sent: Counter[Address] = Counter()

    @rule(source=st.sampled_from([PEER, *STRANGERS]), challenges=st.integers(0, 5))
    def receive(self, source: Address, challenges: int) -> None:
        for i in range(challenges):
            self.paths.receive_challenge(i.to_bytes(8, "big"), source)
        self.paths.heard_from(source, self.now)
        self.received[source] += 1

    @rule(after=st.floats(0, 3))
    def answer(self, after: float) -> None:
        """The one that is named answers, and is the path from then on."""
        self.now += after
        for address, frames in self.paths.probes_to_send(self.now):
            self.sent[address] += 1
            for kind, value in decode_frames(frames):
                if kind == CHALLENGE and address == PEER:
                    self.paths.receive_response(value, PEER, self.now)

    @rule(after=st.floats(0, 3))
    def wait(self, after: float) -> None:
        self.now += after
        self.paths.handle_timer(self.now)

    @rule()
    def look_again(self) -> None:
        self.paths.look_again(self.now)

    @rule(listed=st.lists(st.sampled_from([PEER, LAN, SIX]), max_size=3), generation=st.integers(0, 3))
    def receive_list(self, listed: list[Address], generation: int) -> None:
        self.paths.receive_candidates(encode_candidates(generation, listed), self.now)

    @rule()
    def name_one(self) -> None:
        self.paths.add_candidate(PEER, self.now)

    @rule(after=st.floats(0, 1))
    def send(self, after: float) -> None:
        self.now += after
        for address, _ in self.paths.probes_to_send(self.now):
            self.sent[address] += 1
        self.paths.handle_timer(self.now)
        for address, _ in self.paths.probes_to_send(self.now):
            self.sent[address] += 1
        timer = self.paths.next_timer()
        assert timer is None or timer > self.now

    @invariant()
    def nobody_but_the_named_is_the_path(self) -> None:
        assert self.paths.active in (None, PEER)
        assert len(self.paths._probes) <= 2 * MAX_CANDIDATES + MAX_LEARNED

    @invariant()
    def strangers_get_no_more_than_they_gave(self) -> None:
        assert all(self.sent[stranger] <= self.received[stranger] for stranger in STRANGERS)


TestCreditModel = CreditModel.TestCase
TestCreditModel.settings = settings(deadline=None, max_examples=12, stateful_step_count=30)
