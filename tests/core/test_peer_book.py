"""What is known of peers, as a machine that Hypothesis drives against a plain model of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ud2p.errors import PeerNotTrusted, UsageError
from ud2p.identity import fingerprint
from ud2p.peer_book import KnownPeer, PeerBook, Standing, Trust

HERE, THERE = "localhost:17280", "chat.example:17280"
K1, K2, K3 = (fingerprint(bytes([number]) * 32) for number in (1, 2, 3))

brokers = st.sampled_from([HERE, THERE, "LOCALHOST:17280"])
names = st.sampled_from(["bob", "Bob", "BOB", "carol", "b0b"])
keys = st.sampled_from([K1, K2, K3])


def test_who_was_never_met_is_new_and_then_pinned() -> None:
    book = PeerBook()
    assert book.look_up(HERE, "bob", K1) == Trust(Standing.NEW)
    book = book.pin(HERE, "bob", K1)
    assert book.look_up(HERE, "bob", K1) == Trust(Standing.PINNED, K1)
    assert book.look_up(HERE, "bob", K1).word == "unverified"


def test_another_key_is_changed_and_never_taken_by_itself() -> None:
    book = PeerBook().pin(HERE, "bob", K1)
    assert book.look_up(HERE, "bob", K2) == Trust(Standing.CHANGED, K1)
    assert book.pin(HERE, "bob", K2) == book
    with pytest.raises(PeerNotTrusted, match="bob can't be verified: it is changed by now"):
        book.verify(HERE, "bob", K2)


def test_a_verified_peer_with_another_key_is_changed_and_was_verified() -> None:
    book = PeerBook().pin(HERE, "bob", K1).verify(HERE, "bob", K1)
    assert book.look_up(HERE, "bob", K1) == Trust(Standing.VERIFIED, K1, was_verified=True)
    assert book.look_up(HERE, "bob", K1).word == "verified"
    changed = book.look_up(HERE, "bob", K2)
    assert changed == Trust(Standing.CHANGED, K1, was_verified=True)
    assert changed.word == "unverified"


def test_a_replaced_key_is_unverified_and_no_third_one_is_taken() -> None:
    book = PeerBook().pin(HERE, "bob", K1).verify(HERE, "bob", K1).replace(HERE, "bob", K2)
    assert book.look_up(HERE, "bob", K2) == Trust(Standing.PINNED, K2)
    assert book.look_up(HERE, "bob", K3).standing is Standing.CHANGED
    assert book.look_up(HERE, "bob", K1).standing is Standing.CHANGED


@pytest.mark.parametrize("twin", ["Bob", "BOB", "bOb"])
def test_a_case_twin_is_the_same_name(twin: str) -> None:
    book = PeerBook().pin(HERE, "bob", K1)
    assert book.look_up(HERE, twin, K2).standing is Standing.CHANGED
    assert book.look_up(HERE.upper(), twin, K1).standing is Standing.PINNED
    assert len(book.verify(HERE, twin, K1).peers) == 1


def test_a_name_means_something_at_one_broker_only() -> None:
    book = PeerBook().pin(HERE, "bob", K1)
    assert book.look_up(THERE, "bob", K2).standing is Standing.NEW
    assert book.look_up("localhost:17281", "bob", K2).standing is Standing.NEW


def test_who_is_blocked_stays_so_whatever_key_or_name_they_take() -> None:
    book = PeerBook().pin(HERE, "bob", K1).block(HERE, "BOB")
    assert book.is_blocked(HERE, "bob")
    assert book.look_up(HERE, "bob", K2).standing is Standing.BLOCKED
    assert book.look_up(THERE, "mallory", K1).standing is Standing.BLOCKED
    assert book.look_up(HERE, "carol", K2).standing is Standing.NEW
    with pytest.raises(PeerNotTrusted):
        book.verify(HERE, "bob", K1)
    unblocked = book.unblock(HERE, "bob")
    assert unblocked == PeerBook().pin(HERE, "bob", K1)


def test_somebody_can_be_blocked_who_was_never_met() -> None:
    book = PeerBook().block(HERE, "bob")
    assert book.look_up(HERE, "Bob", K1) == Trust(Standing.BLOCKED)
    assert book.pin(HERE, "bob", K1) == book
    assert book.unblock(HERE, "bob") == PeerBook()
    assert book.block(HERE, "bob") == book


def test_what_is_not_there_is_a_sentence() -> None:
    book = PeerBook().pin(HERE, "bob", K1)
    for action in (book.forget, book.unblock):
        with pytest.raises(UsageError, match="carol"):
            action(HERE, "carol")
    with pytest.raises(UsageError, match="nobody called carol is known at localhost:17280"):
        book.replace(HERE, "carol", K1)
    with pytest.raises(UsageError, match="bob is not blocked"):
        book.unblock(HERE, "bob")


def test_two_entries_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="BOB at localhost:17280 stands there twice"):
        PeerBook.of([KnownPeer(HERE, "bob", K1), KnownPeer(HERE, "BOB", K2)])


@given(brokers, names, keys, keys)
def test_no_book_is_ever_changed(broker: str, name: str, key: str, other: str) -> None:
    book = PeerBook().pin(broker, name, key)
    before = dict(book.peers)
    book.verify(broker, name, key).replace(broker, name, other).block(broker, name).forget(broker, name)
    assert dict(book.peers) == before


@dataclass
class Model:
    """What a peer is known as, written down without any thought of how."""

    key: str | None = None
    verified: bool = False
    blocked: bool = False


class KnownPeersAgainstAModel(RuleBasedStateMachine):
    """Whatever is done in whatever order, a key that was not pinned, replaced or verified is never trusted."""

    def __init__(self) -> None:
        super().__init__()
        self.book = PeerBook()
        self.model: dict[tuple[str, str], Model] = {}

    def known(self, broker: str, name: str) -> Model | None:
        return self.model.get((broker.lower(), name.lower()))

    def new(self, broker: str, name: str) -> Model:
        return self.model.setdefault((broker.lower(), name.lower()), Model())

    def is_key_blocked(self, key: str) -> bool:
        return any(each.blocked and each.key == key for each in self.model.values())

    @rule(broker=brokers, name=names, key=keys)
    def pin(self, broker: str, name: str, key: str) -> None:
        if self.known(broker, name) is None and not self.is_key_blocked(key):
            self.new(broker, name).key = key
        self.book = self.book.pin(broker, name, key)

    @rule(broker=brokers, name=names, key=keys)
    def verify(self, broker: str, name: str, key: str) -> None:
        known = self.known(broker, name)
        may = (known is None or (known.key == key and not known.blocked)) and not self.is_key_blocked(key)
        if not may:
            with pytest.raises(PeerNotTrusted):
                self.book.verify(broker, name, key)
            return
        self.model[broker.lower(), name.lower()] = Model(key, verified=True)
        self.book = self.book.verify(broker, name, key)

    @rule(broker=brokers, name=names, key=keys)
    def replace(self, broker: str, name: str, key: str) -> None:
        known = self.known(broker, name)
        if known is None:
            with pytest.raises(UsageError):
                self.book.replace(broker, name, key)
            return
        known.key, known.verified = key, False
        self.book = self.book.replace(broker, name, key)

    @rule(broker=brokers, name=names)
    def block(self, broker: str, name: str) -> None:
        self.new(broker, name).blocked = True
        self.book = self.book.block(broker, name)

    @rule(broker=brokers, name=names)
    def unblock(self, broker: str, name: str) -> None:
        known = self.known(broker, name)
        if known is None or not known.blocked:
            with pytest.raises(UsageError):
                self.book.unblock(broker, name)
            return
        known.blocked = False
        if known.key is None:
            del self.model[broker.lower(), name.lower()]
        self.book = self.book.unblock(broker, name)

    @rule(broker=brokers, name=names)
    def forget(self, broker: str, name: str) -> None:
        if self.known(broker, name) is None:
            with pytest.raises(UsageError):
                self.book.forget(broker, name)
            return
        del self.model[broker.lower(), name.lower()]
        self.book = self.book.forget(broker, name)

    @invariant()
    def what_is_looked_up_is_the_models(self) -> None:
        for broker in (HERE, THERE):
            for name in ("bob", "CAROL", "b0b"):
                for key in (K1, K2, K3):
                    assert self.book.look_up(broker, name, key).standing is self.expected(broker, name, key)

    def expected(self, broker: str, name: str, key: str) -> Standing:
        known = self.known(broker, name)
        if self.is_key_blocked(key) or (known is not None and known.blocked):
            return Standing.BLOCKED
        if known is None or known.key is None:
            return Standing.NEW
        if known.key != key:
            return Standing.CHANGED
        return Standing.VERIFIED if known.verified else Standing.PINNED


TestKnownPeersAgainstAModel = KnownPeersAgainstAModel.TestCase
