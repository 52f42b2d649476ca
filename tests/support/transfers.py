"""Both ends of a ``tcp`` transfer, and impostors who know the keys and keep to no rule."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from tests.support.file_link import PairedLink

from ud2p.contracts import FileTransfer, Opener, Receipt, Sealer, StreamId
from ud2p.protocol.hello import Hello, Side
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p.testing import transfers
from ud2p.testing.progress import ProgressLog as Bar
from ud2p.testing.transfers import DEADLINE_S, TransferEnds, cancel_and_hold, outcome
from ud2p_plugins.transfers.conversation import Ended, Listening, Said
from ud2p_plugins.transfers.tcp import TcpFileTransfer

__all__ = ["DEADLINE_S", "Bar", "cancel_and_hold", "outcome"]

SOON_S = 5
"""Ten times what is promised, for a machine with much else to do, and far less than any time-out in a transfer."""


@dataclass
class Transfer(TransferEnds):
    """One by ``tcp``, which has to leave no thread behind."""

    make: Callable[[], FileTransfer] = field(default=TcpFileTransfer, kw_only=True)

    async def run(self) -> tuple[Receipt | BaseException, Receipt | BaseException]:
        """Both ends to their end, whatever that is: what the sender and the receiver came to."""
        came_to = await super().run()
        assert_no_thread_is_left()
        return came_to


def assert_no_thread_is_left() -> None:
    """Nothing of a transfer goes on."""
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ud2p-")]


async def settled(*tasks: asyncio.Task[Receipt]) -> None:
    """Wait for the tasks to end; they must do so in time and leave no thread behind."""
    await transfers.settled(*tasks)
    assert_no_thread_is_left()


def fill_up(path: Path) -> None:
    """From now on, whoever has the file open writes to a device that is always full."""
    here = Path("/proc/self/fd")
    (number,) = [int(fd.name) for fd in here.iterdir() if os.path.realpath(fd) == str(path.resolve())]
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, number)
    os.close(full)


def record(sealer: Sealer, data: bytes, last: bool = False) -> bytes:
    """The next record."""
    out = memoryview(bytearray(sealer.sealed_size(len(data))))
    return bytes(out[: sealer.next_into(data, out, last)])


async def said(link: PairedLink) -> Listening | Ended:
    """The next control that the other end said."""
    async with asyncio.timeout(DEADLINE_S):
        body = await link.heard.get()
    assert body is not None
    decoded: Listening | Ended = msgspec.json.decode(body, type=Said)
    return decoded


async def say(link: PairedLink, what: Said) -> None:
    """Say something to the other end."""
    await link.control(msgspec.json.encode(what))


@dataclass
class Impostor:
    """A proven connection in the hands of somebody who is up to no good."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    forth: StreamId
    back: StreamId

    async def send(self, data: bytes, *, end: bool = False) -> None:
        """Send as much as the other end takes."""
        try:
            self.writer.write(data)
            await self.writer.drain()
            if end:
                self.writer.write_eof()
        except OSError:  # the other end had enough
            pass


@asynccontextmanager
async def as_sender(link: PairedLink) -> AsyncIterator[Impostor]:
    """Connect to a real receiver and prove ourselves."""
    listening = await said(link)
    assert isinstance(listening, Listening)
    reader, writer = await asyncio.open_connection(link.peer_hosts[0], listening.port)
    try:
        yield await _greet(Side.CONNECTOR, listening.transfer, link, reader, writer)
    finally:
        await _closed(writer)


@asynccontextmanager
async def as_receiver(link: PairedLink, *, again: bool = False, have_bytes: int = 0) -> AsyncIterator[Impostor]:
    """Let a real sender connect, and prove ourselves."""
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda *pair: connections.put_nowait(pair), link.local_hosts[0], 0)
    transfer_id = secrets.token_bytes(16)
    await say(link, Listening(transfer_id, server.sockets[0].getsockname()[1], have_bytes, again=again))
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await connections.get()
    server.close()
    try:
        yield await _greet(Side.LISTENER, transfer_id, link, reader, writer)
    finally:
        await _closed(writer)


async def drain(impostor: Impostor, opener: Opener) -> bytes:
    """Read the whole file as a receiver would."""
    content, out, last = b"", memoryview(bytearray(RECORD_BYTES + 64)), False
    async with asyncio.timeout(DEADLINE_S):
        while not last:
            length = int.from_bytes(await impostor.reader.readexactly(4), "big")
            size, last = opener.next_into(await impostor.reader.readexactly(length), out)
            content += out[:size]
    return content


async def _greet(
    side: Side, transfer_id: bytes, link: PairedLink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Impostor:
    hello = Hello(side, transfer_id, secrets.token_bytes(32), link.prove)
    writer.write(hello.data_to_send())
    async with asyncio.timeout(DEADLINE_S):
        while not hello.proven:
            hello.receive_data(await reader.readexactly(hello.wanted))
            writer.write(hello.data_to_send())
    return Impostor(reader, writer, StreamId(hello.context, True), StreamId(hello.context, False))


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
