"""Somebody between a client and its broker, who speaks TLS with both."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.support.raw_client import any_broker


class Middle:
    """Passes everything on, and keeps what it saw."""

    def __init__(self, broker_port: int) -> None:
        """:param broker_port: of the real broker; 0 passes nothing on"""
        self._broker_port = broker_port
        self.from_client = b""
        self.from_broker = b""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if not self._broker_port:
            while data := await reader.read(65536):
                self.from_client += data
            return
        answers, requests = await asyncio.open_connection(
            "127.0.0.1", self._broker_port, ssl=any_broker(), server_hostname="127.0.0.1"
        )
        try:
            await asyncio.gather(
                self._pass(reader, requests, "from_client"), self._pass(answers, writer, "from_broker")
            )
        finally:
            requests.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while data := await reader.read(65536):
                setattr(self, name, getattr(self, name) + data)
                writer.write(data)
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def in_the_middle(context: ssl.SSLContext, broker_port: int = 0, port: int = 0) -> AsyncIterator[Middle]:
    """
    :param context: with the certificate that it shows
    :param port: where it listens; 0 is any free one
    """
    middle = Middle(broker_port)
    async with a_server(middle.serve, context, port) as middle.port:
        yield middle


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def a_server(serve: Serve, context: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[int]:
    """Somebody who listens; gives the port. Connections are cut at the end, whatever they do."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # The transports close in the loop's next turn.
