"""The transport ``udp`` with somebody at the cable: what goes out and comes in is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ud2p import PluginManager, TransportInfo, impl
from ud2p.contracts import Address, Endpoint, ReceiveDatagrams

RENDEZVOUS = (1, 2)
"""The first bytes of what goes to a broker and comes from one."""


class Tap:
    """A plugin; one for each client, with ``Client(transport="tapped", plugins=tap.plugins)``."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Address]] = []
        self.received: list[tuple[bytes, Address]] = []
        self.plugins = PluginManager.load()
        self._udp = self.plugins.transports["udp"]
        self.plugins.register(self, "tap")

    @impl
    def ud2p_register_transports(self) -> Sequence[TransportInfo]:
        """``tapped``."""
        return [TransportInfo("tapped", lambda: _TappedTransport(self, self._udp.make()), "for tests")]

    @property
    def records(self) -> list[bytes]:
        """What went to the peer."""
        return [datagram for datagram, _ in self.sent if datagram[0] not in RENDEZVOUS]


class _TappedTransport:
    def __init__(self, tap: Tap, inner: Any) -> None:
        self._tap = tap
        self._inner = inner

    async def bind(self, receive: ReceiveDatagrams, *more: Any) -> Any:
        def listen(datagrams: list[tuple[bytes, Address]]) -> None:
            self._tap.received += datagrams
            receive(datagrams)

        return _TappedEndpoint(self._tap, await self._inner.bind(listen, *more))


class _TappedEndpoint:
    def __init__(self, tap: Tap, inner: Endpoint) -> None:
        self._tap = tap
        self.inner = inner

    def send(self, datagram: bytes, to: Address) -> None:
        self._tap.sent.append((datagram, to))
        self.inner.send(datagram, to)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
