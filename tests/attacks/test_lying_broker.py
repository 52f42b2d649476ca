"""A broker that lies to one client about what there is: whom it introduces, how often, under which names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable

import msgspec
import pytest
from tests.attacks.test_malicious_broker import alice_and_bob
from tests.support.identities import identity_of
from tests.support.malicious_broker import MaliciousBroker, a_malicious_broker
from tests.support.people import DEADLINE_S, introduce

from ud2p import (
    BrokerLost,
    BrokerUnreachable,
    ChatFailed,
    Client,
    HandshakeFailed,
    InvitationFailed,
    Invited,
    MessageReceived,
    broker_link,
    meetings,
)
from ud2p.protocol.messages import Introduction, ListPage, Message, Signal, Welcome
from ud2p.protocol.messages import Invited as WireInvited


async def test_a_name_that_was_not_asked_for_is_no_login() -> None:
    """The handshake binds names as they are registered; a client is not talked into another one."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        return (msgspec.structs.replace(message, name="carol") if isinstance(message, Welcome) else message,)

    async with a_malicious_broker(trick) as broker:
        client = Client("alice", broker.address, identity=identity_of("alice"))
        with pytest.raises(BrokerUnreachable, match="logged alice in as carol"):
            await client.connect()
        assert not client.connected


async def test_one_introduction_for_one_invitation() -> None:
    """Each would be a guess at the four words for a broker in between, and a few thousand pairs of guesses find one."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Introduction):
            fresh = (msgspec.structs.replace(message, session=os.urandom(16), key=os.urandom(32)) for _ in range(20))
            return (message, *fresh)
        return (message,)

    async with alice_and_bob(trick) as (broker, alice, bob):
        mine, theirs = await introduce(alice, bob)
        true_session = mine.session_id
        mine.post("between us")
        assert (await bob.next(MessageReceived)).text == "between us"
        assert [chat.session_id for chat in alice.client.chats] == [true_session]
        for message in broker.heard:
            if isinstance(message, Signal) and message.session != true_session:
                assert message.data[0] == 0, "an introduction too many got more than a goodbye"


async def test_no_session_is_introduced_twice() -> None:
    async with alice_and_bob(lambda broker, to, message: (message,)) as (broker, alice, bob):
        mine, theirs = await introduce(alice, bob)
        (introduction,) = (m for to, m in broker.sent if to == "alice" and isinstance(m, Introduction))
        broker.send("alice", introduction)
        failed = await alice.next(ChatFailed)
        assert "under the session of another chat" in failed.reason
        assert alice.client.chats == (mine,)
        for sender, receiver in ((mine, bob), (theirs, alice)):
            sender.post("still here")
            assert (await receiver.next(MessageReceived)).text == "still here"


async def test_nobody_is_introduced_who_was_not_asked() -> None:
    """Not a byte of a handshake goes to somebody whom the user did not invite or accept."""
    async with alice_and_bob(lambda broker, to, message: (message,)) as (broker, alice, bob):
        mine, _ = await introduce(alice, bob)
        (introduction,) = (m for to, m in broker.sent if to == "alice" and isinstance(m, Introduction))
        made_up = msgspec.structs.replace(
            introduction, session=os.urandom(16), invitation=os.urandom(16), peer="carol", identity=bytes(32)
        )
        broker.heard.clear()
        broker.send("alice", made_up)
        mine.post("meanwhile")
        assert (await bob.next(MessageReceived)).text == "meanwhile"
        await alice.client.list()
        assert [m.data[:1] for m in broker.heard if isinstance(m, Signal)] in ([], [b"\0"])
        assert alice.client.chats == (mine,)


async def test_another_peer_than_the_invited_is_named() -> None:
    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Introduction) and to == "alice":
            return (msgspec.structs.replace(message, peer="carol"),)
        return (message,)

    async with alice_and_bob(trick) as (_, alice, bob):
        inviting = asyncio.ensure_future(alice.client.invite("bob"))
        invited = await bob.next(Invited)
        answering = asyncio.ensure_future(bob.client.answer(invited.invitation, accept=True))
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises(HandshakeFailed, match="introduced carol, and somebody else was to come"):
                await inviting
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


async def test_an_invitation_that_never_comes_to_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does the broker tell the target, nor that the invitation has expired."""
    monkeypatch.setattr(meetings, "EXPIRY_GRACE_S", 0.2)

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, WireInvited):
            return (msgspec.structs.replace(message, expires_s=1),)
        return (message,) if to != "bob" or isinstance(message, Welcome) else ()

    async with a_malicious_broker() as broker:
        async with Client("alice", broker.address, identity=identity_of("alice")) as alice:
            async with Client("bob", broker.address, identity=identity_of("bob")):
                broker.trick = trick
                async with asyncio.timeout(DEADLINE_S):
                    with pytest.raises(InvitationFailed, match="bob did not answer in time"):
                        await alice.invite("bob")
                broker.trick = lambda broker, to, message: (message,)


async def test_a_question_that_is_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_link, "ANSWER_DEADLINE_S", 0.3)

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        return () if isinstance(message, ListPage) else (message,)

    async with a_malicious_broker(trick) as broker:
        async with Client("alice", broker.address, identity=identity_of("alice")) as alice:
            with pytest.raises(BrokerLost, match="the broker did not answer"):
                await alice.list()
            assert alice.connected


@pytest.mark.parametrize("honest_first", [True, False])
async def test_who_initiates_may_be_turned_round_and_changes_nothing(honest_first: bool) -> None:
    """A broker decides which of two crossing invitations was first: told alike to both, it is as good as true."""

    def trick(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
        if isinstance(message, Introduction) and not honest_first:
            return (msgspec.structs.replace(message, initiator=not message.initiator),)
        return (message,)

    async with alice_and_bob(trick) as (_, alice, bob):
        mine, theirs = await introduce(alice, bob)
        assert mine.words == theirs.words
        assert mine.cipher == theirs.cipher == "aes-gcm"


@pytest.mark.parametrize(
    "data", [b"\0left", b"\0", b"\0handshake", b"\1" + bytes(112), b"\2", b"\3" + bytes(64), b"\x08"]
)
async def test_nothing_unsealed_ends_an_open_chat(data: bytes) -> None:
    """What ends an introduction, which nothing authenticates, ends no chat."""
    async with alice_and_bob(lambda broker, to, message: (message,)) as (broker, alice, bob):
        mine, theirs = await introduce(alice, bob)
        for to in ("alice", "bob"):
            broker.send(to, Signal(session=mine.session_id, data=data))
            broker.send(to, Signal(session=mine.session_id, data=data))
        await alice.client.list()  # behind which the signals have arrived
        await bob.client.list()
        for sender, receiver in ((mine, bob), (theirs, alice)):
            sender.post("still here")
            assert (await receiver.next(MessageReceived)).text == "still here"
        assert alice.client.chats == (mine,)
        assert bob.client.chats == (theirs,)
