"""The client against a real broker: who is there, invitations, and a broker that goes away."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.support.identities import identity_of
from tests.support.people import a_broker, a_person, introduce, two_in_a_chat

from ud2p import (
    BrokerBack,
    BrokerClosed,
    BrokerGone,
    BrokerRefused,
    BrokerUnreachable,
    ChatFailed,
    ChatOpened,
    Client,
    Decision,
    InvitationEnded,
    InvitationFailed,
    InvitationRequest,
    Invited,
    MessageReceived,
    NoCommonCipher,
    PluginError,
    PluginManager,
    StatusChanged,
    broker_presence,
    impl,
)


async def test_lists_everyone_and_those_who_are_online() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice, a_person("bob", broker) as bob:
        await bob.client.set_status(online=False)
        everyone = await alice.client.list()
        assert [(one.name, one.online) for one in everyone.clients] == [("alice", True), ("bob", False)]
        assert everyone.total == 2
        assert [one.name for one in (await alice.client.available()).clients] == []
        await bob.client.set_status(online=True)
        assert [one.name for one in (await alice.client.available()).clients] == ["bob"]
        assert (await bob.next(StatusChanged)).online is False


async def test_pages_of_a_list() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice:
        async with a_person("bob", broker), a_person("bobby", broker), a_person("carol", broker):
            first = await alice.client.list(limit=2)
            assert [one.name for one in first.clients] == ["alice", "bob"]
            assert first.cursor is not None
            rest = await alice.client.list(cursor=first.cursor)
            assert [one.name for one in rest.clients] == ["bobby", "carol"]
            assert rest.cursor is None
            assert [one.name for one in (await alice.client.list(prefix="BO")).clients] == ["bob", "bobby"]


async def test_an_accepted_invitation_opens_a_chat_on_both_sides() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice, a_person("Bob", broker) as bob:
        mine, theirs = await introduce(alice, bob)
        assert (mine.peer, theirs.peer) == ("Bob", "alice")
        assert mine.cipher == theirs.cipher == "aes-gcm"
        assert mine.path.startswith("direct 127.0.0.1:")
        assert mine.trust == "unverified"
        assert alice.client.chats == (mine,)


async def test_a_declined_invitation() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice, a_person("bob", broker) as bob:
        inviting = asyncio.ensure_future(alice.client.invite("bob"))
        invited = await bob.next(Invited)
        assert await bob.client.answer(invited.invitation, accept=False, reason="later") is None
        with pytest.raises(InvitationFailed, match="bob declined: later") as failure:
            await inviting
        assert failure.value.reason == "declined"
        with pytest.raises(InvitationFailed):
            await bob.client.answer(invited.invitation, accept=True)


async def test_cancelling_withdraws_an_invitation() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice, a_person("bob", broker) as bob:
        inviting = asyncio.ensure_future(alice.client.invite("bob"))
        invited = await bob.next(Invited)
        inviting.cancel()
        ended = await bob.next(InvitationEnded)
        assert (ended.invitation, ended.reason) == (invited.invitation, "withdrawn")
        assert bob.client.invitations == ()


async def test_inviting_whoever_has_invited_us_accepts() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice, a_person("bob", broker) as bob:
        inviting = asyncio.ensure_future(alice.client.invite("bob"))
        await bob.next(Invited)
        theirs = await bob.client.invite("ALICE")
        mine = await inviting
        theirs.post("both at once")
        assert (await alice.next(MessageReceived)).text == "both at once"
        assert mine.peer == "bob"
        assert (await bob.next(InvitationEnded)).reason == "accepted"


@pytest.mark.parametrize(
    ("peer", "code"), [("nobody", "unknown-client"), ("alice", "own-client"), ("bob", "target-offline")]
)
async def test_who_can_not_be_invited(peer: str, code: str) -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice, a_person("bob", broker, online=False):
        with pytest.raises(BrokerRefused) as refusal:
            await alice.client.invite(peer)
        assert refusal.value.code == code


async def test_offline_clients_can_not_invite() -> None:
    async with a_broker() as broker, a_person("alice", broker, online=False) as alice, a_person("bob", broker):
        with pytest.raises(BrokerRefused, match="You cannot connect to another client while offline"):
            await alice.client.invite("bob")


async def test_a_name_is_taken_once() -> None:
    async with a_broker() as broker, a_person("alice", broker):
        with pytest.raises(BrokerRefused, match="taken") as refusal:
            await Client("Alice", broker).connect()
        assert refusal.value.code == "name-taken"


async def test_no_common_cipher_is_told_to_both() -> None:
    async with a_broker() as broker, a_person("alice", broker, ciphers=["fernet"]) as alice:
        async with a_person("bob", broker, ciphers=["xchacha20"]) as bob:
            inviting = asyncio.ensure_future(alice.client.invite("bob"))
            invited = await bob.next(Invited)
            with pytest.raises(NoCommonCipher, match="you offer xchacha20, alice offers fernet"):
                await bob.client.answer(invited.invitation, accept=True)
            with pytest.raises(NoCommonCipher, match="you offer fernet, bob offers xchacha20"):
                await inviting
            failed = await alice.next(ChatFailed)
            assert "no cipher in common" in failed.reason
            assert "alice offers fernet" in (await bob.next(ChatFailed)).reason


async def test_the_first_of_the_inviters_ciphers_that_both_have_is_used() -> None:
    async with a_broker() as broker, a_person("alice", broker, ciphers=["fernet", "xchacha20"]) as alice:
        async with a_person("bob", broker, ciphers=["aes-gcm", "xchacha20"]) as bob:
            mine, theirs = await introduce(alice, bob)
            assert mine.cipher == theirs.cipher == "xchacha20"


async def test_an_unknown_cipher_is_named() -> None:
    with pytest.raises(PluginError, match="rot13"):
        Client("alice", ciphers=["rot13"])


async def test_auto_accept() -> None:
    async with (
        a_broker() as broker,
        a_person("alice", broker) as alice,
        a_person("bot", broker, auto_accept=True) as bot,
    ):
        chat = await alice.client.invite("bot")
        chat.post("hello")
        assert (await bot.next(MessageReceived)).text == "hello"


async def test_a_gatekeeper_may_decline_for_the_user() -> None:
    class Bouncer:
        @impl
        def ud2p_invitation(self, invitation: InvitationRequest) -> Decision:
            return Decision.DECLINE if invitation.peer == "mallory" else Decision.ACCEPT

    plugins = PluginManager.load()
    plugins.register(Bouncer(), "bouncer")
    async with a_broker() as broker, a_person("bob", broker, plugins=plugins) as bob:
        async with a_person("mallory", broker) as mallory, a_person("alice", broker) as alice:
            with pytest.raises(InvitationFailed, match="declined"):
                await mallory.client.invite("bob")
            await alice.client.invite("bob")
            assert (await bob.next(ChatOpened)).chat.peer == "alice"


async def test_reconnects_and_keeps_chats(unused_port: int) -> None:
    async with a_broker(port=unused_port) as broker:
        alice_context, bob_context = a_person("alice", broker), a_person("bob", broker)
        alice, bob = await alice_context.__aenter__(), await bob_context.__aenter__()
        mine, theirs = await introduce(alice, bob)
    gone = await alice.next(BrokerGone)
    assert gone.retry_in_s < 1
    assert not alice.client.connected
    mine.post("still here?")
    assert (await bob.next(MessageReceived)).text == "still here?"
    theirs.post("yes")
    assert (await alice.next(MessageReceived)).text == "yes"
    with pytest.raises(Exception, match="tried again"):
        await alice.client.list()
    async with a_broker(port=unused_port):
        await alice.next(BrokerBack)
        await bob.next(BrokerBack)
        assert len((await alice.client.list()).clients) == 2
        await bob_context.__aexit__(None, None, None)
        await alice_context.__aexit__(None, None, None)


async def test_signals_go_on_over_a_new_connection() -> None:
    """Both connections are lost, and the sockets of the chat are others after that: only the broker can help."""
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        mine.post("sho")
        assert (await bob.next(MessageReceived)).text == "sho"
        for person, chat in ((alice, mine), (bob, theirs)):
            link = person.client._presence._link
            old = chat.driver.endpoint
            assert link is not None
            assert old is not None
            transport = person.client.plugins.transports["udp"].make()
            chat.driver.endpoint = await transport.bind(chat.driver.receive, ("127.0.0.1", 9))
            await old.close()
            link.abandon("pulled")
            assert (await person.next(BrokerGone)).reason == "pulled"
        mine.post("still here?")
        assert (await bob.next(MessageReceived)).text == "still here?"
        theirs.post("yes")
        assert (await alice.next(MessageReceived)).text == "yes"


async def test_an_address_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_presence, "LOOKS_EVERY_S", 0.01)
    async with a_broker() as broker, a_person("alice", broker) as alice:
        monkeypatch.setattr(broker_presence, "is_own_address", lambda host: host != "127.0.0.1")
        gone = await alice.next(BrokerGone)
        assert gone.reason == "this machine's address changed"
        monkeypatch.setattr(broker_presence, "is_own_address", lambda host: True)
        await alice.next(BrokerBack)


async def test_a_lost_broker_ends_invitations(unused_port: int) -> None:
    async with a_broker(port=unused_port) as broker:
        alice_context, bob_context = a_person("alice", broker), a_person("bob", broker)
        alice, bob = await alice_context.__aenter__(), await bob_context.__aenter__()
        inviting = asyncio.ensure_future(alice.client.invite("bob"))
        await bob.next(Invited)
    with pytest.raises(InvitationFailed) as failure:
        await inviting
    assert failure.value.reason == "broker-lost"
    assert (await bob.next(InvitationEnded)).reason == "broker-lost"
    await bob_context.__aexit__(None, None, None)
    await alice_context.__aexit__(None, None, None)


async def test_the_same_client_elsewhere_replaces_this_one() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice:
        async with Client("Alice", broker, identity=identity_of("alice")) as other:
            await alice.next(BrokerClosed)
            assert [one.name for one in (await other.list()).clients] == ["Alice"]
            assert not alice.client.connected


async def test_nobody_listens(unused_port: int) -> None:
    with pytest.raises(BrokerUnreachable, match=r"no broker answers at 127\.0\.0\.1.*ud2p serve"):
        await Client("alice", f"127.0.0.1:{unused_port}").connect()


async def test_something_else_answers() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BrokerUnreachable, match="an SSH server answers at"):
            await Client("alice", f"127.0.0.1:{port}").connect()


async def test_plain_text_is_for_this_machine_alone() -> None:
    with pytest.raises(BrokerUnreachable, match="leave out --plaintext"):
        await Client("alice", "192.0.2.1:17280", plaintext=True).connect()


async def test_closing_leaves_the_broker() -> None:
    async with a_broker() as broker, a_person("alice", broker) as alice:
        async with a_person("bob", broker):
            assert (await alice.client.list()).total == 2
        assert (await alice.client.list()).total == 1


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
