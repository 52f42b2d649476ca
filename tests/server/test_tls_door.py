"""The same broker behind TLS, on both loops; and whoever comes to its door with something else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from tests.server import test_server as cases
from tests.support.brokers import Connect, StartBroker, broker_starter, client_connector
from tests.support.raw_client import WAIT_S, RawClient

from ud2p.protocol.refusals import SENTENCES, Code
from ud2p.testing import Clock
from ud2p_server.limits import Limits
from ud2p_server.server import Broker

CASES = [
    cases.test_a_session_typed_by_hand,
    cases.test_two_people_are_introduced_and_signal,
    cases.test_requests_are_answered_in_their_order,
    cases.test_single_bytes_make_lines,
    cases.test_too_many_bad_lines,
    cases.test_a_login_that_never_comes,
    cases.test_half_a_line_has_ten_seconds,
    cases.test_a_silent_client_is_dropped,
    cases.test_who_does_not_close_is_cut,
    cases.test_a_slow_reader_is_dropped,
    cases.test_nobody_gets_somebody_else_dropped,
    cases.test_who_does_not_read_its_answers_waits_for_itself,
    cases.test_a_flood_of_requests_leaves_room_for_others,
    cases.test_hundreds_come_and_go,
    cases.test_the_same_identity_replaces_the_older_connection,
    cases.test_stopping_tells_everybody,
    cases.test_stopping_waits_for_nobody_for_long,
    cases.test_the_ports_are_free_again,
]


async def run(case: Any) -> None:
    """Give a case what its fixtures would."""
    log: list[str] = []
    async with broker_starter(log, tls=True) as start, client_connector(tls=True) as connect:
        known: dict[str, Any] = {"start": start, "connect": connect, "log": log}
        wanted = inspect.signature(case).parameters
        if "broker" in wanted:
            known["broker"] = await start()
        await case(**{name: known[name] for name in wanted})


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("test_"))
def test_under_tls(case: Any, loop: str) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if loop == "uvloop":
        uvloop = pytest.importorskip("uvloop", reason="uvloop is an extra: pip install 'ud2p[fast]'")
        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(run(case))


# Who comes with something else


@pytest.fixture
async def start(log: list[str]) -> AsyncIterator[StartBroker]:
    async with broker_starter(log, tls=True) as start_broker:
        yield start_broker


@pytest.fixture
async def broker(start: StartBroker) -> Broker:
    return await start()


def doors(broker: Broker) -> int:
    assert broker._board is not None
    return len(broker._board.doors)


@pytest.mark.parametrize(
    "data", [b'$HI$ {"id": 1}\n', b"GET / HTTP/1.1\r\n\r\n", b"\x17\x03\x03\x00\x01", b"\0" * 100_000, b"\n"]
)
async def test_what_is_no_tls_gets_one_plain_sentence(broker: Broker, connect: Connect, data: bytes) -> None:
    client = await connect(broker.port)
    await client.send(data)
    assert await client.error() == (Code.TLS_REQUIRED, SENTENCES[Code.TLS_REQUIRED])
    await client.end()
    await client.close()
    await cases.until(lambda: doors(broker) == 0)


async def test_who_waits_for_a_plain_greeting_is_told(start: StartBroker, connect: Connect) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    client = await connect(broker.port)
    await cases.until(lambda: doors(broker) == 1)
    clock.now += 5.1
    assert await client.error() == (Code.TLS_REQUIRED, SENTENCES[Code.TLS_REQUIRED])
    await client.end()


@pytest.mark.parametrize("begun", [b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40)])
async def test_half_a_handshake_has_ten_seconds(start: StartBroker, connect: Connect, begun: bytes) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    client = await connect(broker.port)
    await client.send(begun)
    await cases.until(lambda: all(door._tunnel.state.value == "handshake" for door in _doors(broker)))
    clock.now += 9
    assert await (await connect(broker.port, "quick", tls=True)).is_served()
    assert doors(broker) == 1
    clock.now += 1.5
    await client.lost()
    await cases.until(lambda: doors(broker) == 0)


def _doors(broker: Broker) -> list[Any]:
    assert broker._board is not None
    return list(broker._board.doors)


@pytest.mark.parametrize("record", [b"\x16\x03\x01\x00\x05hello", b"\x15\x03\x03\x00\x02\x02\x28", b"\x16" * 2000])
async def test_broken_tls_is_closed_and_nobody_else_notices(broker: Broker, connect: Connect, record: bytes) -> None:
    client = await connect(broker.port)
    await client.send(record)
    await client.lost()
    assert await (await connect(broker.port, "alice", tls=True)).is_served()
    await cases.until(lambda: doors(broker) == 0)


async def test_who_leaves_in_the_middle_of_the_handshake(broker: Broker) -> None:
    assert broker._board is not None
    for data in (b"", b"\x16\x03"):
        client = await RawClient.connect(broker.port)
        if data:
            await client.send(data)
        await client.close()
    await cases.until(lambda: doors(broker) == 0 and broker._board.admission._connections == 0)


async def test_who_is_one_too_many_is_told_before_the_handshake(start: StartBroker, connect: Connect) -> None:
    broker = await start(Limits(tick_s=0.01, connections=1))
    first = await connect(broker.port, "alice", tls=True)
    second = await connect(broker.port)
    assert await second.error() == (Code.BROKER_FULL, SENTENCES[Code.BROKER_FULL])
    await second.end()
    assert await first.is_served()


async def test_stopping_waits_for_no_handshake(broker: Broker, connect: Connect) -> None:
    client = await connect(broker.port)
    await cases.until(lambda: doors(broker) == 1)
    async with asyncio.timeout(WAIT_S):
        await broker.close()
    await client.lost()


async def test_the_end_of_a_script_is_heard_under_tls_too(broker: Broker) -> None:
    """What was asked before the client's last word is still answered after it."""
    client = await RawClient.connect(broker.port, tls=True)
    assert (await client.line())[0] == "$HI$"
    await client.send(b'$PING$ {"id": 1}\n')
    assert (await client.error())[0] == Code.NOT_LOGGED_IN
    await client.lost()
    await client.close()
