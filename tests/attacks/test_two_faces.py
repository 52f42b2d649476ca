"""A broker that answers each of two peers in the other's place: keys of its own, everything read and passed on.

Mallory is two clients here, each at a broker that the victim believes to be the only one: to Alice she is Bob, to Bob
she is Alice. No handshake can tell at a first contact; the words can, and whoever was verified or pinned is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from tests.support.identities import identity_of
from tests.support.malicious_broker import a_malicious_broker
from tests.support.people import DEADLINE_S, Person, a_person, introduce

from ud2p import (
    ChatEnded,
    InvitationFailed,
    Invited,
    KnownPeers,
    MessageReceived,
    PeerNotTrusted,
    UD2PError,
)
from ud2p.identity import Identity

MALLORY = Identity.generate()
"""One pair of keys for both faces; two pairs would change nothing."""


@dataclass
class Faces:
    alice: Person
    bob: Person
    for_alice: Person
    """Mallory, under Bob's name."""
    for_bob: Person
    """Mallory, under Alice's name."""


@contextlib.asynccontextmanager
async def two_faces(knows_alice: KnownPeers, knows_bob: KnownPeers, **options: str) -> AsyncIterator[Faces]:
    """
    :param knows_alice: whom Alice knows
    :param options: Alice's
    """
    async with contextlib.AsyncExitStack() as stack:
        left = await stack.enter_async_context(a_malicious_broker())
        right = await stack.enter_async_context(a_malicious_broker())
        enter = stack.enter_async_context
        nobody = KnownPeers()
        yield Faces(
            await enter(a_person("alice", left.address, known_peers=Renamed(knows_alice, left.address), **options)),
            await enter(a_person("bob", right.address, known_peers=Renamed(knows_bob, right.address))),
            await enter(a_person("bob", left.address, identity=MALLORY, known_peers=nobody)),
            await enter(a_person("alice", right.address, identity=MALLORY, known_peers=nobody)),
        )


class Renamed(KnownPeers):
    """What somebody knows of ``BROKER``, at the address that it has today."""

    def __init__(self, of: KnownPeers, address: str) -> None:
        super().__init__()
        for peer in of.book.peers.values():
            assert peer.key is not None
            (self.verify if peer.verified else self.pin)(address, peer.name, peer.key)


BROKER = "localhost:17280"


def knowing(name: str, *, verified: bool) -> KnownPeers:
    """Somebody has met the true owner of a name before."""
    peers = KnownPeers()
    key = identity_of(name).fingerprint
    peers.pin(BROKER, name, key)
    if verified:
        peers.verify(BROKER, name, key)
    return peers


async def test_a_first_contact_is_unverified_and_the_words_differ() -> None:
    async with two_faces(KnownPeers(), KnownPeers()) as faces:
        to_bob, from_alice = await introduce(faces.alice, faces.for_alice)
        from_mallory, to_alice = await introduce(faces.for_bob, faces.bob)
        to_bob.post("nobody else reads this")
        read = await faces.for_alice.next(MessageReceived)
        from_mallory.post(read.text)
        assert (await faces.bob.next(MessageReceived)).text == "nobody else reads this"
        # That is what a first contact can't know. What it has:
        assert to_bob.trust == to_alice.trust == "unverified"
        assert len(to_bob.words) == len(to_alice.words) == 4
        assert to_bob.words != to_alice.words
        assert to_bob.peer_key == to_alice.peer_key == MALLORY.fingerprint
        # The two say the words to each other by voice, and Alice says that they differ.
        await to_bob.reject_words()
        ended = await faces.for_alice.next(ChatEnded)
        assert "the words differ" in ended.reason
        peers = faces.alice.client.known_peers
        assert peers.book.get(faces.alice.client.broker, "bob") is None


async def no_chat(victim: Person, mallory: Person, *, mallory_begins: bool) -> PeerNotTrusted:
    """No chat opens between the two, whoever asks whom; why, as the victim has it."""
    inviter, target = (mallory, victim) if mallory_begins else (victim, mallory)
    inviting = asyncio.ensure_future(inviter.client.invite(target.client.name))
    invited = await target.next(Invited)
    answering = asyncio.ensure_future(target.client.answer(invited.invitation, accept=True))
    async with asyncio.timeout(DEADLINE_S):
        results = await asyncio.gather(inviting, answering, return_exceptions=True)
    theirs, mine = results if mallory_begins else results[::-1]
    assert isinstance(mine, PeerNotTrusted), mine
    assert isinstance(theirs, UD2PError), theirs
    assert "opened no chat" in str(theirs)
    assert not victim.client.chats
    assert not mallory.client.chats
    return mine


@pytest.mark.parametrize("mallory_begins", [False, True])
@pytest.mark.parametrize("verified", [False, True])
async def test_who_was_met_before_is_never_replaced(verified: bool, mallory_begins: bool) -> None:
    async with two_faces(knowing("bob", verified=verified), knowing("alice", verified=verified)) as faces:
        for victim, mallory, name in (
            (faces.alice, faces.for_alice, "bob"),
            (faces.bob, faces.for_bob, "alice"),
        ):
            stopped = await no_chat(victim, mallory, mallory_begins=mallory_begins)
            assert stopped.is_change
            assert stopped.known == identity_of(name).fingerprint
            assert stopped.shown == MALLORY.fingerprint
            assert stopped.exit_code == 5
            book = victim.client.known_peers.book
            kept = book.get(victim.client.broker, name)
            assert kept is not None
            assert (kept.key, kept.verified) == (identity_of(name).fingerprint, verified)


async def test_another_key_than_the_named_one_is_never_let_in() -> None:
    named = identity_of("bob").fingerprint
    async with two_faces(KnownPeers(), KnownPeers(), peer_key=named) as faces:
        stopped = await no_chat(faces.alice, faces.for_alice, mallory_begins=False)
        assert (stopped.known, stopped.shown, stopped.exit_code) == (named, MALLORY.fingerprint, 5)


async def test_only_verified_peers_means_only_those() -> None:
    async with two_faces(KnownPeers(), KnownPeers(), require_verified=True) as faces:  # type: ignore[arg-type]
        with pytest.raises(PeerNotTrusted, match="not verified"):
            await faces.alice.client.invite("bob")
        with pytest.raises(InvitationFailed, match="alice declined"):
            await faces.for_alice.client.invite("alice")
        assert not faces.alice.client.chats
