"""The last step to the screen or the pipe: text becomes bytes on a descriptor, whole, or quietly nothing any more.

A reader that went away (``ud2p | head -1``) and a terminal that was closed are no errors of ours: from then on what is
written is dropped, and whoever owns the writer is told once.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO


class RawWriter:
    """Writes to a stream that has a descriptor. For any thread; blocks until everything is written; never raises."""

    def __init__(self, stream: TextIO | None, when_gone: Callable[[], None] | None = None) -> None:
        """
        :param stream: None for a program that was started without one: all that is written is dropped
        :param when_gone: called once, on the thread that wrote, when nobody reads any more
        """
        self._stream = stream
        self._when_gone = when_gone
        # A lock that the same thread may take twice: a warning raised by the garbage collector inside ``write`` is
        # printed too.
        self._lock = threading.RLock()
        self.encoding = "utf-8"
        self.is_gone = stream is None
        if stream is not None:
            self.encoding = stream.encoding or "utf-8"
            with suppress(OSError, ValueError):
                stream.flush()

    def write(self, text: str) -> int:
        """Write all of ``text``; what the encoding lacks becomes ``?``."""
        with self._lock:
            if not self.is_gone:
                try:
                    self._write(text)
                except (OSError, ValueError):
                    self._lose()
        return len(text)

    def flush(self) -> None:
        """Nothing is ever held back."""

    def fileno(self) -> int:
        """The descriptor written to.

        :raises OSError: when there is none
        """
        if self._stream is None:
            raise OSError("there is no such stream")
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether that is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def _write(self, text: str) -> None:
        if sys.platform == "win32" and self._stream is not None:  # a console there takes text, not bytes
            self._stream.write(text.encode(self.encoding, "replace").decode(self.encoding))
            self._stream.flush()
            return
        fd = self.fileno()
        data = memoryview(text.encode(self.encoding, "replace"))
        while data:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:  # somebody who shares the terminal made it non-blocking
                select.select([], [fd], [], 1.0)

    def _lose(self) -> None:
        self.is_gone = True
        with suppress(OSError, ValueError):  # what Python itself flushes at exit must not fail either
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
        if self._when_gone is not None:
            self._when_gone()
