"""The broker: its sockets, its hub and everything between, in a running loop.

::

    broker = Broker(ServeSettings(port=0), plugins)
    await broker.start()
    ...                     # broker.host, broker.port
    await broker.close()
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ud2p
from ud2p.errors import UsageError
from ud2p.networks import is_ip, is_loopback, is_private_test_network
from ud2p_server.hub import Hub, HubSettings
from ud2p_server.limits import Limits
from ud2p_server.link import ClientLink
from ud2p_server.log import Log
from ud2p_server.rendezvous_port import RendezvousPort
from ud2p_server.sockets import Ports, bind_ports
from ud2p_server.switchboard import Switchboard

if TYPE_CHECKING:
    from ud2p.contracts.directory import Directory
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
    insecure: bool = False
    """Listen also where connections that are not encrypted can be read by strangers."""


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
        self._server: asyncio.Server | None = None
        self._rendezvous: asyncio.DatagramTransport | None = None
        self._board: Switchboard | None = None
        self.host = settings.host
        """The IP address that it listens on, once it does."""
        self.port = settings.port
        """The port that it listens on, once it does."""

    async def start(self) -> None:
        """Listen.

        :raises PluginError: there is no such directory
        :raises UsageError: the address is not this machine's or a private network's, and ``insecure`` is not set
        :raises OSError: the port is taken, or the address is not here
        """
        directory = self._plugins.directories.get(self._settings.directory)
        if directory is None:
            raise self._plugins.unknown("directory", self._settings.directory)
        if is_ip(self._settings.host):
            self._check_exposure(self._settings.host)  # Before the port is touched; a name is checked once it is known.
        ports = bind_ports(self._settings.host, self._settings.port)
        try:
            self._check_exposure(ports.host)
            self._directory = directory.make()
            await self._open(ports, self._directory, directory.never_waits)
        except BaseException:
            ports.close()
            await self.close()
            raise
        self.host, self.port = ports.host, ports.port
        if not is_private_test_network(self.host):
            self._log("connections are not encrypted yet: whoever stands between can read them and take part")

    def _check_exposure(self, host: str) -> None:
        if not self._settings.insecure and not is_private_test_network(host):
            raise UsageError(
                f"{host} can be reached from outside private networks, and connections are not encrypted yet; "
                "listen on a private address with --host, or use --insecure to do it all the same"
            )

    async def _open(self, ports: Ports, directory: Directory, never_waits: bool) -> None:
        loop = asyncio.get_running_loop()
        shows_addresses = self._settings.show_addresses or is_loopback(ports.host)
        hub = Hub(
            HubSettings(f"ud2p {ud2p.__version__}", ports.port, shows_addresses),
            self._limits,
            directory,
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
        self._server = await loop.create_server(lambda: ClientLink(board), sock=ports.tcp, backlog=BACKLOG)

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
        if server is not None:
            server.close()
        if board is not None:
            await board.close()
        if rendezvous is not None:
            rendezvous.close()
        if directory is not None:
            await directory.close()
        await asyncio.sleep(0)  # The sockets' transports close in the loop's next turn.
