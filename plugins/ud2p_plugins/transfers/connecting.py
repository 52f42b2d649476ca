"""How the connecting end of a transfer gets to the listening one, at any of its addresses."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from ud2p.errors import RemoteProtocolError, TransferFailed
from ud2p.protocol.hello import NONCE_BYTES, Hello, Side
from ud2p_plugins.transfers.line import ByteLine, ConnectionLost, Line, StopSignal

CONNECT_S = 3.0
"""A lost first packet is sent again after one second."""
_LONGEST_STEP_BYTES = 80
"""Of a hello."""

Prove: TypeAlias = Callable[[bytes, bytes], bytes]


class Unreachable(TransferFailed):
    """the other end could not be reached; a firewall may be in the way"""


class NotLetIn(ConnectionLost):
    """the connection was lost before either end had proved anything; the other one still listens"""


def connect(
    hosts: Sequence[str],
    port: int,
    transfer_id: bytes,
    prove: Prove,
    stop: StopSignal,
    *,
    line_stop: StopSignal | None = None,
    connect_s: float = CONNECT_S,
) -> tuple[Line, bytes]:
    """Connect to the listening end and prove each other. All addresses are tried at once; the first that answers is it.

    :param stop: ends the attempt
    :param line_stop: stops the connection; None is ``stop``
    :returns: the connection and the hello's context
    :raises Unreachable: when nobody answers there
    :raises NotLetIn: when somebody else does, or the connection is lost before both have proved anything
    """
    left = list(hosts)
    while True:
        host, sock = _first_connected(left, port, stop, connect_s)
        line = Line(sock, line_stop or stop)
        try:
            return line, say_hello(line, Side.CONNECTOR, transfer_id, prove)
        except NotLetIn:  # Somebody else may be at one address of the peer, such as its router.
            line.close()
            left.remove(host)
            if not left:
                raise
        except BaseException:
            line.close()
            raise


def _first_connected(hosts: Sequence[str], port: int, stop: StopSignal, connect_s: float) -> tuple[str, socket.socket]:
    failed: dict[str, int] = {}
    deadline = time.monotonic() + connect_s
    with contextlib.ExitStack() as rest, selectors.DefaultSelector() as selector:
        selector.register(stop, selectors.EVENT_READ)
        sockets: dict[str, socket.socket] = {}
        for host in hosts:
            sock, code = _begin_connecting(host, port)
            if sock is not None:
                sockets[host] = rest.enter_context(sock)
                selector.register(sock, selectors.EVENT_WRITE, host)
            else:
                failed[host] = code
        while sockets and (found := selector.select(max(0.0, deadline - time.monotonic()))):
            stop.check()
            for key, _ in found:
                sock = sockets[key.data]
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not code:
                    return key.data, socket.socket(fileno=sock.detach())
                failed[key.data] = code
                selector.unregister(sockets.pop(key.data))
    raise Unreachable(_unreachable(hosts, port, failed))


def _begin_connecting(host: str, port: int) -> tuple[socket.socket | None, int]:
    """A socket that connects, or the code of the error why none does."""
    family, address = socket_address(host, port)
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:  # a system without IPv6
        return None, error.errno or errno.EAFNOSUPPORT
    sock.setblocking(False)
    code = sock.connect_ex(address)
    if code in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
        return sock, 0
    sock.close()
    return None, code


def _unreachable(hosts: Sequence[str], port: int, failed: dict[str, int]) -> str:
    tried = ", ".join(f"{host} ({os.strerror(failed.get(host, errno.ETIMEDOUT)).lower()})" for host in hosts)
    return f"the other side could not be reached on port {port} of {tried}; a firewall may be in the way"


def say_hello(line: ByteLine, side: Side, transfer_id: bytes, prove: Prove) -> bytes:
    """Prove each other over a line.

    :returns: the hello's context
    :raises NotLetIn: the other end is not the right one, or was lost
    """
    hello = Hello(side, transfer_id, os.urandom(NONCE_BYTES), prove)
    space = memoryview(bytearray(_LONGEST_STEP_BYTES))
    try:
        line.send_all(hello.data_to_send())
        while not hello.proven:
            n_bytes = line.receive_into(space[: hello.wanted])
            hello.receive_data(space[:n_bytes])
            line.send_all(hello.data_to_send())
    except (RemoteProtocolError, ConnectionLost) as error:
        raise NotLetIn(f"the other side did not let this connection in ({error}); send the file again") from error
    return hello.context


def socket_address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]:
    """The socket address of an IP address; nothing is looked up."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise TransferFailed(f"{host} is not an IP address; connect to the peer again") from error
    family, _, _, _, address = found[0]
    return family, address  # type: ignore[return-value]  # a numeric host has only these two shapes
