"""The connection to a broker, against servers that are none or that misbehave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.support.identities import identity_of
from tests.support.people import a_broker

from ud2p.broker_link import BrokerLink
from ud2p.errors import BrokerLost, BrokerRefused, BrokerUnreachable
from ud2p.protocol import messages as wire
from ud2p.protocol.lines import write_line

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GREETING = write_line(wire.Greeting(version=1, nonce=bytes(32)))
DEADLINE_S = 10.0


@contextlib.asynccontextmanager
async def a_server(serve: Serve) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def open_link(port: int, lost: list[str] | None = None) -> BrokerLink:
    pushed: list[wire.Message] = []
    on_lost = (lost if lost is not None else []).append
    return await BrokerLink.connect("127.0.0.1", port, pushed.append, on_lost, None)


@pytest.mark.parametrize(
    ("first_line", "what"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "a web server"),
        (b"220 mail.example ESMTP\r\n", "a mail or FTP server"),
        (b"hello there\n", "something else"),
        (b"\xff\xfe\n", "something else"),
    ],
)
async def test_other_services_are_named(first_line: bytes, what: str) -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first_line)
        await writer.drain()

    async with a_server(serve) as port:
        with pytest.raises(BrokerUnreachable, match=f"{what} answers at 127.0.0.1:{port}, not a ud2p broker"):
            await open_link(port)


async def test_a_connection_that_is_closed_at_once() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        return

    async with a_server(serve) as port:
        with pytest.raises(BrokerUnreachable, match="no broker answers"):
            await open_link(port)


async def test_another_version() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(write_line(wire.Greeting(version=99, nonce=bytes(32))))
        await writer.drain()

    async with a_server(serve) as port:
        with pytest.raises(BrokerUnreachable, match="version 99"):
            await open_link(port)


async def test_a_broker_that_goes_away_while_an_answer_is_due() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.readline()

    async with a_server(serve) as port:
        link = await open_link(port)
        with pytest.raises(BrokerLost):
            await asyncio.wait_for(link.login("alice", identity_of("alice"), online=True), DEADLINE_S)


async def test_a_broker_that_talks_nonsense_after_the_login() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        await reader.readline()
        writer.write(b"$NONSENSE$ {}\n")
        await reader.readline()

    async with a_server(serve) as port:
        link = await open_link(port)
        with pytest.raises(BrokerUnreachable, match="does not speak this protocol"):
            await asyncio.wait_for(link.login("alice", identity_of("alice"), online=True), DEADLINE_S)


async def test_refusals_and_leaving() -> None:
    async with a_broker(plaintext=True) as broker:
        port = int(broker.rpartition(":")[2])
        lost: list[str] = []
        link = await open_link(port, lost)
        welcome = await link.login("alice", identity_of("alice"), online=True)
        assert welcome.udp_port == port
        with pytest.raises(BrokerRefused) as refusal:
            await link.ask(lambda c: c.send_invite("nobody", b"offer", 0.0))
        assert refusal.value.code == "unknown-client"
        await link.leave()
        assert lost == []
        with pytest.raises(BrokerLost):
            await link.ask(lambda c: c.send_ping(0.0))


async def test_an_unknown_host() -> None:
    with pytest.raises(BrokerUnreachable, match="there is no host"):
        await BrokerLink.connect("no-such-host.invalid", 1, lambda _: None, lambda _: None, None)
