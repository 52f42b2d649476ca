"""One address floods a broker in every way that it can, while fifty others log in, list and exchange signals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.brokers import broker_starter
from tests.support.raw_client import RawClient

from ud2p_server.admission import HEARD
from ud2p_server.limits import Limits
from ud2p_server.server import Broker

ROOT = Path(__file__).resolve().parents[2]
MALLORY = "127.0.0.2"
PEOPLE = 50
DEADLINE_S = 60.0
LIMITS = Limits(
    tick_s=0.05,
    spares_loopback=False,
    connections_per_address=150,
    newcomers_per_address=60,
    connects_burst=250,
    connects_a_second=5,
    new_names_per_address=100,
)
"""The usual ones are wider; what counts is that they hold, and on loopback too."""
KINDS = [
    "connections",
    "half_handshakes",
    "handshakes",
    "logins",
    "bad_logins",
    "half_lines",
    "invitations",
    "never_read",
]


@contextlib.asynccontextmanager
async def flood(kind: str, broker: Broker) -> AsyncIterator[dict[str, int]]:
    """Mallory at work; at the end, how much she tried and how much of it came in."""
    done: dict[str, int] = {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.flooder", kind, str(broker.port), MALLORY),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert await process.stdout.readline() == b"flooding\n"
        yield done
        process.stdin.close()
        async with asyncio.timeout(DEADLINE_S):
            done.update(json.loads(await process.stdout.readline()))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with broker_starter([], tls=True) as start:
        yield await start(LIMITS)


async def live(broker: Broker, number: int, crowd: dict[int, RawClient]) -> None:
    """What one of the fifty does: comes in, and lists."""
    client = await RawClient.login(broker.port, f"n{number}", source=f"127.0.1.{number + 1}", tls=True)
    crowd[number] = client
    tag, page = await answer(client, "$L$", id=2, prefix="n", limit=100)
    assert any(one["name"] == f"n{number}" for one in page["clients"])


async def answer(client: RawClient, tag: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """The answer to a request, past what others push."""
    await client.type(tag, **fields)
    while True:
        got, said = await client.line()
        if said.get("re") == fields["id"]:
            return got, said


async def pushed(client: RawClient, tag: str, peer: str) -> dict[str, Any]:
    """What is pushed about somebody, past all else."""
    while True:
        got, said = await client.line()
        if got == tag and said.get("peer") == peer:
            return said


async def talk(crowd: dict[int, RawClient], first: int, second: int) -> None:
    """Two of them meet, and signal back and forth."""
    alice, bob = crowd[first], crowd[second]
    tag, said = await answer(alice, "$CON$", id=3, to=f"n{second}", offer="")
    assert tag == "$CON$", said
    invitation = await pushed(bob, "$CON$", f"n{first}")
    await bob.type("$Y$", id=3, invitation=invitation["invitation"], offer="")
    sessions = [(await pushed(each, "$Y$", f"n{peer}"))["session"] for each, peer in ((alice, second), (bob, first))]
    assert sessions[0] == sessions[1]
    for sender, receiver in ((alice, bob), (bob, alice)):
        await sender.type("$SIG$", session=sessions[0], data="aGk=")
        while True:
            got, said = await receiver.line()
            if got == "$SIG$":
                assert said == {"session": sessions[0], "data": "aGk="}
                break


def from_mallory(broker: Broker) -> Any:
    """What the broker counts for her address."""
    assert broker._board is not None
    return broker._board.admission._addresses.get(MALLORY)


@pytest.mark.parametrize("kind", KINDS)
async def test_fifty_others_are_served(broker: Broker, kind: str) -> None:
    crowd: dict[int, RawClient] = {}
    async with asyncio.timeout(DEADLINE_S):
        for number in range(0, PEOPLE, 2):  # half of them are there before
            await live(broker, number, crowd)
    try:
        async with flood(kind, broker) as done, asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*(live(broker, number, crowd) for number in range(1, PEOPLE, 2)))
            await asyncio.gather(*(talk(crowd, number, number + 1) for number in range(0, PEOPLE, 2)))
            await asyncio.gather(*(talk(crowd, number + 1, number) for number in range(0, PEOPLE, 2)))
            counted = from_mallory(broker)
            assert counted is not None
            assert counted.connections - counted.refused <= LIMITS.connections_per_address
            assert counted.newcomers <= LIMITS.newcomers_per_address
            # Those beyond the 32 are cut, and gone a turn of the loop later, in which it takes a hundred more.
            assert counted.refused <= HEARD + 100
        assert broker._board is not None
        assert done["tried"] >= 1
        names = [client.name for client in broker._board.hub.presence.clients()]
        assert sum(name.startswith("n") for name in names) == PEOPLE
        assert sum(name.startswith("mallory") for name in names) <= LIMITS.new_names_per_address
    finally:
        for client in crowd.values():
            client.writer.transport.abort()


async def test_a_flood_of_connections_runs_into_its_limits(broker: Broker) -> None:
    """So that the test above does not hold because nobody floods."""
    async with flood("handshakes", broker) as done:
        await asyncio.sleep(0)
    assert done["tried"] > done["came_in"] > 0
    async with flood("connections", broker) as done:
        async with asyncio.timeout(DEADLINE_S):
            while from_mallory(broker) is None or from_mallory(broker).refused < 1:
                await asyncio.sleep(0.01)
    assert done["tried"] > 0
