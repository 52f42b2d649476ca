"""The broker's UDP port: datagrams to the rendezvous and its answers back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from ud2p.contracts.transport import Address

Receive = Callable[[bytes, Address, float], bytes | None]


class RendezvousPort(asyncio.DatagramProtocol):
    """What the rendezvous does not answer is dropped without a word."""

    _transport: asyncio.DatagramTransport

    def __init__(self, receive: Receive, now: Callable[[], float]) -> None:
        """:param receive: takes a datagram, its source and the time, and gives the answer"""
        self._receive = receive
        self._now = now

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, source: tuple[Any, ...]) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        answer = self._receive(data, (source[0], source[1]), self._now())
        if answer is not None:
            self._transport.sendto(answer, source)

    def error_received(self, error: Exception) -> None:
        """See :class:`asyncio.DatagramProtocol`. A client that closed its socket is no news."""
