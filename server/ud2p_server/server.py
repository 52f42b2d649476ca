"""The broker: its sockets, its hub and everything between, in a running loop.

::

    broker = Broker(ServeSettings(port=0), plugins)
    await broker.start()
    ...                     # broker.host, broker.port
    await broker.close()
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ud2p
from ud2p.config import state_dir
from ud2p.errors import UsageError
from ud2p.networks import is_ip, is_loopback
from ud2p_server.certificate import Certificate, load_certificate
from ud2p_server.hub import Hub, HubSettings
from ud2p_server.limits import Limits
from ud2p_server.link import ClientLink
from ud2p_server.log import Log
from ud2p_server.names import FILE_NAME as NAMES_FILE
from ud2p_server.names import OwnedNames
from ud2p_server.rendezvous_port import RendezvousPort
from ud2p_server.sockets import Ports, bind_ports
from ud2p_server.switchboard import Switchboard
from ud2p_server.tls_door import TlsDoor

if TYPE_CHECKING:
    from ud2p.contracts.directory import Directory, DirectoryInfo, NameStore
    from ud2p.plugins import PluginManager

BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """What whoever runs a broker chooses."""

    host: str = "127.0.0.1"
    """The IP address (or name) to listen on."""
    port: int = 17280
    """For TCP, and for the rendezvous on UDP; 0 takes any that is free."""
    directory: str = "memory"
    """The directory plugin that keeps the presence."""
    show_addresses: bool = False
    """Show clients each other's addresses in lists also where strangers can connect."""
    plaintext: bool = False
    """Do without TLS; on this machine alone."""
    certificate: Path | None = None
    """PEM; None is one of the broker's own making, kept in its state folder."""
    key: Path | None = None
    """PEM, of that certificate; None where the certificate's file holds it."""
    state: Path | None = None
    """The folder of what the broker keeps; None is the state folder of whoever runs it."""


def _state(settings: ServeSettings) -> Path:
    """The folder of what a broker keeps."""
    return settings.state or state_dir()


def _directory(settings: ServeSettings, plugins: PluginManager) -> DirectoryInfo:
    directory = plugins.directories.get(settings.directory)
    if directory is None:
        raise plugins.unknown("directory", settings.directory)
    return directory


def open_names(settings: ServeSettings, plugins: PluginManager) -> NameStore:
    """Where a broker's names are owned: in its directory, or else in a file of its state folder.

    :raises PluginError: there is no such directory
    :raises ConfigError: the file can't be read, understood or written
    """
    directory = _directory(settings, plugins)
    return directory.names() if directory.names is not None else OwnedNames(_state(settings) / NAMES_FILE)


class Broker:
    """One broker on one loop. Start it once, close it once."""

    def __init__(
        self,
        settings: ServeSettings,
        plugins: PluginManager,
        *,
        limits: Limits | None = None,
        log: Callable[[str], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """
        :param log: takes lines for whoever runs it, safe to print; None writes them to standard error
        :param clock: seconds, never backwards; None is the loop's
        """
        self._settings = settings
        self._plugins = plugins
        self._limits = limits or Limits()
        self._log = Log(log)
        self._clock = clock
        self._directory: Directory | None = None
        self._names: NameStore | None = None
        self._server: asyncio.Server | None = None
        self._rendezvous: asyncio.DatagramTransport | None = None
        self._board: Switchboard | None = None
        self.host = settings.host
        """The IP address that it listens on, once it does."""
        self.port = settings.port
        """The port that it listens on, once it does."""
        self.certificate: Certificate | None = None
        """What it proves itself with, once it listens; None under plain text."""

    async def start(self) -> None:
        """Listen.

        :raises PluginError: there is no such directory
        :raises UsageError: plain text is asked for where others than this machine could connect
        :raises ConfigError: the certificate or the names can't be read, understood or written
        :raises OSError: the port is taken, or the address is not here
        """
        directory = _directory(self._settings, self._plugins)
        if is_ip(self._settings.host):
            self._check_exposure(self._settings.host)  # Before the port is touched; a name is checked once it is known.
        ports = bind_ports(self._settings.host, self._settings.port)
        try:
            self._check_exposure(ports.host)
            self.certificate = self._load_certificate()
            self._directory = directory.make()
            self._names = open_names(self._settings, self._plugins)
            await self._open(ports, self._directory, self._names, directory.never_waits)
        except BaseException:
            ports.close()
            await self.close()
            raise
        self.host, self.port = ports.host, ports.port

    def _check_exposure(self, host: str) -> None:
        if self._settings.plaintext and not is_loopback(host):
            raise UsageError(
                f"others than this machine can connect to {host}, and nothing protects plain text on its way; leave "
                "out --plaintext, or --host"
            )

    def _load_certificate(self) -> Certificate | None:
        if self._settings.plaintext:
            return None
        return load_certificate(self._settings.certificate, self._settings.key, _state(self._settings))

    def _certificate_hash(self) -> bytes:
        return b"" if self.certificate is None else hashlib.sha256(self.certificate.leaf).digest()

    async def _open(self, ports: Ports, directory: Directory, names: NameStore, never_waits: bool) -> None:
        loop = asyncio.get_running_loop()
        shows_addresses = self._settings.show_addresses or is_loopback(ports.host)
        hub = Hub(
            HubSettings(f"ud2p {ud2p.__version__}", ports.port, shows_addresses, self._certificate_hash()),
            self._limits,
            directory,
            names,
            self._plugins,
            os.urandom,
            self._log,
        )
        clock = self._clock or loop.time
        self._board = board = Switchboard(hub, self._limits, self._log, loop, clock, never_waits=never_waits)
        receive = hub.introductions.receive_datagram
        self._rendezvous, _ = await loop.create_datagram_endpoint(
            lambda: RendezvousPort(receive, clock), sock=ports.udp
        )
        self._server = await loop.create_server(self._make_end(board), sock=ports.tcp, backlog=BACKLOG)

    def _make_end(self, board: Switchboard) -> Callable[[], asyncio.Protocol]:
        """What stands at the broker's end of each connection."""
        if self.certificate is None:
            return lambda: ClientLink(board)
        context = self.certificate.context
        return lambda: TlsDoor(board, context)

    @property
    def fingerprint(self) -> str | None:
        """Of the key that it proves itself with, once it listens; None under plain text."""
        return None if self.certificate is None else self.certificate.fingerprint

    @property
    def clients(self) -> int:
        """How many are logged in."""
        return 0 if self._board is None else len(self._board.hub.presence)

    async def close(self) -> None:
        """Tell the clients, and stop. May be called twice."""
        server, self._server = self._server, None
        board, self._board = self._board, None
        rendezvous, self._rendezvous = self._rendezvous, None
        directory, self._directory = self._directory, None
        names, self._names = self._names, None
        if server is not None:
            server.close()
        if board is not None:
            await board.close()
        if rendezvous is not None:
            rendezvous.close()
        if directory is not None:
            await directory.close()
        if names is not None:
            await names.close()
        await asyncio.sleep(0)  # The sockets' transports close in the loop's next turn.
