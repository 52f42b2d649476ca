"""What others can do to the datagrams of a real chat on loopback: copy them, keep them, send what they like."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

from tests.support.people import DEADLINE_S

from ud2p import Chat
from ud2p.contracts import Address, Candidate, Endpoint


class Tap:
    """On the wire of one end of a chat: everything that it sends passes here."""

    def __init__(self, chat: Chat) -> None:
        endpoint = chat.driver.endpoint
        assert endpoint is not None
        self._endpoint: Endpoint = endpoint
        self.max_datagram = endpoint.max_datagram
        self.copies: list[tuple[bytes, Address]] = []
        """Everything that was sent, and where to."""
        self.passes: Callable[[bytes, Address], bool] = lambda datagram, to: True
        """Whether a datagram goes on its way; one that does not is lost."""
        chat.driver.endpoint = self

    def send(self, datagram: bytes, to: Address) -> None:
        """See :class:`ud2p.contracts.Endpoint`."""
        self.copies.append((datagram, to))
        if self.passes(datagram, to):
            self._endpoint.send(datagram, to)

    def candidates(self) -> list[Candidate]:
        """See :class:`ud2p.contracts.Endpoint`."""
        return self._endpoint.candidates()

    def describe(self, to: Address) -> str:
        """See :class:`ud2p.contracts.Endpoint`."""
        return self._endpoint.describe(to)

    async def close(self) -> None:
        """See :class:`ud2p.contracts.Endpoint`."""
        await self._endpoint.close()


class Outsider:
    """Somebody at another address, who can send anything to anybody and counts what comes: attacker or victim."""

    def __init__(self) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self.address: Address = self._socket.getsockname()
        self.sent_bytes = 0
        self._received: list[bytes] = []

    def __enter__(self) -> Outsider:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, datagram: bytes, to: Address) -> None:
        """Send something."""
        self.sent_bytes += len(datagram)
        self._socket.sendto(datagram, to)

    @contextlib.contextmanager
    def relaying(self, one: Address, other: Address) -> Iterator[list[tuple[bytes, Address]]]:
        """Pass on what either sends, to the other; gives what was passed on, and where to."""
        relayed: list[tuple[bytes, Address]] = []
        loop = asyncio.get_running_loop()

        def relay() -> None:
            datagram, source = self._socket.recvfrom(2048)
            to = other if source == one else one
            relayed.append((datagram, to))
            self.send(datagram, to)

        loop.add_reader(self._socket, relay)
        try:
            yield relayed
        finally:
            loop.remove_reader(self._socket)

    @property
    def received(self) -> list[bytes]:
        """What came so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._received.append(self._socket.recv(2048))
        return self._received


async def come_true(is_so: Callable[[], bool]) -> None:
    """Let the loop run until something is so."""
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.002)


def port_of(chat: Chat) -> Address:
    """Where others on this machine reach that end of a chat."""
    endpoint = chat.driver.endpoint
    assert endpoint is not None
    (address,) = (each.address for each in endpoint.candidates() if each.address[0] == "127.0.0.1")
    return address
