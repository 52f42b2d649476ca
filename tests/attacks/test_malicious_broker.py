"""Two clients and a broker that knows the psk of every introduction and changes what it passes on. A chat that opens is
theirs alone; one that does not, ends with a sentence on both sides.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable

import msgspec
import pytest
from tests.support.malicious_broker import MaliciousBroker, Trick, a_malicious_broker, honest
from tests.support.people import DEADLINE_S, Person, a_person, introduce
from tests.support.tricks import ENDING, OPENING, no_addresses, one_way

from ud2p import ChatFailed, ChatOpened, HandshakeFailed, Invited, KnownPeers, MessageReceived, UD2PError
from ud2p.protocol import handshake, session
from ud2p.protocol.messages import Message, Signal

QUICK_S = 1.5
REAL_DEADLINE_S = 15.0


@contextlib.asynccontextmanager
async def alice_and_bob(trick: Trick) -> AsyncIterator[tuple[MaliciousBroker, Person, Person]]:
    async with a_malicious_broker(trick) as broker:
        async with a_person("alice", broker.address, known_peers=KnownPeers()) as alice:
            async with a_person("bob", broker.address, known_peers=KnownPeers()) as bob:
                yield broker, alice, bob


async def both_fail(alice: Person, bob: Person, within_s: float) -> tuple[str, str]:
    """Alice invites, Bob accepts, and both are told that nothing came of it; the sentences."""
    inviting = asyncio.ensure_future(alice.client.invite("bob"))
    invited = await bob.next(Invited)
    answering = asyncio.ensure_future(bob.client.answer(invited.invitation, accept=True))
    async with asyncio.timeout(within_s):
        results = await asyncio.gather(inviting, answering, return_exceptions=True)
    assert all(isinstance(result, UD2PError) for result in results), results
    sentences = []
    for person in (alice, bob):
        assert not person.client.chats
        events = await person.all_until(ChatFailed)
        assert not any(isinstance(event, ChatOpened) for event in events)
        failed = events[-1]
        assert isinstance(failed, ChatFailed)
        assert len(failed.reason) > 20
        sentences.append(failed.reason)
    return sentences[0], sentences[1]


@pytest.mark.parametrize("name", ENDING)
async def test_it_ends_with_a_sentence_on_both_sides(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "HANDSHAKE_DEADLINE_S", QUICK_S)
    monkeypatch.setattr(session, "CONNECT_DEADLINE_S", QUICK_S)
    async with alice_and_bob(ENDING[name]()) as (_, alice, bob):
        await both_fail(alice, bob, DEADLINE_S)


async def test_the_longest_that_anybody_waits_is_15_s() -> None:
    """Without a word of the peer's, and without an address: each in its own time."""

    async def one(trick: Trick) -> float:
        async with alice_and_bob(trick) as (_, alice, bob):
            began = asyncio.get_running_loop().time()
            await both_fail(alice, bob, REAL_DEADLINE_S + 5)
            return asyncio.get_running_loop().time() - began

    for took_s in await asyncio.gather(one(one_way("alice")()), one(one_way("bob")()), one(no_addresses())):
        assert took_s < REAL_DEADLINE_S + 3


@pytest.mark.parametrize("name", OPENING)
async def test_it_opens_all_the_same(name: str) -> None:
    async with alice_and_bob(OPENING[name]()) as (_, alice, bob):
        mine, theirs = await introduce(alice, bob)
        assert mine.words == theirs.words
        mine.post("in spite of it")
        assert (await bob.next(MessageReceived)).text == "in spite of it"


async def test_three_guesses_at_the_words_and_the_user_is_asked() -> None:
    """Whoever is in between lets introductions fail until the words match by chance."""

    def give_up_for_both(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Signal):
            gives_up = msgspec.structs.replace(message, data=b"\0handshake")
            for name in ("alice", "bob"):
                broker.send(name, gives_up)
            return ()
        return (message,)

    async with a_malicious_broker(give_up_for_both) as broker:
        async with a_person("alice", broker.address, known_peers=KnownPeers()) as alice:
            async with a_person("bob", broker.address, known_peers=KnownPeers(), auto_accept=True) as bob:
                for failures in (1, 2, 3):
                    with pytest.raises(UD2PError):
                        await alice.client.invite("bob")
                    await alice.next(ChatFailed)
                    await bob.next(ChatFailed)
                    assert alice.client.failures("bob") == bob.client.failures("alice") == failures
                with pytest.raises(HandshakeFailed, match="3 introductions with bob failed in a row"):
                    await alice.client.invite("bob")
                broker.trick = honest
                inviting = asyncio.ensure_future(alice.client.invite("bob", despite_failures=True))
                invited = await bob.next(Invited)  # A bot that says yes to everything does not here.
                assert invited.invitation.failures == 3
                assert await bob.client.answer(invited.invitation, accept=True) is not None
                await inviting
                assert alice.client.failures("bob") == bob.client.failures("alice") == 0
