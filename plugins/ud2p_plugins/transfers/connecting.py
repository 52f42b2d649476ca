"""How the two ends of a transfer find each other on TCP, among whoever else connects.

The listener lets in up to 8 connections that have yet to prove themselves, for 5 seconds each; the next ones wait in
the kernel's queue until there is room. The first that proves that it belongs to the transfer wins, the others are
closed, and so is the door. Nobody who can't prove it learns more than 32 random bytes.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ud2p.errors import RemoteProtocolError, TransferFailed
from ud2p.protocol.hello import NONCE_BYTES, Hello, Side
from ud2p_plugins.transfers.line import ByteLine, ConnectionLost, Line, StopSignal

PORT = 9999
"""Where the receiver listens when the port is free, as ever; any other port is as good."""
MAX_GUESTS = 8
HELLO_S = 5.0
WAIT_S = 60.0
CONNECT_S = 5.0
_BACKLOG = 64
_LONGEST_STEP_BYTES = 80
"""Of a hello."""

Prove: TypeAlias = Callable[[bytes, bytes], bytes]


class Unreachable(TransferFailed):
    """the other end could not be reached; a firewall may be in the way"""


class NotLetIn(ConnectionLost):
    """the connection was lost before either end had proved anything; the other one still listens"""


@dataclass(slots=True)
class _Guest:
    """A connection that has yet to prove itself."""

    connection: socket.socket
    hello: Hello
    until: float

    def advance(self) -> bool:
        """Read what is there, answer what is due.

        :returns: whether the other side is proven now
        :raises RemoteProtocolError: when it never will be
        :raises OSError: when it is gone
        """
        try:
            data = self.connection.recv(self.hello.wanted)
        except BlockingIOError:  # a wake-up for nothing
            return False
        self.hello.receive_data(data)
        self.answer()
        return self.hello.proven

    def answer(self) -> None:
        """Send what is due. It is a few bytes, and a socket that can't even take those is not waited for."""
        data = self.hello.data_to_send()
        if self.connection.send(data) < len(data):
            raise BlockingIOError


class Door:
    """Listens for the one connection of a transfer."""

    def __init__(self, host: str, port: int = PORT) -> None:
        """Listen on ``port`` of the own address ``host``, or on any free port.

        :raises TransferFailed: when the address can't be listened on
        """
        self._listener = _listen(host, port)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]

    def admit(
        self,
        transfer_id: bytes,
        prove: Prove,
        stop: StopSignal,
        *,
        line_stop: StopSignal | None = None,
        hello_s: float = HELLO_S,
        wait_s: float = WAIT_S,
    ) -> tuple[Line, bytes]:
        """Wait for the connection that proves that it belongs to the transfer, and close the door behind it.

        :param stop: ends the wait
        :param line_stop: stops the connection; None is ``stop``
        :returns: the connection and the hello's context
        :raises TransferFailed: when none came in ``wait_s`` seconds
        """
        with selectors.DefaultSelector() as selector:
            lobby = _Lobby(self._listener, selector, transfer_id, prove, hello_s)
            selector.register(stop, selectors.EVENT_READ)
            deadline = time.monotonic() + wait_s
            try:
                while (guest := lobby.wait(deadline)) is None:
                    stop.check()
                    if time.monotonic() >= deadline:
                        raise TransferFailed(
                            f"the sender did not connect within {wait_s:.0f} seconds; a firewall may be in the way"
                        )
                return Line(guest.connection, line_stop or stop), guest.hello.context
            finally:
                lobby.close()
                self.close()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()


class _Lobby:
    """Those who came in and have yet to prove themselves, the one who came first in front."""

    def __init__(
        self,
        listener: socket.socket,
        selector: selectors.BaseSelector,
        transfer_id: bytes,
        prove: Prove,
        hello_s: float,
    ) -> None:
        self._listener = listener
        self._selector = selector
        self._transfer_id = transfer_id
        self._prove = prove
        self._hello_s = hello_s
        self._guests: dict[socket.socket, _Guest] = {}
        self._open = False

    def wait(self, deadline: float) -> _Guest | None:
        """Let in, listen, and see off, once; whoever is returned is proven, and no longer looked after here."""
        self._open_or_shut()
        until = min([deadline, *(guest.until for guest in self._guests.values())])
        for key, _ in self._selector.select(max(0.0, until - time.monotonic())):
            if key.fileobj is self._listener:
                self._let_in()
            elif isinstance(guest := key.data, _Guest) and self._hear(guest):
                self._forget(guest)
                return guest
        for guest in [guest for guest in self._guests.values() if guest.until <= time.monotonic()]:
            self._see_off(guest)
        return None

    def close(self) -> None:
        """See everybody off."""
        for guest in list(self._guests.values()):
            self._see_off(guest)

    def _open_or_shut(self) -> None:
        room = len(self._guests) < MAX_GUESTS
        if room and not self._open:
            self._selector.register(self._listener, selectors.EVENT_READ)
        elif self._open and not room:
            self._selector.unregister(self._listener)
        self._open = room

    def _let_in(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return  # gone again before it was let in
        connection.setblocking(False)
        hello = Hello(Side.LISTENER, self._transfer_id, os.urandom(NONCE_BYTES), self._prove)
        guest = _Guest(connection, hello, time.monotonic() + self._hello_s)
        self._guests[connection] = guest
        self._selector.register(connection, selectors.EVENT_READ, guest)
        try:
            guest.answer()
        except OSError:
            self._see_off(guest)

    def _hear(self, guest: _Guest) -> bool:
        try:
            return guest.advance()
        except (RemoteProtocolError, OSError):
            self._see_off(guest)
            return False

    def _see_off(self, guest: _Guest) -> None:
        self._forget(guest)
        guest.connection.close()

    def _forget(self, guest: _Guest) -> None:
        del self._guests[guest.connection]
        self._selector.unregister(guest.connection)


def connect(
    host: str, port: int, transfer_id: bytes, prove: Prove, stop: StopSignal, *, connect_s: float = CONNECT_S
) -> tuple[Line, bytes]:
    """Connect to the listening end and prove each other.

    :returns: the connection and the hello's context
    :raises TransferFailed: when nobody answers there, or somebody else does
    """
    family, address = _address(host, port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        _finish_connecting(sock, sock.connect_ex(address), f"{host} port {port}", stop, connect_s)
        line = Line(sock, stop)
    except BaseException:
        sock.close()
        raise
    try:
        return line, say_hello(line, Side.CONNECTOR, transfer_id, prove)
    except BaseException:
        line.close()
        raise


def _finish_connecting(sock: socket.socket, code: int, where: str, stop: StopSignal, connect_s: float) -> None:
    if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            selector.register(stop, selectors.EVENT_READ)
            answered = selector.select(connect_s)
        stop.check()
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if answered else errno.ETIMEDOUT
    if code:
        raise Unreachable(
            f"the receiver could not be reached at {where} ({os.strerror(code).lower()}); a firewall may be in the way"
        )


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
        raise NotLetIn(f"the receiver did not let this connection in ({error}); send the file again") from error
    return hello.context


def _listen(host: str, port: int) -> socket.socket:
    family, address = _address(host, port)
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        if port and error.errno in (errno.EADDRINUSE, errno.EACCES):
            return _listen(host, 0)
        raise TransferFailed(
            f"the receiver could not listen on {host} ({error.strerror or error}); check the network"
        ) from error


def _address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]:
    """The socket address of an IP address; nothing is looked up."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError as error:
        raise TransferFailed(f"{host} is not an IP address; connect to the peer again") from error
    family, _, _, _, address = found[0]
    return family, address  # type: ignore[return-value]  # a numeric host has only these two shapes
