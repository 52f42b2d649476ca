"""What every transport must do, whoever made it: subclass :class:`TransportConformance` and set ``info``.

A transport promises neither delivery nor order, so what has to arrive is sent until it does. Everything happens on
loopback.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from ud2p.contracts import Candidate, Transport, TransportInfo
from ud2p.events import MessageReceived
from ud2p.plugins import PluginManager
from ud2p.testing.endpoints import Bound, bound, has_ipv6
from ud2p.testing.extra import asyncio_fixture, asyncio_test, pytest
from ud2p.testing.lossy_transport import TransportPlugin, lossy
from ud2p.testing.people import two_in_a_chat
from ud2p.text import gate

NEEDED_BYTES = 1200
"""The largest datagram of a chat."""
KINDS = ("host", "reflexive", "relay")


class TransportConformance:
    """The promises of :class:`ud2p.Transport`, :class:`ud2p.Endpoint` and :class:`ud2p.TransportInfo`."""

    info: TransportInfo
    """What the plugin registers."""

    def make(self) -> Transport:
        """A transport for one test."""
        return self.info.make()

    @asyncio_fixture
    async def ends(self, ud2p_folders: Path) -> AsyncIterator[list[Bound]]:
        """Three endpoints on the loopback of IPv4."""
        async with bound(self.make(), 3) as ends:
            yield ends

    def test_the_info_can_be_registered(self) -> None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.info.name)
        assert self.info.summary

    @asyncio_test
    async def test_an_endpoint_carries_the_datagrams_of_a_chat(self, ends: list[Bound]) -> None:
        assert ends[0].endpoint.max_datagram >= NEEDED_BYTES
        assert len({end.address for end in ends}) == len(ends), "each endpoint is one of its own"

    @asyncio_test
    async def test_datagrams_come_whole_with_the_address_of_their_sender(self, ends: list[Bound]) -> None:
        alice, bob, _ = ends
        largest = alice.endpoint.max_datagram
        for size in sorted({1, 2, 100, NEEDED_BYTES - 1, NEEDED_BYTES, largest}):
            source = await bob.arrives(alice, os.urandom(size - 1) + b"!")
            assert source == alice.address, "what is sent back there has to reach the sender"
            assert isinstance(source, tuple)
            assert [type(part) for part in source] == [str, int]
        assert {type(content) for content in bob.inbox.contents} == {bytes}

    @asyncio_test
    async def test_nothing_arrives_that_nobody_sent(self, ends: list[Bound]) -> None:
        """Neither cut nor joined, and at nobody else's endpoint."""
        alice, bob, carol = ends
        sent = [os.urandom(1 + 7 * number) for number in range(100)]
        for content in sent:
            alice.endpoint.send(content, bob.address)
        await bob.arrives(alice, b"the last one")
        assert bob.inbox.contents <= {*sent, b"the last one"}
        assert carol.inbox.contents == set()

    @asyncio_test
    async def test_both_may_send_at_once(self, ends: list[Bound]) -> None:
        alice, bob, carol = ends
        await asyncio.gather(
            bob.arrives(alice, b"a to b"), alice.arrives(bob, b"b to a"), bob.arrives(carol, b"c to b")
        )

    @asyncio_test
    async def test_an_empty_datagram_does_no_harm(self, ends: list[Bound]) -> None:
        alice, bob, _ = ends
        for _ in range(5):
            alice.endpoint.send(b"", bob.address)
        await bob.arrives(alice, b"after it")
        assert bob.inbox.contents <= {b"", b"after it"}

    @asyncio_test
    async def test_a_datagram_that_is_too_large_is_no_error(self, ends: list[Bound]) -> None:
        """What becomes of it is not promised; what comes after it arrives."""
        alice, bob, _ = ends
        largest = alice.endpoint.max_datagram
        for size in (largest + 1, 2 * largest, 65_508, 200_000):
            alice.endpoint.send(bytes(size), bob.address)
        await bob.arrives(alice, b"after them")
        await alice.arrives(bob, b"and back")

    @asyncio_test
    async def test_sending_to_nobody_is_no_error(self, ends: list[Bound]) -> None:
        alice, bob, gone = ends
        await gone.endpoint.close()
        unreachable = [("127.0.0.1", 1), ("127.255.255.255", 9), ("::1", 1)]  # nothing leaves this machine
        for to in [gone.address, gone.address, *unreachable, gone.address]:  # some errors show at the next sending only
            alice.endpoint.send(b"anybody?", to)
        await bob.arrives(alice, b"still here")
        await alice.arrives(bob, b"me too")

    @asyncio_test
    async def test_an_endpoint_that_is_closed_neither_sends_nor_receives_nor_raises(self, ends: list[Bound]) -> None:
        alice, bob, carol = ends
        await bob.arrives(alice, b"before")
        await bob.endpoint.close()
        await bob.endpoint.close()
        before = list(bob.inbox.datagrams)
        for _ in range(20):
            alice.endpoint.send(b"too late", bob.address)
            bob.endpoint.send(b"from beyond", carol.address)
        await carol.arrives(alice, b"meanwhile")
        assert bob.inbox.datagrams == before
        assert carol.inbox.contents == {b"meanwhile"}

    @asyncio_test
    async def test_one_that_is_closed_at_once_leaves_the_others_alone(self, ends: list[Bound]) -> None:
        alice, bob, _ = ends
        async with bound(self.make(), 2):
            pass
        await bob.arrives(alice, b"as before")

    @asyncio_test
    async def test_candidates_are_addresses_that_others_could_use(self, ends: list[Bound]) -> None:
        candidates = ends[0].endpoint.candidates()
        assert all(isinstance(each, Candidate) for each in candidates)
        for candidate in candidates:
            host, port = candidate.address
            assert str(ipaddress.ip_address(host.partition("%")[0])) == host.partition("%")[0]
            assert not ipaddress.ip_address(host.partition("%")[0]).is_unspecified
            assert 0 < port < 65536
            assert candidate.kind in KINDS
        assert len({each.address for each in candidates}) == len(candidates)

    @asyncio_test
    async def test_the_way_is_told_in_a_line(self, ends: list[Bound]) -> None:
        for to in (ends[1].address, ("192.0.2.7", 4242), ("2001:db8::1", 4242)):
            way = ends[0].endpoint.describe(to)
            assert isinstance(way, str)
            assert 0 < len(way) <= 120
            assert gate(way) == way, "it goes on a screen: nothing that a terminal acts on"

    @asyncio_test
    async def test_over_ipv6(self, ud2p_folders: Path) -> None:
        if not has_ipv6():
            pytest.skip("this machine has no IPv6 loopback")
        async with bound(self.make(), 2, "::1") as (alice, bob):
            assert await bob.arrives(alice, b"six") == alice.address

    @asyncio_test
    async def test_it_carries_a_chat(self, ud2p_folders: Path) -> None:
        await self._chat_over(replace(self.info, name="under-test"), messages=20)

    @asyncio_test
    async def test_it_carries_a_chat_on_a_bad_network(self, ud2p_folders: Path) -> None:
        await self._chat_over(lossy(replace(self.info, name="under-test"), seed=7, loss=0.2), messages=20)

    async def _chat_over(self, info: TransportInfo, *, messages: int) -> None:
        """All that two people say arrives once and in order."""
        warnings: list[str] = []
        manager = PluginManager.load(safe_mode=True, warn=warnings.append)
        manager.register(TransportPlugin(info), "under-test")
        async with two_in_a_chat(plugins=manager, transport=info.name) as (alice, chat, bob, theirs):
            assert gate(chat.path) == chat.path
            for number in range(messages):
                chat.post(f"forth {number} " + "x" * 100 * number)
                theirs.post(f"back {number}")
            forth = [(await bob.next(MessageReceived)).text for _ in range(messages)]
            back = [(await alice.next(MessageReceived)).text for _ in range(messages)]
        assert forth == [f"forth {number} " + "x" * 100 * number for number in range(messages)]
        assert back == [f"back {number}" for number in range(messages)]
        assert warnings == []
