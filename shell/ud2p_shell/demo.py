"""``ud2p demo``: what the shell needs around it to be tried on one machine."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import re
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ud2p.contracts import CipherInfo, FileTransferInfo, TransportInfo
from ud2p.hookspecs import impl
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


class Lent:
    """A plugin with what the user's plugins bring, and none of their gatekeepers and observers: those are the user's,
    and the echo is somebody else."""

    def __init__(self, plugins: PluginManager) -> None:
        self._plugins = plugins

    @impl
    def ud2p_register_ciphers(self) -> list[CipherInfo]:
        """See :mod:`ud2p.hookspecs`."""
        return list(self._plugins.ciphers.values())

    @impl
    def ud2p_register_transports(self) -> list[TransportInfo]:
        """See :mod:`ud2p.hookspecs`."""
        return list(self._plugins.transports.values())

    @impl
    def ud2p_register_file_transfers(self) -> list[FileTransferInfo]:
        """See :mod:`ud2p.hookspecs`."""
        return list(self._plugins.file_transfers.values())


@contextlib.asynccontextmanager
async def demo_company(
    make_broker: Callable[[], DemoBroker], plugins: PluginManager, ciphers: Sequence[str] | None = None
) -> AsyncIterator[tuple[str, str | None]]:
    """A broker and an echo peer, for as long as the context lasts.

    :param plugins: the user's; what they bring, the echo has too
    :param ciphers: those that the user named; the echo speaks the same
    :returns: the broker's address, and the fingerprint of its key (None under plain text)
    """
    from ud2p.client import Client
    from ud2p.known_peers import KnownPeers
    from ud2p.plugins import PluginManager
    from ud2p_shell.echo import run_echo

    lent = PluginManager()
    lent.register(Lent(plugins), "lent")
    broker = make_broker()
    await broker.start()
    try:
        address = f"{broker.host}:{broker.port}"
        key = broker.fingerprint
        async with Client(
            ECHO_NAME,
            address,
            plugins=lent,
            ciphers=[info.name for info in plugins.offered_ciphers(ciphers)] or None,
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
