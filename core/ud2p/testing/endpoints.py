"""Endpoints of a transport on loopback, found as a broker's rendezvous finds them, and what they receive."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from ud2p.contracts import Address, Endpoint, Transport

DEADLINE_S = 20.0
EVERY_S = 0.05
"""What does not arrive is sent again after so long: no transport promises delivery."""


@dataclass
class Inbox:
    """What an endpoint has received."""

    datagrams: list[tuple[bytes, Address]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def receive(self, datagrams: list[tuple[bytes, Address]]) -> None:
        """See :class:`ud2p.ReceiveDatagrams`."""
        self.datagrams += datagrams
        self.changed.set()

    @property
    def contents(self) -> set[bytes]:
        """What the datagrams hold."""
        return {content for content, _ in self.datagrams}


class Rendezvous:
    """A plain UDP socket of this machine, in a broker's place: it sees where endpoints are."""

    def __init__(self, host: str) -> None:
        """:raises OSError: this machine has no such loopback address"""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.bind((host, 0))
        except OSError:
            self._socket.close()
            raise
        self.address: Address = self._socket.getsockname()[:2]

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    async def whereabouts(self, endpoint: Endpoint, name: bytes) -> Address:
        """Where an endpoint is, as others see it; asked of it until it is heard of.

        :raises AssertionError: nothing of it arrives
        """
        seen: list[Address] = []

        def look() -> bool:
            with contextlib.suppress(BlockingIOError):
                while True:
                    content, source = self._socket.recvfrom(2048)
                    if content == name:
                        seen.append(source[:2])
            return bool(seen)

        await repeat(lambda: endpoint.send(name, self.address), look, "a datagram reaches the rendezvous")
        return seen[-1]


async def repeat(action: Callable[[], None], is_so: Callable[[], bool], what: str) -> None:
    """Do something, again and again, until something is so.

    :param what: says in a failure what should have come about
    :raises AssertionError: it is not so in time
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    while True:
        action()
        again = loop.time() + EVERY_S
        while loop.time() < again:
            await asyncio.sleep(0.001)
            if is_so():
                return
        assert loop.time() < deadline, f"it did not come about within {DEADLINE_S:g} s that {what}"


@dataclass
class Bound:
    """An endpoint, where it is, and what it has received."""

    endpoint: Endpoint
    address: Address
    inbox: Inbox

    async def arrives(self, sender: Bound, content: bytes) -> Address:
        """Send until it is here; the address that it came from."""
        await repeat(
            lambda: sender.endpoint.send(content, self.address),
            lambda: content in self.inbox.contents,
            f"a datagram of {len(content)} bytes arrives",
        )
        return next(source for each, source in self.inbox.datagrams if each == content)


@contextlib.asynccontextmanager
async def bound(transport: Transport, n: int, host: str = "127.0.0.1") -> AsyncIterator[list[Bound]]:
    """So many endpoints, closed afterwards.

    :raises OSError: this machine has no such loopback address
    """
    async with contextlib.AsyncExitStack() as stack:
        rendezvous = Rendezvous(host)
        stack.callback(rendezvous.close)
        stack.push_async_callback(asyncio.sleep, 0)  # Sockets of asyncio close in the loop's next turn.
        ends: list[Bound] = []
        for number in range(n):
            inbox = Inbox()
            endpoint = await transport.bind(inbox.receive, rendezvous.address)
            stack.push_async_callback(endpoint.close)
            ends.append(Bound(endpoint, await rendezvous.whereabouts(endpoint, b"end %d" % number), inbox))
        yield ends


def has_ipv6() -> bool:
    """Whether this machine has IPv6 on its loopback."""
    try:
        Rendezvous("::1").close()
    except OSError:
        return False
    return True
