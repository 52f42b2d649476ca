"""The transport ``udp`` with the weather of a bad network on what arrives: loss, copies, disorder."""

from __future__ import annotations

import asyncio
import random

from ud2p.contracts import Address, Endpoint, ReceiveDatagrams, TransportInfo
from ud2p.hookspecs import impl
from ud2p_plugins.transports.udp import UdpTransport

LONGEST_DELAY_S = 0.05


class LossyTransport:
    """Makes endpoints that lose, copy and delay what they receive."""

    def __init__(self, loss: float, copies: float, chance: random.Random) -> None:
        """
        :param loss: the share of datagrams that never arrive, 0 to 1
        :param copies: the share of those that arrive twice
        """
        self._loss = loss
        self._copies = copies
        self._chance = chance

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        """See :class:`ud2p.contracts.Transport`."""
        loop, chance = asyncio.get_running_loop(), self._chance

        def weather(datagrams: list[tuple[bytes, Address]]) -> None:
            for datagram in datagrams:
                for _ in range(2 if chance.random() < self._copies else 1):
                    if chance.random() >= self._loss:
                        loop.call_later(chance.random() * LONGEST_DELAY_S, receive, [datagram])

        return await UdpTransport().bind(weather, toward)


class LossyPlugin:
    """Registers it as ``lossy``."""

    def __init__(self, loss: float, copies: float, seed: int) -> None:
        self._transport = LossyTransport(loss, copies, random.Random(seed))

    @impl
    def ud2p_register_transports(self) -> list[TransportInfo]:
        """See :mod:`ud2p.hookspecs`."""
        return [TransportInfo("lossy", lambda: self._transport)]
