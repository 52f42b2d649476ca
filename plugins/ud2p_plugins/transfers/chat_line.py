"""A line through the chat itself, for two ends that TCP does not bring together: slower, and as safe and as ordered.

What travels is the same bytes: hello, records, receipt. They go as controls of the chat, in pieces of 12 KiB, and no
more than 32 pieces ahead of what the other end has taken, so that a chat message never waits behind more than those. A
body that begins with 0 is a piece, an empty one the end of the stream; one that begins with 1 says how many pieces were
taken.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable

from ud2p.contracts import Buffer, FileLink
from ud2p.errors import UD2PError
from ud2p_plugins.transfers.line import STALL_S, ConnectionLost, Stopped, StopSignal

PIECE_BYTES = 12 * 1024
WINDOW_PIECES = 32
_TELL_EVERY_PIECES = 8
_PIECE, _TAKEN = b"\x00", b"\x01"
_LOOK_S = 0.1
"""How soon a thread that waits notices that it is to stop."""


class ChatLine:
    """Has the methods of :class:`~ud2p_plugins.transfers.line.Line`, for one thread; :meth:`hear` is the loop's."""

    def __init__(self, link: FileLink, loop: asyncio.AbstractEventLoop, stop: StopSignal) -> None:
        self._link = link
        self._loop = loop
        self._stop = stop
        self.patience_s = STALL_S
        """How many seconds without a piece are a stall."""
        self._change = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._rest = memoryview(b"")
        self._has_ended = False
        self._is_lost = False
        self._ahead = 0
        """Pieces that were sent and not taken."""
        self._untold = 0
        """Pieces that were taken and not told of."""

    def hear(self, body: bytes) -> bool:
        """Take what the other end's line says.

        :returns: whether it was something of a line's
        """
        if body[:1] not in (_PIECE, _TAKEN):
            return False
        with self._change:
            if body[:1] == _PIECE:
                # More than it may send ahead is nothing that an honest end sends.
                self._is_lost |= len(self._pieces) >= WINDOW_PIECES or len(body) > PIECE_BYTES + 1
                if not self._is_lost:
                    self._pieces.append(body[1:])
            else:
                self._ahead = max(0, self._ahead - int.from_bytes(body[1:3], "big"))
            self._change.notify_all()
        return True

    def receive_into(self, space: memoryview) -> int:
        """See :meth:`Line.receive_into`."""
        if not self._rest:
            self._wait_until(lambda: bool(self._pieces) or self._has_ended)
            if self._has_ended:
                return 0
            self._rest = memoryview(self._pieces.popleft())
            self._took_one()
            if not self._rest:
                self._has_ended = True
                return 0
        n_bytes = min(len(space), len(self._rest))
        space[:n_bytes] = self._rest[:n_bytes]
        self._rest = self._rest[n_bytes:]
        return n_bytes

    def send_all(self, data: Buffer) -> None:
        """See :meth:`Line.send_all`."""
        view = memoryview(data).cast("B")
        for begin in range(0, len(view), PIECE_BYTES):
            self._send_piece(bytes(view[begin : begin + PIECE_BYTES]))

    def end_sending(self) -> None:
        """See :meth:`Line.end_sending`."""
        self._send_piece(b"")

    def close(self) -> None:
        """See :meth:`Line.close`."""
        with self._change:
            self._is_lost = True

    def _send_piece(self, piece: bytes) -> None:
        self._wait_until(lambda: self._ahead < WINDOW_PIECES)
        with self._change:
            self._ahead += 1
        self._say(_PIECE + piece)

    def _took_one(self) -> None:
        self._untold += 1
        if self._untold >= _TELL_EVERY_PIECES:
            self._say(_TAKEN + self._untold.to_bytes(2, "big"))
            self._untold = 0

    def _say(self, body: bytes) -> None:
        """Say it, and wait while the chat has no room: the other end may say that it took what is still here."""

        async def say() -> None:
            with contextlib.suppress(UD2PError):  # The chat is over, which is noticed by what does not come.
                await self._link.control(body)

        if self._loop.is_closed():
            raise Stopped
        said = asyncio.run_coroutine_threadsafe(say(), self._loop)
        said.add_done_callback(lambda _: self._notify())
        self._wait_until(said.done)

    def _notify(self) -> None:
        with self._change:
            self._change.notify_all()

    def _wait_until(self, is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + self.patience_s
        with self._change:
            while True:
                self._stop.check()
                if self._is_lost:
                    raise ConnectionLost("the way through the chat broke; send the file again")
                if is_true():
                    return
                if time.monotonic() >= deadline:
                    raise ConnectionLost(
                        f"the transfer stalled: nothing moved for {self.patience_s:.0f} seconds; send the file again"
                    )
                self._change.wait(_LOOK_S)
