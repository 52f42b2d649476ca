"""Any transport, with the weather of a bad network on what arrives: loss, copies, disorder. Seeded."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from ud2p.contracts import Address, Endpoint, ReceiveDatagrams, Transport, TransportInfo
from ud2p.hookspecs import impl

if TYPE_CHECKING:
    from ud2p.plugins import PluginManager

LONGEST_DELAY_S = 0.05


class LossyTransport:
    """Makes another's endpoints, which lose, copy and delay what they receive."""

    def __init__(self, inner: Transport, chance: random.Random, *, loss: float, copies: float = 0.0) -> None:
        """
        :param inner: what carries the datagrams
        :param loss: the share of datagrams that never arrive, 0 to 1
        :param copies: the share of the others that arrive twice
        """
        self._inner = inner
        self._chance = chance
        self._loss = loss
        self._copies = copies

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        """See :class:`ud2p.contracts.Transport`."""
        loop, chance = asyncio.get_running_loop(), self._chance

        def weather(datagrams: list[tuple[bytes, Address]]) -> None:
            for datagram in datagrams:
                for _ in range(2 if chance.random() < self._copies else 1):
                    if chance.random() >= self._loss:
                        loop.call_later(chance.random() * LONGEST_DELAY_S, receive, [datagram])

        return await self._inner.bind(weather, toward)


def lossy(info: TransportInfo, *, seed: int, loss: float, copies: float = 0.1) -> TransportInfo:
    """What to register for a lossy one: ``lossy-NAME``, which fares the same each time for one seed and one order of
    datagrams."""
    chance = random.Random(seed)  # noqa: S311 - weather, no secret
    name = f"lossy-{info.name}"[:32]
    return replace(info, name=name, make=lambda: LossyTransport(info.make(), chance, loss=loss, copies=copies))


class TransportPlugin:
    """A plugin that brings one transport."""

    def __init__(self, info: TransportInfo) -> None:
        self.info = info

    @impl
    def ud2p_register_transports(self) -> list[TransportInfo]:
        """See :mod:`ud2p.hookspecs`."""
        return [self.info]


def register_lossy(manager: PluginManager, transport: str, *, seed: int, loss: float, copies: float = 0.1) -> str:
    """Register a transport once more, lossy; gives the name of the new one.

    :raises PluginError: there is no such transport
    """
    if transport not in manager.transports:
        raise manager.unknown("transport", transport)
    info = lossy(manager.transports[transport], seed=seed, loss=loss, copies=copies)
    number = sum(name.startswith(info.name) for name in manager.transports)
    info = replace(info, name=f"{info.name}-{number}"[-32:] if number else info.name)
    manager.register(TransportPlugin(info), info.name)
    return info.name
