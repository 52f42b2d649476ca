"""The listening end of a transfer, and whoever else comes to it.

The listener lets in up to 8 connections that have yet to prove themselves, for 5 seconds each; the next ones wait in
the kernel's queue until there is room. The first that proves that it belongs to the transfer wins, the others are
closed, and so is the door. Nobody who can't prove it learns more than 32 random bytes.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ud2p.errors import RemoteProtocolError, TransferFailed
from ud2p.protocol.hello import NONCE_BYTES, Hello, Side
from ud2p_plugins.transfers.connecting import Prove, socket_address
from ud2p_plugins.transfers.line import Line, StopSignal

PORT = 9999
"""Where to listen when the port is free, as ever; any other port is as good."""
MAX_GUESTS = 8
HELLO_S = 5.0
WAIT_S = 60.0
_BACKLOG = 64


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

    def __init__(self, hosts: Sequence[str], port: int = PORT) -> None:
        """Listen on ``port`` of the first of the own addresses ``hosts``, or on any free port; and on the same port of
        the others, where it is free.

        :raises TransferFailed: when the first can't be listened on
        """
        first = _listen(hosts[0], port)
        self.port: int = first.getsockname()[1]
        self._listeners = [first]
        for host in hosts[1:]:
            with contextlib.suppress(OSError, TransferFailed):
                self._listeners.append(_create_server(host, self.port))

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
            lobby = _Lobby(self._listeners, selector, transfer_id, prove, hello_s)
            selector.register(stop, selectors.EVENT_READ)
            deadline = time.monotonic() + wait_s
            try:
                while (guest := lobby.wait(deadline)) is None:
                    stop.check()
                    if time.monotonic() >= deadline:
                        raise TransferFailed(
                            f"nobody connected within {wait_s:.0f} seconds; a firewall may be in the way"
                        )
                return Line(guest.connection, line_stop or stop), guest.hello.context
            finally:
                lobby.close()
                self.close()

    def close(self) -> None:
        """Stop listening."""
        for listener in self._listeners:
            listener.close()


class _Lobby:
    """Those who came in and have yet to prove themselves, the one who came first in front."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        selector: selectors.BaseSelector,
        transfer_id: bytes,
        prove: Prove,
        hello_s: float,
    ) -> None:
        self._listeners = listeners
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
            if isinstance(listener := key.data, socket.socket):
                self._let_in(listener)
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
            for listener in self._listeners:
                self._selector.register(listener, selectors.EVENT_READ, listener)
        elif self._open and not room:
            for listener in self._listeners:
                self._selector.unregister(listener)
        self._open = room

    def _let_in(self, listener: socket.socket) -> None:
        if len(self._guests) >= MAX_GUESTS:  # Another door has let in the last that there was room for.
            return
        try:
            connection, _ = listener.accept()
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


def _listen(host: str, port: int) -> socket.socket:
    try:
        return _create_server(host, port)
    except OSError as error:
        if port and error.errno in (errno.EADDRINUSE, errno.EACCES):
            return _listen(host, 0)
        raise TransferFailed(
            f"it could not be listened on {host} ({error.strerror or error}); check the network"
        ) from error


def _create_server(host: str, port: int) -> socket.socket:
    family, address = socket_address(host, port)
    listener = socket.create_server(address, family=family, backlog=_BACKLOG)
    listener.setblocking(False)
    return listener
