"""A connected socket for one thread that moves bytes: blocking in manner, and stopped from outside at any moment.

The socket itself does not block. A thread that has to wait, waits for the socket and for a :class:`StopSignal`
together, so that a cancelled transfer ends at once, whatever the other side does. There is no limit on how long a
record may take, only on silence: not one byte through for 10 seconds is a stall.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from typing import Protocol

from ud2p.contracts import Buffer
from ud2p.errors import TransferFailed

STALL_S = 10.0


class Stopped(Exception):
    """The transfer was stopped from outside; whoever did that knows why."""


class ConnectionLost(TransferFailed):
    """the connection to the other side was lost; send the file again"""


class ByteLine(Protocol):
    """What bytes move over: a TCP connection, or the chat. All calls come from one thread, and all raise
    :class:`Stopped` once they are to stop."""

    patience_s: float
    """How many seconds without a byte are a stall."""

    def receive_into(self, space: memoryview) -> int:
        """Wait until bytes are there.

        :returns: how many were written to ``space``; 0 at the end of the stream
        :raises ConnectionLost: when the connection is gone, or after a stall
        """
        ...

    def send_all(self, data: Buffer) -> None:
        """Send everything; the errors are those of :meth:`receive_into`."""
        ...

    def end_sending(self) -> None:
        """The other side reads the end of the stream behind what was sent."""
        ...

    def close(self) -> None:
        """Close the connection; closed twice is closed."""
        ...


class StopSignal:
    """A flag that also wakes whoever waits for a socket. Any thread may set it, once and for all."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._set = False

    def set(self) -> None:
        """Stop."""
        if not self._set:
            self._set = True
            with contextlib.suppress(OSError):  # closed: nobody waits any more
                self._writer.send(b"\0")

    def check(self) -> None:
        """Go on, or not.

        :raises Stopped: when the signal is set
        """
        if self._set:
            raise Stopped

    def fileno(self) -> int:
        """Readable for ever once the signal is set."""
        return self._reader.fileno()

    def close(self) -> None:
        """Let go of the sockets; the thread must have ended."""
        self._reader.close()
        self._writer.close()


class Line:
    """A :class:`ByteLine` over a socket."""

    def __init__(self, sock: socket.socket, stop: StopSignal, patience_s: float = STALL_S) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            # Records are written whole, so there is nothing to collect. The kernel keeps the buffers: it sizes them by
            # the path, which measures as fast as fixed ones of 4 MiB here and is far better over long distances.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._stop = stop
        self.patience_s = patience_s
        """How many seconds without a byte are a stall."""
        self._readable = self._waiting_for(selectors.EVENT_READ)
        self._writable = self._waiting_for(selectors.EVENT_WRITE)

    def receive_into(self, space: memoryview) -> int:
        """See :class:`ByteLine`."""
        while True:
            self._stop.check()
            try:
                return self._socket.recv_into(space)
            except BlockingIOError:
                self._wait(self._readable)
            except OSError as error:
                raise ConnectionLost(_lost(error)) from error

    def send_all(self, data: Buffer) -> None:
        """See :class:`ByteLine`."""
        rest = memoryview(data)
        while rest:
            self._stop.check()
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                self._wait(self._writable)
            except OSError as error:
                raise ConnectionLost(_lost(error)) from error

    def end_sending(self) -> None:
        """See :class:`ByteLine`."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise ConnectionLost(_lost(error)) from error

    def close(self) -> None:
        """See :class:`ByteLine`."""
        self._readable.close()
        self._writable.close()
        self._socket.close()

    def _waiting_for(self, event: int) -> selectors.BaseSelector:
        selector = selectors.DefaultSelector()
        selector.register(self._socket, event)
        selector.register(self._stop, selectors.EVENT_READ)
        return selector

    def _wait(self, selector: selectors.BaseSelector) -> None:
        if not selector.select(self.patience_s):
            raise ConnectionLost(
                f"the transfer stalled: nothing moved for {self.patience_s:.0f} seconds; send the file again"
            )


def _lost(error: OSError) -> str:
    return f"the connection to the other side was lost ({error.strerror or error}); send the file again"
