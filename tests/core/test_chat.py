"""Chats between two real clients."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.people import DEADLINE_S, two_in_a_chat

from ud2p import (
    Chat,
    ChatClosed,
    ChatEnded,
    ChatError,
    MessageDelivered,
    MessageFailed,
    MessageReceived,
    MessageTooLong,
    MessageVetoed,
    PluginManager,
    Veto,
    impl,
)
from ud2p.outbox import MAX_BACKLOG_MESSAGES


async def test_messages_both_ways_in_order() -> None:
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        texts = [f"{number} 👩‍👩‍👧 漢字" for number in range(300)]
        for text in texts:
            mine.post(text)
            theirs.post(text[::-1])
        assert [(await bob.next(MessageReceived)).text for _ in texts] == texts
        assert [(await alice.next(MessageReceived)).text for _ in texts] == [text[::-1] for text in texts]


async def test_the_longest_message_and_one_byte_more() -> None:
    async with two_in_a_chat() as (_, mine, bob, _theirs):
        mine.post("é" * 32768)
        assert (await bob.next(MessageReceived)).text == "é" * 32768
        with pytest.raises(MessageTooLong, match="sendf"):
            mine.post("x" * 65537)


async def test_delivery_is_told() -> None:
    async with two_in_a_chat() as (alice, mine, _, _theirs):
        posted = mine.post("sho")
        assert not posted.is_delivered
        assert mine.undelivered == 1
        await asyncio.wait_for(posted.delivered(), DEADLINE_S)
        assert posted.is_delivered
        assert (await alice.next(MessageDelivered)).message == posted.number
        assert mine.undelivered == 0


async def test_leaving_delivers_what_was_posted_and_tells_the_peer() -> None:
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        mine.post("bye")
        await mine.leave()
        events = await bob.all_until(ChatEnded)
        assert [event.text for event in events if isinstance(event, MessageReceived)] == ["bye"]
        ended = events[-1]
        assert isinstance(ended, ChatEnded)
        assert (ended.chat, ended.reason, ended.by_peer) == (theirs, "alice left the chat", True)
        mine_ended = await alice.next(ChatEnded)
        assert (mine_ended.reason, mine_ended.by_peer) == ("you left the chat", False)
        with pytest.raises(ChatClosed):
            mine.post("too late")
        assert alice.client.chats == bob.client.chats == ()


async def test_what_could_not_be_delivered_is_told() -> None:
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        endpoint = theirs.driver.endpoint
        assert endpoint is not None
        await endpoint.close()  # The peer's machine is gone.
        posted = mine.post("anybody there?")
        await mine.leave()
        failed = await alice.next(MessageFailed)
        assert failed.message == posted.number
        with pytest.raises(ChatClosed, match="not delivered"):
            await posted.delivered()


async def test_too_much_at_once_is_refused() -> None:
    async with two_in_a_chat() as (_, mine, _bob, _theirs):
        with pytest.raises(ChatError, match="too much waits for bob"):
            for _ in range(MAX_BACKLOG_MESSAGES + 1):
                mine.post("x")


class Editor:
    """A gatekeeper that changes what it likes and vetoes what it does not."""

    @impl
    async def ud2p_message_sending(self, chat: Chat, text: str) -> str | Veto | None:
        await asyncio.sleep(0)
        if "secret" in text:
            return Veto(f"not to {chat.peer}")
        return text.replace("damn", "d***") if "damn" in text else None


async def test_gatekeepers_change_and_veto_messages_in_order() -> None:
    plugins = PluginManager.load()
    plugins.register(Editor(), "editor")
    async with two_in_a_chat(plugins=plugins) as (alice, mine, bob, _):
        mine.post("damn")
        vetoed = mine.post("the secret")
        mine.post("fine")
        assert [(await bob.next(MessageReceived)).text for _ in range(2)] == ["d***", "fine"]
        failed = await alice.next(MessageFailed)
        assert (failed.message, failed.reason) == (vetoed.number, "not to bob")
        with pytest.raises(MessageVetoed):
            await vetoed.delivered()


async def test_observers_see_the_chat() -> None:
    seen: list[str] = []

    class Watcher:
        @impl
        def ud2p_chat_opened(self, chat: Chat) -> None:
            seen.append(f"opened {chat.peer}")

        @impl
        def ud2p_message_received(self, text: str) -> None:
            seen.append(text)

        @impl
        def ud2p_chat_closed(self, reason: str) -> None:
            seen.append(reason)

    plugins = PluginManager.load()
    plugins.register(Watcher(), "watcher")
    async with two_in_a_chat(plugins=plugins) as (_, mine, bob, _theirs):
        mine.post("hello")
        await bob.next(MessageReceived)
        await mine.leave()
        await bob.next(ChatEnded)
    assert sorted(seen) == ["alice left the chat", "hello", "opened alice", "opened bob", "you left the chat"]


async def test_a_reader_that_stops_reading_holds_the_sender_back() -> None:
    async with two_in_a_chat() as (_, mine, bob, _theirs):
        posted = [mine.post("x" * 1000) for _ in range(MAX_BACKLOG_MESSAGES)]
        await asyncio.wait_for(posted[0].delivered(), DEADLINE_S)
        received = [await bob.next(MessageReceived) for _ in posted]
        assert len(received) == len(posted)
        await asyncio.wait_for(mine.flush(), DEADLINE_S)
