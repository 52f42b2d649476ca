"""A connected socket for one thread that moves bytes: blocking, and stopped from outside at any moment.

The kernel moves a whole record at a time, and waits as long as it must: that costs the fewest system calls and
wake-ups, and measures a third faster than a socket that does not block with somebody who waits for it. Who stops it
shuts the socket down, which ends every call. There is no limit on how long a record may take, only on silence: not one
byte through for 10 seconds is a stall; the kernel's own time-outs (``SO_RCVTIMEO``, ``SO_SNDTIMEO``) tell.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
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
    """A flag that also ends every wait for a socket. Any thread may set it, once and for all."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._set = False
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()

    def set(self) -> None:
        """Stop."""
        with self._lock:
            if self._set:
                return
            self._set = True
            with contextlib.suppress(OSError):  # closed: nobody waits any more
                self._writer.send(b"\0")
            for sock in self._sockets:
                _shut_down(sock)

    def watch(self, sock: socket.socket) -> None:
        """Have the signal shut a socket down, which ends what waits for it."""
        with self._lock:
            self._sockets.add(sock)
            if self._set:
                _shut_down(sock)

    def forget(self, sock: socket.socket) -> None:
        """Leave a socket alone from now on."""
        with self._lock:
            self._sockets.discard(sock)

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
        sock.setblocking(True)
        with contextlib.suppress(OSError):
            # Records are written whole, so there is nothing to collect. The kernel keeps the buffers: it sizes them by
            # the path, which measures as fast as fixed ones of 4 MiB here and is far better over long distances.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._stop = stop
        self.patience_s = patience_s
        stop.watch(sock)

    @property
    def patience_s(self) -> float:
        """How many seconds without a byte are a stall."""
        return self._patience_s

    @patience_s.setter
    def patience_s(self, patience_s: float) -> None:
        self._patience_s = patience_s
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            with contextlib.suppress(OSError):  # It is closed.
                self._socket.setsockopt(socket.SOL_SOCKET, option, _time_out(patience_s))

    def receive_into(self, space: memoryview) -> int:
        """See :class:`ByteLine`. Fills ``space`` where nothing keeps it from that."""
        self._stop.check()
        try:
            n_bytes = self._socket.recv_into(space, 0, socket.MSG_WAITALL)
        except OSError as error:
            raise self._failure(error) from error
        if n_bytes < len(space):
            self._stop.check()
        return n_bytes

    def send_all(self, data: Buffer) -> None:
        """See :class:`ByteLine`."""
        rest = memoryview(data)
        while rest:
            self._stop.check()
            try:
                rest = rest[self._socket.send(rest) :]
            except OSError as error:
                raise self._failure(error) from error

    def end_sending(self) -> None:
        """See :class:`ByteLine`."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        """See :class:`ByteLine`."""
        if self._socket.fileno() >= 0:
            self._stop.forget(self._socket)
            self._socket.close()

    def _failure(self, error: OSError) -> ConnectionLost:
        """What an error of the socket means.

        :raises Stopped: it was shut down from outside
        """
        self._stop.check()
        if isinstance(error, BlockingIOError):
            return ConnectionLost(
                f"the transfer stalled: nothing moved for {self._patience_s:.0f} seconds; send the file again"
            )
        return ConnectionLost(_lost(error))


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # It is not connected any more.
        sock.shutdown(socket.SHUT_RDWR)


def _time_out(seconds: float) -> bytes:
    """A time-out as the system's sockets take it."""
    if os.name == "nt":
        return struct.pack("L", max(1, round(seconds * 1000)))
    whole = int(seconds)
    return struct.pack("ll", whole, max(1, round((seconds - whole) * 1_000_000)))


def _lost(error: OSError) -> str:
    return f"the connection to the other side was lost ({error.strerror or error}); send the file again"
