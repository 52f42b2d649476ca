"""How one end's trouble reaches the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.file_link import PairedLink, link_pair
from tests.support.transfers import said, say

from ud2p.errors import ChatClosed, DecryptionError, TransferFailed
from ud2p_plugins.transfers import conversation
from ud2p_plugins.transfers.conversation import Conversation, Ended, Listening
from ud2p_plugins.transfers.line import ConnectionLost

LISTENING = Listening(bytes(16), 9999)


async def for_ever() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TransferFailed("the dog ate it"), "the dog ate it"),
        (DecryptionError("forged"), "forged"),
        (OSError(101, "Network is unreachable"), "the transfer failed: network is unreachable; send the file again"),
        (OSError("odd"), "the transfer failed: odd; send the file again"),
        (KeyError("x"), "the transfer failed unexpectedly (KeyError: 'x'); send the file again"),
        (TransferFailed("long " * 1000), "long " * 1000),
    ],
)
async def test_every_failure_is_one_sentence_for_both(error: Exception, sentence: str) -> None:
    here, there = link_pair()

    async def work() -> None:
        raise error

    with pytest.raises(TransferFailed) as raised:
        await Conversation(here, "receiver").conduct(work)
    assert str(raised.value) == sentence
    assert await said(there) == Ended(sentence[:500])


@pytest.mark.parametrize(
    ("reason", "sentence"), [("no", "the receiver could not go on: no"), ("", "the receiver cancelled the transfer")]
)
async def test_the_other_ends_failure_ends_the_work(reason: str, sentence: str) -> None:
    here, there = link_pair()
    await say(there, Ended(reason))
    with pytest.raises(TransferFailed) as raised:
        await Conversation(here, "receiver").conduct(for_ever)
    assert str(raised.value) == sentence
    assert there.heard.empty()  # it knows


async def test_work_that_was_done_when_the_other_end_failed_is_done() -> None:
    here, there = link_pair()

    async def work() -> str:
        try:
            await for_ever()
        except asyncio.CancelledError:
            return "done"
        return "never"

    await say(there, Ended("too late"))
    assert await Conversation(here, "receiver").conduct(work) == "done"


async def test_the_end_of_controls_ends_nothing() -> None:
    here, _ = link_pair()
    here.heard.put_nowait(None)

    async def work() -> str:
        await asyncio.sleep(0.01)
        return "done"

    assert await Conversation(here, "receiver").conduct(work) == "done"


async def test_who_loses_the_connection_waits_for_the_reason() -> None:
    here, there = link_pair()

    async def work() -> None:
        asyncio.get_running_loop().call_later(0.02, there.peer.heard.put_nowait, b'{"type":"ended","reason":"why"}')
        raise ConnectionLost("lost")

    with pytest.raises(TransferFailed, match="could not go on: why"):
        await Conversation(here, "sender").conduct(work)


async def test_the_receiver_listens() -> None:
    here, there = link_pair()
    talk = Conversation(here, "receiver")
    for _ in range(2):  # said twice is said
        await say(there, LISTENING)
    assert await talk.conduct(talk.listening) == LISTENING


class ClosedLink(PairedLink):
    """The link of a chat that is over."""

    async def control(self, body: bytes) -> None:
        raise ChatClosed("bob left the chat")


class StuckLink(PairedLink):
    """The link of a chat that does not get rid of anything."""

    async def control(self, body: bytes) -> None:
        await for_ever()


@pytest.mark.parametrize("kind", [ClosedLink, StuckLink])
async def test_a_chat_that_takes_nothing_does_not_hide_the_failure(
    kind: type[PairedLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "REASON_GRACE_S", 0.01)
    here, _ = link_pair()
    here.__class__ = kind

    async def work() -> None:
        raise TransferFailed("the dog ate it")

    with pytest.raises(TransferFailed, match="the dog ate it"):
        await Conversation(here, "receiver").conduct(work)


class BrokenLink(PairedLink):
    """A link whose controls can't be read."""

    async def controls(self) -> AsyncIterator[bytes]:
        raise ChatClosed("bob left the chat")
        yield b""


async def test_controls_that_break_end_it_with_their_sentence() -> None:
    here, _ = link_pair()
    here.__class__ = BrokenLink
    with pytest.raises(TransferFailed, match="bob left the chat"):
        await Conversation(here, "receiver").conduct(for_ever)
