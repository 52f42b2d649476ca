"""``ud2p demo``: what the shell needs around it to be tried on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import re
import socket
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

from ud2p.protocol.messages import NAME_PATTERN

if TYPE_CHECKING:
    from ud2p.plugins import PluginManager

HOST = "127.0.0.1"
USUAL_PORT = 17280
ECHO_NAME = "echo"


class DemoBroker(Protocol):
    """What the demo needs of a broker."""

    host: str
    port: int

    @property
    def fingerprint(self) -> str | None:
        """Of its key; None under plain text."""
        ...

    async def start(self) -> None:
        """Listen."""
        ...

    async def close(self) -> None:
        """Tell the clients and stop."""
        ...


@contextlib.asynccontextmanager
async def demo_company(
    make_broker: Callable[[], DemoBroker], plugins: PluginManager
) -> AsyncIterator[tuple[str, str | None]]:
    """A broker and an echo peer, for as long as the context lasts.

    :returns: the broker's address, and the fingerprint of its key (None under plain text)
    """
    from ud2p.client import Client
    from ud2p.known_peers import KnownPeers
    from ud2p_shell.echo import run_echo

    broker = make_broker()
    await broker.start()
    try:
        address = f"{broker.host}:{broker.port}"
        key = broker.fingerprint
        async with Client(
            ECHO_NAME,
            address,
            plugins=plugins,
            auto_accept=True,
            plaintext=key is None,
            trust_broker=key,
            known_peers=KnownPeers(),  # The echo is gone after the demo, and knows nobody.
        ) as client:
            echo = asyncio.ensure_future(run_echo(client))
            yield address, key
            await client.close()
            await echo
    finally:
        await broker.close()


def demo_name() -> str:
    """The name to show a newcomer under: the one they have on this machine, where it will do."""
    with contextlib.suppress(OSError, KeyError):
        name = getpass.getuser()
        if re.match(NAME_PATTERN, name) and name.casefold() not in (ECHO_NAME, "x", "q"):
            return name
    return "you"


def open_port() -> int:
    """The usual port, so that another terminal needs no options; 0 (any) when it is taken."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((HOST, USUAL_PORT))
            except OSError:
                return 0
    return USUAL_PORT
