"""A bare asyncio Protocol that exchanges the same lines as a broker and does none of its work: nothing is checked, kept
or looked up, every answer is ready before it is asked for.

    python -m tests.bench.ends.line_server [tls]

It greets, answers a login, a ``$PING$`` and a ``$L$``, each with as many bytes as a broker does. It runs on uvloop
where that is installed, as the broker does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64encode
from collections.abc import Callable
from typing import cast

from tests.bench.ends.orders import obey

from ud2p.config import state_dir
from ud2p_server.certificate import load_certificate

BACKLOG = 4096
PAGE = 50


def line(tag: str, **members: object) -> bytes:
    """A line of the protocol."""
    return f"{tag} {json.dumps(members, separators=(',', ':'))}\n".encode()


GREETING = line("$HI$", version=1, nonce=b64encode(bytes(32)).decode(), software="ud2p 0.1.0")
WELCOME = line("$HI$", re=1, name="c00000", address="127.0.0.1:50000", udp_port=17280)
CLIENTS = [{"name": f"c{n:05}", "online": True, "address": f"127.0.0.1:{50000 + n}"} for n in range(PAGE)]
PAGE_REST = line("", clients=CLIENTS, total=100, cursor="c00049")[2:]


class LineServer(asyncio.Protocol):
    """One connection."""

    __slots__ = ("_half", "_transport")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)
        self._half = b""
        self._transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        *lines, self._half = (self._half + data).split(b"\n")
        self._transport.write(b"".join([answer(each) for each in lines]))


def answer(asked: bytes) -> bytes:
    """What a line is answered with; its ``id`` stands first in its JSON and goes back as ``re``."""
    if asked.startswith(b"$HI$"):
        return WELCOME
    number = asked[asked.index(b":") + 1 :].partition(b",")[0].rstrip(b"}")
    if asked.startswith(b"$PING$"):
        return b'$PING$ {"re":' + number + b"}\n"
    return b'$L$ {"re":' + number + b"," + PAGE_REST


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The loop that a broker would run on."""
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def main(*tls: str) -> None:
    """Serve until the input ends."""
    context = load_certificate(None, None, state_dir()).context if tls else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(LineServer, "127.0.0.1", 0, backlog=BACKLOG, ssl=context)
    await obey({"port": server.sockets[0].getsockname()[1]})
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(*sys.argv[1:]))
