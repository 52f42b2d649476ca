"""The sockets of a broker: TCP for its clients and UDP for the rendezvous, on one port number."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

BUFFER_BYTES = 128 * 1024
"""What the kernel may hold for one client in either direction. It would give a client that does not read megabytes."""
ATTEMPTS = 50
"""How often a free port is looked for whose number is free for TCP and UDP."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Bound sockets, not listening yet."""

    tcp: socket.socket
    udp: socket.socket

    @property
    def host(self) -> str:
        """The IP address that they are bound to."""
        return str(self.tcp.getsockname()[0])

    @property
    def port(self) -> int:
        """The number of both ports."""
        return int(self.tcp.getsockname()[1])

    def close(self) -> None:
        """Free both."""
        self.tcp.close()
        self.udp.close()


def bind_ports(host: str, port: int) -> Ports:
    """Bind both ports.

    :param host: an IP address or a name; of a name's addresses the first
    :param port: 0 for any that is free
    :raises OSError: the port is taken (``errno.EADDRINUSE``), or there is no such address here
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, address = found[0][0], found[0][4]
    for attempt in range(ATTEMPTS):
        try:
            return _bind_both(family, address)
        except _UdpTaken:
            if port or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("not reached")


class _UdpTaken(OSError):
    """The number is free for TCP only."""


def _bind_both(family: int, address: tuple[Any, ...]) -> Ports:
    tcp = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_REUSEPORT"):  # POSIX; elsewhere SO_REUSEADDR would let two programs share the port
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # what is accepted inherits them
            tcp.setsockopt(socket.SOL_SOCKET, buffer, BUFFER_BYTES)
        _accept_both_families(tcp, address)
        tcp.bind(address)
        udp = socket.socket(family, socket.SOCK_DGRAM)
    except BaseException:
        tcp.close()
        raise
    try:
        _accept_both_families(udp, address)
        udp.bind((address[0], tcp.getsockname()[1], *address[2:]))
    except OSError as error:
        tcp.close()
        udp.close()
        raise _UdpTaken(error.errno, error.strerror) from error
    tcp.setblocking(False)
    udp.setblocking(False)
    return Ports(tcp, udp)


def _accept_both_families(sock: socket.socket, address: tuple[Any, ...]) -> None:
    """``::`` serves IPv4 too; every other IPv6 address only itself."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
