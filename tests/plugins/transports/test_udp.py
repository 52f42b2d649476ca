"""The udp transport on real sockets."""

from __future__ import annotations

import asyncio

from ud2p import PluginManager
from ud2p.contracts import Address, Endpoint
from ud2p.testing import TransportConformance
from ud2p_plugins.transports.udp import DATAGRAMS_PER_WAKEUP, UdpTransport, ud2p_register_transports

LOOPBACK: Address = ("127.0.0.1", 9)
DEADLINE_S = 10.0


class TestUdp(TransportConformance):
    info = ud2p_register_transports()[0]


class Inbox:
    """Collects what an endpoint receives."""

    def __init__(self) -> None:
        self.datagrams: list[tuple[bytes, Address]] = []
        self.batches: list[int] = []
        self._changed = asyncio.Event()

    def receive(self, datagrams: list[tuple[bytes, Address]]) -> None:
        self.datagrams += datagrams
        self.batches.append(len(datagrams))
        self._changed.set()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.datagrams) < count:
                self._changed.clear()
                await self._changed.wait()


def port_of(endpoint: Endpoint) -> int:
    return endpoint.candidates()[0].address[1]


async def test_a_burst_is_read_many_at_a_time() -> None:
    inbox, nobody = Inbox(), Inbox()
    receiver = await UdpTransport().bind(inbox.receive, LOOPBACK)
    sender = await UdpTransport().bind(nobody.receive, LOOPBACK)
    for number in range(200):
        sender.send(b"%d" % number, ("127.0.0.1", port_of(receiver)))
    await inbox.wait_for(200)
    assert max(inbox.batches) == DATAGRAMS_PER_WAKEUP
    await sender.close()
    await receiver.close()


async def test_ipv6() -> None:
    inbox = Inbox()
    endpoint = await UdpTransport().bind(inbox.receive, ("::1", 9))
    candidate = endpoint.candidates()[0]
    assert (candidate.address[0], candidate.kind) == ("::1", "host")
    endpoint.send(b"six", candidate.address)
    await inbox.wait_for(1)
    assert inbox.datagrams == [(b"six", candidate.address)]
    assert endpoint.describe(candidate.address) == f"direct [::1]:{candidate.address[1]}"
    await endpoint.close()


async def test_it_is_registered() -> None:
    transport = PluginManager.load().transports["udp"].make()
    endpoint = await transport.bind(Inbox().receive, LOOPBACK)
    assert endpoint.describe(("192.0.2.7", 4242)) == "direct 192.0.2.7:4242"
    await endpoint.close()
