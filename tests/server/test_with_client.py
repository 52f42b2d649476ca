"""The library's own connection at the broker: both drivers, both loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.brokers import StartBroker, broker_starter
from tests.support.identities import identity_of

from ud2p.broker_link import BrokerLink
from ud2p.broker_trust import BrokerTrust
from ud2p.errors import BrokerRefused, BrokerUnreachable
from ud2p.known_brokers import KnownBrokers
from ud2p.protocol import messages as wire
from ud2p.protocol.refusals import SENTENCES, Code
from ud2p_server.limits import Limits
from ud2p_server.server import Broker


@pytest.fixture
async def start(log: list[str]) -> AsyncIterator[StartBroker]:
    async with broker_starter(log, tls=True) as start_broker:
        yield start_broker


async def link_to(broker: Broker, pushes: list[wire.Message], lost: list[str]) -> BrokerLink:
    trust = BrokerTrust(broker.host, broker.port, KnownBrokers.of_this_user())
    return await BrokerLink.connect(broker.host, broker.port, pushes.append, lost.append, trust)


async def log_in_and_out(broker: Broker) -> None:
    lost: list[str] = []
    link = await link_to(broker, [], lost)
    welcome = await link.login("alice", identity_of("alice"), online=True)
    assert welcome.name == "alice"
    assert broker.clients == 1
    await link.leave()
    async with asyncio.timeout(10):
        while broker.clients:
            await asyncio.sleep(0)
    assert lost == []


async def test_logging_in_and_out(start: StartBroker) -> None:
    await log_in_and_out(await start())


def test_logging_in_and_out_under_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is an extra: pip install 'ud2p[fast]'")

    async def scenario() -> None:
        async with broker_starter([], tls=True) as start:
            await log_in_and_out(await start())

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


async def test_a_full_broker_is_a_refusal(start: StartBroker) -> None:
    broker = await start(Limits(tick_s=0.01, connections=0))
    with pytest.raises(BrokerUnreachable, match="takes nobody in now, it says without encryption: ") as caught:
        await link_to(broker, [], [])
    assert SENTENCES[Code.BROKER_FULL] in str(caught.value)


async def test_a_refused_login(start: StartBroker) -> None:
    broker = await start()
    first, second = await link_to(broker, [], []), await link_to(broker, [], [])
    await first.login("alice", identity_of("alice"), online=True)
    with pytest.raises(BrokerRefused, match="the name Alice is taken; choose another"):
        await second.login("Alice", identity_of("another"), online=True)
    second.abort()
    await first.leave()


async def test_a_broker_that_stops(start: StartBroker) -> None:
    broker = await start()
    pushes: list[wire.Message] = []
    lost: list[str] = []
    link = await link_to(broker, pushes, lost)
    await link.login("alice", identity_of("alice"), online=True)
    async with asyncio.timeout(10):
        await broker.close()
    assert [type(push) for push in pushes] == [wire.Goodbye]
    assert lost == ["the broker shuts down; it may be back later"]
    link.abort()


async def test_an_identity_takes_its_own_place(start: StartBroker) -> None:
    """The broker has not noticed yet; the client is back already."""
    broker = await start()
    lost: list[str] = []
    older = await link_to(broker, [], lost)
    await older.login("alice", identity_of("alice"), online=True)
    newer = await link_to(broker, [], [])
    await newer.login("alice", identity_of("alice"), online=False)
    async with asyncio.timeout(10):
        while not lost:
            await asyncio.sleep(0)
    assert broker.clients == 1
    older.abort()
    await newer.leave()
