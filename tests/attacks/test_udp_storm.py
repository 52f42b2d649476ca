"""10,000 datagrams a second that are no records of this chat: they change nothing but a counter."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from tests.attacks.test_recordings import Scene, scene

from ud2p import Chat, ChatEnded, ChatSilent, MessageReceived
from ud2p.protocol.session import Session, State

__all__ = ["scene"]
ROOT = Path(__file__).resolve().parents[2]
RATE = 10_000
SECONDS = 2.0
DEADLINE_S = 60.0
QUIET_S = 1.5
"""Longer than any pause between two probes of a path, shorter than that between two keepalives."""


def session_of(chat: Chat) -> Session:
    session = chat.driver.session
    assert session is not None
    return session


def dropped(chat: Chat) -> int:
    return sum(asdict(session_of(chat).drops).values())


def state_of(chat: Chat) -> list[Any]:
    """What a datagram that is no record must leave as it is."""
    session = session_of(chat)
    return [session.state, session.address, chat.path, chat.is_open, chat.undelivered, session.is_idle]


@contextlib.asynccontextmanager
async def storm(scene: Scene, recorded: list[bytes]) -> AsyncIterator[dict[str, int]]:
    """Somebody sends to both ends; at the end, how much of what."""
    ports = [tap.received[-1][1][1] for tap in reversed(scene.taps)]  # where the other one's last record came from
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.udp_storm"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    order = {
        "targets": [("127.0.0.1", port) for port in ports],
        "seconds": SECONDS,
        "rate": RATE,
        "recorded": [each.hex() for each in recorded],
    }
    sent: dict[str, int] = {}
    try:
        process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(DEADLINE_S):
            assert await process.stdout.readline() == b"storming\n"
            yield sent
            sent.update(json.loads(await process.stdout.readline()))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def recordings(scene: Scene) -> list[bytes]:
    """Records of an earlier chat of the two, and of this one, each way."""
    first, _ = await scene.meet()
    await scene.say("earlier")
    await first.leave()
    mine, theirs = await scene.meet()
    await scene.say("now")
    theirs.post("and back")
    assert (await scene.alice.next(MessageReceived)).text == "and back"
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(mine.flush(), theirs.flush())
    return [record for tap in scene.taps for record in tap.records]


async def quiet(scene: Scene) -> None:
    """Wait until neither end has anything to say; the next keepalive is seconds away then."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            before = [len(tap.records) for tap in scene.taps]
            await asyncio.sleep(QUIET_S)
            if [len(tap.records) for tap in scene.taps] == before:
                return


async def test_a_quiet_chat_stays_as_it_is(scene: Scene) -> None:
    recorded = await recordings(scene)
    chats = scene.chats[-1]
    await quiet(scene)
    before = [state_of(chat) for chat in chats]
    drops = [dropped(chat) for chat in chats]
    records = [len(tap.records) for tap in scene.taps]
    async with storm(scene, recorded) as sent:
        pass
    assert sum(sent.values()) >= RATE * SECONDS * 0.5, "there was hardly a storm"
    assert [state_of(chat) for chat in chats] == before
    assert before[0][0] is State.OPEN
    assert [len(tap.records) for tap in scene.taps] == records, "a forgery was answered"
    for chat, were, tap in zip(chats, drops, scene.taps, strict=True):
        came_in = len([each for each, _ in tap.received]) - records[1 - scene.taps.index(tap)]
        assert dropped(chat) > were
        assert dropped(chat) - were <= came_in
    await scene.say("still here")


async def test_messages_go_on_in_order(scene: Scene) -> None:
    recorded = await recordings(scene)
    mine, theirs = scene.chats[-1]
    counts = [dropped(mine), dropped(theirs)]

    async def talk(chat: Chat, name: str) -> int:
        number = 0
        loop = asyncio.get_running_loop()
        until = loop.time() + SECONDS
        while loop.time() < until:
            chat.post(f"{name} {number}")
            number += 1
            await asyncio.sleep(0.005)
        async with asyncio.timeout(DEADLINE_S):
            await chat.flush()
        return number

    async with storm(scene, recorded):
        said = await asyncio.gather(talk(mine, "alice"), talk(theirs, "bob"))
    assert min(said) > 10
    for receiver, name, count in ((scene.bob, "alice", said[0]), (scene.alice, "bob", said[1])):
        assert [(await receiver.next(MessageReceived)).text for _ in range(count)] == [
            f"{name} {number}" for number in range(count)
        ]
    assert mine.is_open
    assert theirs.is_open
    assert dropped(mine) > counts[0]
    assert dropped(theirs) > counts[1]
    for person in (scene.alice, scene.bob):
        assert not [each for each in person.client.chats if not each.is_open]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await scene.alice.next((ChatEnded, ChatSilent))  # type: ignore[arg-type]
