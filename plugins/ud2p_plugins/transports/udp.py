"""The transport ``udp``: a socket for IPv4 and one for IPv6 a chat, each read up to 64 datagrams a wake-up.

asyncio's own datagram protocols read one datagram a wake-up and lose more than half of a burst; reading up to 64
keeps up with whatever two processes can send each other. A lone datagram, as in a conversation, is nearly always read
alone: to be told that there is no second one costs half as much as reading the first.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Sequence

from ud2p.contracts import Address, Candidate, Endpoint, ReceiveDatagrams, TransportInfo
from ud2p.hookspecs import impl
from ud2p.own_addresses import own_addresses

DATAGRAMS_PER_WAKEUP = 64
MAX_PATIENCE = 16
"""After so many wake-ups with one datagram each, a second one is looked for."""
SOCKET_BUFFER_BYTES = 1024 * 1024
_READ_BYTES = 2048


class _Socket:
    """A bound socket of one family on the running loop."""

    def __init__(self, family: socket.AddressFamily, receive: ReceiveDatagrams) -> None:
        """:raises OSError: when there is no such socket to be had"""
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
            if family == socket.AF_INET6:  # IPv4 has a socket of its own, and its addresses one form.
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self._socket.bind(("", 0))
        except OSError:
            self._socket.close()
            raise
        self.sendto = self._socket.sendto
        self.port: int = self._socket.getsockname()[1]
        self._receive = receive
        self._attempts = 1
        self._filled, self._patience = 0, 1
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        """Read as many as there were last time, and twice as many once there may be more; where there was no second
        one, it is tried ever more rarely, for in a conversation each comes alone."""
        datagrams: list[tuple[bytes, Address]] = []
        receive = self._socket.recvfrom
        for _ in range(self._attempts):
            try:
                data, source = receive(_READ_BYTES)
            except BlockingIOError:
                self._attempts, self._filled = len(datagrams) or 1, 0
                self._patience = min(2 * self._patience, MAX_PATIENCE) if len(datagrams) <= 1 else 1
                break
            except OSError:
                continue  # An ICMP error of an earlier send; the next datagram is behind it.
            datagrams.append((data, source[:2]))
        else:
            self._filled += 1
            if self._filled >= self._patience:
                self._attempts, self._filled = min(2 * self._attempts, DATAGRAMS_PER_WAKEUP), 0
        if datagrams:
            self._receive(datagrams)


class UdpEndpoint:
    """Bound UDP sockets, one a family that this machine has."""

    max_datagram = 1200

    def __init__(self, receive: ReceiveDatagrams, toward: Address) -> None:
        """
        :raises OSError: when no socket can be had that reaches ``toward``
        """
        self._toward = toward
        needed = socket.AF_INET6 if ":" in toward[0] else socket.AF_INET
        other = socket.AF_INET if needed == socket.AF_INET6 else socket.AF_INET6
        self._sockets = {needed: _Socket(needed, receive)}
        with contextlib.suppress(OSError):  # A machine may have only one of the two.
            self._sockets[other] = _Socket(other, receive)
        four, six = self._sockets.get(socket.AF_INET), self._sockets.get(socket.AF_INET6)
        self._send_four = _drop if four is None else four.sendto
        self._send_six = _drop if six is None else six.sendto

    def send(self, datagram: bytes, to: Address) -> None:
        """Send, or drop what the network or a full buffer does not take now."""
        try:  # noqa: SIM105 - contextlib.suppress costs a tenth of the system call
            (self._send_six if ":" in to[0] else self._send_four)(datagram, to)
        except OSError:
            pass  # A lost datagram is what every user of a transport is built for, so no error is worth raising.

    def candidates(self) -> list[Candidate]:
        """This machine's addresses now; the one that faces the broker is the first."""
        found = []
        for host in own_addresses(self._toward[0]):
            sock = self._sockets.get(socket.AF_INET6 if ":" in host else socket.AF_INET)
            if sock is not None:
                found.append(Candidate((host, sock.port), "host"))
        return found

    def describe(self, to: Address) -> str:
        """``direct HOST:PORT``."""
        host = f"[{to[0]}]" if ":" in to[0] else to[0]
        return f"direct {host}:{to[1]}"

    async def close(self) -> None:
        """Close the sockets."""
        for sock in self._sockets.values():
            sock.close()


def _drop(datagram: bytes, to: Address) -> None:
    """There is no socket of that family."""


class UdpTransport:
    """Makes UDP endpoints."""

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        """Bind random ports, on every interface: a peer need not be on the broker's side of this machine.

        :raises OSError: when no socket can be had that reaches the broker
        """
        return UdpEndpoint(receive, toward)


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
