from __future__ import annotations

import asyncio

import pytest

from ud2p import Address, Candidate, Endpoint, PluginError, PluginManager, ReceiveDatagrams, TransportInfo
from ud2p.testing import lossy
from ud2p.testing.lossy_transport import LONGEST_DELAY_S, register_lossy

HERE: Address = ("127.0.0.1", 9)


class Loop:
    """A transport and its endpoint: everything arrives where it was sent."""

    max_datagram = 1200

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        self.receive = receive
        return self

    def send(self, datagram: bytes, to: Address) -> None:
        self.receive([(datagram, HERE)])

    def candidates(self) -> list[Candidate]:
        return []

    def describe(self, to: Address) -> str:
        return "round"

    async def close(self) -> None:
        pass


async def arrivals(seed: int, *, loss: float, copies: float) -> list[int]:
    """Which of a thousand arrive, in order."""
    info = lossy(TransportInfo("loop", Loop), seed=seed, loss=loss, copies=copies)
    received: list[int] = []
    endpoint = await info.make().bind(lambda batch: received.extend(int(data) for data, _ in batch), HERE)
    for number in range(1000):
        endpoint.send(b"%d" % number, HERE)
    await asyncio.sleep(2 * LONGEST_DELAY_S)  # timers fire in order: this one after all of theirs
    return received


async def test_the_weather_is_as_bad_as_was_asked_for() -> None:
    received = await arrivals(1, loss=0.3, copies=0.0)
    assert 600 < len(received) < 800
    assert len(set(received)) == len(received)
    assert received != sorted(received)
    assert len(await arrivals(1, loss=0.0, copies=1.0)) == 2000


async def test_one_seed_loses_the_same_each_time() -> None:
    first = await arrivals(5, loss=0.5, copies=0.2)
    assert sorted(await arrivals(5, loss=0.5, copies=0.2)) == sorted(first)
    assert sorted(await arrivals(6, loss=0.5, copies=0.2)) != sorted(first)


def test_it_is_registered_beside_the_other_one() -> None:
    manager = PluginManager.load(safe_mode=True)
    assert [register_lossy(manager, "udp", seed=1, loss=0.1) for _ in range(2)] == ["lossy-udp", "lossy-udp-1"]
    assert {"udp", "lossy-udp", "lossy-udp-1"} == set(manager.transports)
    with pytest.raises(PluginError, match='no transport is called "upd"; did you mean udp'):
        register_lossy(manager, "upd", seed=1, loss=0.1)
