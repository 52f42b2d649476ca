from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.forged_key import SMALL_ORDER
from tests.support.lossy_link import MASTER

from ud2p.errors import RemoteProtocolError
from ud2p.protocol import rekey
from ud2p.protocol.frames import FrameType, decode_frames, encode_frame
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.rekey import FIRST_REPEAT_S, KEEP_OLD_KEY_S, MAX_REPEAT_S, REKEY_AFTER_S, Epoch, Rekey

OFTEN = st.booleans()
PING = encode_frame(FrameType.PING)


class Pair:
    """Two ends whose frames a test carries by hand."""

    def __init__(self) -> None:
        chance = random.Random(7)
        self.alice = Rekey(Role.INITIATOR, MASTER, 0.0, chance.randbytes)
        self.bob = Rekey(Role.RESPONDER, MASTER, 0.0, chance.randbytes)

    def follow(self, now: float) -> Epoch:
        """Alice wants the next epoch, and both get there."""
        self.alice.want(now)
        began = self.bob.receive_rekey(body_of(self.alice.frame_to_send(now)), now)
        assert began is not None
        assert self.alice.receive_rekey(body_of(self.bob.frame_to_send(now)), now) == began
        self.bob.opened(began.number, now)
        self.alice.opened(began.number, now)
        return began


def body_of(frame: bytes | None) -> bytes:
    assert frame is not None
    ((_, body),) = decode_frames(frame)
    return body


def rekey_body(epoch: int, public: bytes | None = None) -> bytes:
    public = public or X25519PrivateKey.generate().public_key().public_bytes_raw()
    return epoch.to_bytes(2, "big") + public


def raises_protocol_error(act: Callable[[], object]) -> None:
    with pytest.raises(RemoteProtocolError):
        act()


# the plain way


def test_after_ten_minutes_both_have_the_same_new_master() -> None:
    pair = Pair()
    assert pair.alice.next_timer() == REKEY_AFTER_S
    assert pair.bob.next_timer() == float("inf")
    pair.alice.handle_timer(REKEY_AFTER_S - 0.1)
    assert pair.alice.frame_to_send(REKEY_AFTER_S - 0.1) is None
    pair.alice.handle_timer(REKEY_AFTER_S)
    request = body_of(pair.alice.frame_to_send(REKEY_AFTER_S))
    began = pair.bob.receive_rekey(request, REKEY_AFTER_S)
    assert (pair.alice.sealing, pair.bob.sealing) == (0, 0)
    answer = body_of(pair.bob.frame_to_send(REKEY_AFTER_S))
    assert pair.alice.receive_rekey(answer, REKEY_AFTER_S) == began
    assert began is not None
    assert began.number == 1
    assert began.master != MASTER
    assert (pair.alice.sealing, pair.bob.sealing) == (1, 0), "the responder waits for a record of it"
    assert pair.bob.opened(1, REKEY_AFTER_S)
    assert not pair.alice.opened(1, REKEY_AFTER_S), "it sealed under it before"
    assert (pair.alice.sealing, pair.bob.sealing) == (1, 1)


def test_every_epoch_follows_from_the_one_before_and_from_fresh_keys() -> None:
    pair, other = Pair(), Pair()
    masters = [pair.follow(float(i)).master.secret for i in range(5)]
    assert len({MASTER.secret, *masters}) == 6
    other.alice = Rekey(Role.INITIATOR, MASTER, 0.0, random.Random(8).randbytes)
    assert other.follow(0.0).master.secret != masters[0], "who knows the old master knows nothing of the new"


def test_who_has_the_old_master_and_saw_the_public_keys_lacks_what_the_two_agree_on() -> None:
    pair = Pair()
    pair.alice.want(0.0)
    question = body_of(pair.alice.frame_to_send(0.0))
    own = pair.alice._own
    assert own is not None
    began = pair.bob.receive_rekey(question, 0.0)
    assert began is not None
    answer = body_of(pair.bob.frame_to_send(0.0))
    context = question + answer[2:]
    shared = own.exchange(X25519PublicKey.from_public_bytes(answer[2:]))
    masters = [Master.extract(MASTER.secret, each).expand("rekey", context) for each in (shared, b"", bytes(32))]
    assert began.master.secret == masters[0]
    assert began.master.secret not in masters[1:]


def test_ten_minutes_count_from_the_last_time() -> None:
    pair = Pair()
    pair.follow(500.0)
    assert pair.alice.next_timer() == 500.0 + KEEP_OLD_KEY_S
    pair.alice.handle_timer(500.0 + KEEP_OLD_KEY_S)
    assert pair.alice.next_timer() == 500.0 + REKEY_AFTER_S


def test_the_old_key_goes_half_a_minute_after_the_first_record_of_the_new() -> None:
    pair = Pair()
    pair.follow(10.0)
    for end in (pair.alice, pair.bob):
        assert end.old_key_until == 10.0 + KEEP_OLD_KEY_S
        assert not end.handle_timer(10.0 + KEEP_OLD_KEY_S - 0.1)
        assert end.handle_timer(10.0 + KEEP_OLD_KEY_S)
        assert not end.handle_timer(10.0 + KEEP_OLD_KEY_S), "once"


# repeats


def sending_times(end: Rekey, until: float) -> list[float]:
    times = []
    while (at := end.send_at) <= until:
        assert end.frame_to_send(at) is not None
        assert end.frame_to_send(at) is None
        times.append(at)
    return times


def test_a_request_is_repeated_ever_more_slowly() -> None:
    pair = Pair()
    pair.alice.want(0.0)
    times = sending_times(pair.alice, 60.0)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert times[0] == 0.0
    assert gaps == [FIRST_REPEAT_S, 2.0, 4.0, 8.0, *[MAX_REPEAT_S] * (len(gaps) - 4)]


def test_every_copy_of_a_request_is_answered_with_the_same_key() -> None:
    pair = Pair()
    pair.alice.want(0.0)
    first, again = (body_of(pair.alice.frame_to_send(now)) for now in (0.0, 1.0))
    assert first == again
    answers = []
    for at, body in enumerate((first, again)):
        pair.bob.receive_rekey(body, float(at))
        answers.append(body_of(pair.bob.frame_to_send(float(at))))
        assert pair.bob.frame_to_send(float(at)) is None
    assert answers[0] == answers[1]
    assert pair.bob.newest.number == 1


def test_copies_of_what_is_over_change_nothing() -> None:
    pair = Pair()
    pair.alice.want(0.0)
    request = body_of(pair.alice.frame_to_send(0.0))
    pair.bob.receive_rekey(request, 0.0)
    answer = body_of(pair.bob.frame_to_send(0.0))
    pair.alice.receive_rekey(answer, 0.0)
    assert pair.alice.receive_rekey(answer, 0.0) is None
    pair.bob.opened(1, 0.0)
    pair.alice.opened(1, 0.0)
    assert pair.bob.receive_rekey(request, 0.0) is None
    assert pair.bob.frame_to_send(0.0) is None, "the initiator has it: a record of the epoch came"
    pair.follow(1.0)
    assert pair.bob.receive_rekey(request, 2.0) is None
    assert pair.alice.receive_rekey(answer, 2.0) is None
    assert pair.alice.newest == pair.bob.newest
    assert pair.alice.newest.number == 2


def test_the_initiator_pings_until_the_new_epoch_is_confirmed_and_starts_no_other_before() -> None:
    pair = Pair()
    pair.alice.want(0.0)
    pair.bob.receive_rekey(body_of(pair.alice.frame_to_send(0.0)), 0.0)
    pair.alice.receive_rekey(body_of(pair.bob.frame_to_send(0.0)), 0.5)
    assert pair.alice.frame_to_send(0.5) == PING
    pair.alice.want(0.6)
    pair.alice.handle_timer(2 * REKEY_AFTER_S)
    assert pair.alice.frame_to_send(2 * REKEY_AFTER_S) == PING
    pair.alice.opened(0, 1201.0)
    assert pair.alice.send_at < float("inf")
    pair.alice.opened(1, 1202.0)
    assert pair.alice.frame_to_send(1300.0) is None
    assert pair.alice.old_key_until == 1202.0 + KEEP_OLD_KEY_S


# the responder asks


def test_the_responder_asks_until_the_initiator_starts() -> None:
    pair = Pair()
    pair.bob.want(3.0)
    wish = pair.bob.frame_to_send(3.0)
    assert wish == encode_frame(FrameType.REKEY_WANTED, b"\0\0")
    assert pair.bob.frame_to_send(3.9) is None
    assert pair.bob.frame_to_send(4.0) == wish
    pair.alice.receive_wanted(body_of(wish), 5.0)
    pair.bob.receive_rekey(body_of(pair.alice.frame_to_send(5.0)), 5.0)
    assert body_of(pair.bob.frame_to_send(5.0))[:2] == b"\0\1"
    assert pair.bob.frame_to_send(100.0) is None, "it has what it asked for"


def test_a_wish_that_crosses_the_request_starts_nothing_more() -> None:
    pair = Pair()
    pair.alice.want(0.0)
    pair.bob.want(0.0)
    wish, request = pair.bob.frame_to_send(0.0), pair.alice.frame_to_send(0.0)
    pair.alice.receive_wanted(body_of(wish), 0.1)
    assert pair.alice.frame_to_send(0.1) is None, "it is asked for already"
    pair.bob.receive_rekey(body_of(request), 0.1)
    pair.alice.receive_rekey(body_of(pair.bob.frame_to_send(0.1)), 0.2)
    pair.bob.opened(1, 0.3)
    pair.alice.opened(1, 0.4)
    pair.alice.receive_wanted(body_of(wish), 0.5)
    assert pair.alice.frame_to_send(0.5) is None, "the wish was for another epoch"
    assert pair.alice.newest == pair.bob.newest


# what nobody sends who keeps to the protocol


@pytest.mark.parametrize("size", [0, 1, 33, 35, 100])
def test_a_request_of_a_wrong_length_is_refused(size: int) -> None:
    for end in (Pair().alice, Pair().bob):
        raises_protocol_error(lambda end=end: end.receive_rekey(bytes(size), 0.0))  # type: ignore[misc]


def test_an_answer_that_nobody_asked_for_is_refused() -> None:
    pair = Pair()
    raises_protocol_error(lambda: pair.alice.receive_rekey(rekey_body(1), 0.0))
    pair.alice.want(0.0)
    raises_protocol_error(lambda: pair.alice.receive_rekey(rekey_body(2), 0.0))
    raises_protocol_error(lambda: pair.alice.receive_rekey(rekey_body(0), 0.0))
    pair.follow(0.0)
    raises_protocol_error(lambda: pair.alice.receive_rekey(rekey_body(1), 0.0))


def test_a_request_out_of_turn_is_refused() -> None:
    for number in (0, 2, 65535):
        raises_protocol_error(lambda number=number: Pair().bob.receive_rekey(rekey_body(number), 0.0))  # type: ignore[misc]
    pair = Pair()
    pair.bob.receive_rekey(rekey_body(1), 0.0)
    raises_protocol_error(lambda: pair.bob.receive_rekey(rekey_body(1), 0.0))
    raises_protocol_error(lambda: pair.bob.receive_rekey(rekey_body(2), 0.0))
    assert pair.bob.newest.number == 1


def test_a_wish_from_the_initiator_or_of_a_wrong_length_is_refused() -> None:
    raises_protocol_error(lambda: Pair().bob.receive_wanted(b"\0\0", 0.0))
    for body in (b"", b"\0", b"\0\0\0"):
        raises_protocol_error(lambda body=body: Pair().alice.receive_wanted(body, 0.0))  # type: ignore[misc]


@pytest.mark.parametrize("point", SMALL_ORDER, ids=["zero", "one"])
def test_a_key_with_which_everybody_agrees_on_zero_is_refused_and_changes_nothing(point: bytes) -> None:
    pair = Pair()
    raises_protocol_error(lambda: pair.bob.receive_rekey(rekey_body(1, point), 0.0))
    assert pair.bob.newest == Epoch(0, MASTER)
    assert pair.bob.frame_to_send(0.0) is None
    pair.alice.want(0.0)
    raises_protocol_error(lambda: pair.alice.receive_rekey(rekey_body(1, point), 0.0))
    assert pair.alice.newest == Epoch(0, MASTER)


# the end


def test_there_is_no_epoch_65535(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rekey.LAST_EPOCH == 65534
    monkeypatch.setattr(rekey, "LAST_EPOCH", 2)
    pair = Pair()
    pair.follow(0.0)
    pair.follow(1.0)
    for end in (pair.alice, pair.bob):
        assert not end.is_at_end
        end.want(2.0)
        assert end.is_at_end
        assert end.frame_to_send(2.0) is None
    raises_protocol_error(lambda: pair.bob.receive_rekey(rekey_body(3), 2.0))


# anything may be lost, repeated or late


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_however_frames_are_lost_and_repeated_both_follow_the_same_epochs(data: st.DataObject) -> None:
    pair = Pair()
    wire: dict[Role, list[bytes]] = {role: [] for role in Role}
    ends = {Role.INITIATOR: pair.alice, Role.RESPONDER: pair.bob}
    masters: dict[int, set[bytes]] = {}
    for step in range(60):
        now = step * 3.0
        role = data.draw(st.sampled_from(Role))
        end = ends[role]
        if data.draw(st.integers(0, 5)) == 0:
            end.want(now)
        while (frame := end.frame_to_send(now)) is not None:
            wire[role.other].append(frame)
        if data.draw(OFTEN) and wire[role]:
            # What stays in the wire comes again, and later than others.
            receive(end, data.draw(st.sampled_from(wire[role])), now)
        peer = ends[role.other]
        if data.draw(OFTEN) and peer.sealing <= end.newest.number:
            end.opened(peer.sealing, now)  # some record of the peer's
        for one in ends.values():
            masters.setdefault(one.newest.number, set()).add(one.newest.master.secret)
        assert abs(pair.alice.newest.number - pair.bob.newest.number) <= 1
        for one, other in ((pair.alice, pair.bob), (pair.bob, pair.alice)):
            assert other.newest.number - 1 <= one.sealing <= other.newest.number, "the other has, or just had, the key"
    assert all(len(secrets) == 1 for secrets in masters.values())


def receive(end: Rekey, frame: bytes, now: float) -> None:
    ((kind, body),) = decode_frames(frame)
    if kind == FrameType.REKEY:
        end.receive_rekey(body, now)
    elif kind == FrameType.REKEY_WANTED:
        end.receive_wanted(body, now)
