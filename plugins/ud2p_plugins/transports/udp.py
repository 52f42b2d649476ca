"""The transport ``udp``: one socket a chat, read up to 64 datagrams a wake-up.

asyncio's own datagram protocols read one datagram a wake-up and lose more than half of a burst; reading up to 64
keeps up with whatever two processes can send each other. A lone datagram, as in a conversation, is read alone: to be
told that there is no second one costs half as much as reading the first.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Sequence

from ud2p.contracts import Address, Candidate, Endpoint, ReceiveDatagrams, TransportInfo
from ud2p.hookspecs import impl
from ud2p.local_address import local_address_toward

DATAGRAMS_PER_WAKEUP = 64
SOCKET_BUFFER_BYTES = 1024 * 1024
_READ_BYTES = 2048


class UdpEndpoint:
    """A bound UDP socket on the running loop."""

    max_datagram = 1200

    def __init__(self, sock: socket.socket, receive: ReceiveDatagrams, toward: Address) -> None:
        self._socket = sock
        self._toward = toward
        self._receive = receive
        self._attempts = 1
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._read)

    def send(self, datagram: bytes, to: Address) -> None:
        """Send, or drop what the network or a full buffer does not take now."""
        try:  # noqa: SIM105 - contextlib.suppress costs a tenth of the system call
            self._socket.sendto(datagram, to)
        except OSError:
            pass  # A lost datagram is what every user of a transport is built for, so no error is worth raising.

    def candidates(self) -> list[Candidate]:
        """The address of the interface that faces the broker."""
        return [Candidate((local_address_toward(*self._toward), self._socket.getsockname()[1]), "host")]

    def describe(self, to: Address) -> str:
        """``direct HOST:PORT``."""
        host = f"[{to[0]}]" if ":" in to[0] else to[0]
        return f"direct {host}:{to[1]}"

    async def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        """Read as many as there were last time; if that was not all, try twice as many at the next wake-up."""
        datagrams: list[tuple[bytes, Address]] = []
        receive = self._socket.recvfrom
        for _ in range(self._attempts):
            try:
                data, source = receive(_READ_BYTES)
            except BlockingIOError:
                self._attempts = len(datagrams) or 1
                break
            except OSError:
                continue  # An ICMP error of an earlier send; the next datagram is behind it.
            datagrams.append((data, source[:2]))
        else:
            self._attempts = min(2 * self._attempts, DATAGRAMS_PER_WAKEUP)
        if datagrams:
            self._receive(datagrams)


class UdpTransport:
    """Makes UDP endpoints."""

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        """Bind a random port, on every interface: a peer need not be on the broker's side of this machine.

        :raises OSError: when no socket can be had
        """
        family = socket.AF_INET6 if ":" in toward[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            sock.bind(("", 0))
        except OSError:
            sock.close()
            raise
        return UdpEndpoint(sock, receive, toward)


def _make() -> UdpTransport:
    if sys.platform == "win32":
        # Windows' default loop has no add_reader; asyncio.SelectorEventLoop has.
        loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.SelectorEventLoop):
            raise OSError("the udp transport needs asyncio's selector loop on Windows")
    return UdpTransport()


@impl
def ud2p_register_transports() -> Sequence[TransportInfo]:
    """``udp``."""
    return [TransportInfo("udp", _make, "datagrams straight between the peers")]
