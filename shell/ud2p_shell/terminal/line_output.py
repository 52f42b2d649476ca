"""What stands in for ``sys.stdout`` and ``sys.stderr``: whole lines, and above an open prompt.

Lines are gathered per thread, so that two threads never share one. While a prompt is open they wait 30 ms for company
and are then printed above it, all in one go: the prompt is taken off the screen once, and comes back with every
character that was typed (in trials the half-typed line was lost where each line was printed on its own, or where
the terminal was put into cooked mode meanwhile; see :mod:`ud2p_shell.terminal.devices`). With no prompt open a line is
written at once, so an answer never lands behind the next prompt.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from ud2p_shell.terminal.raw_writer import RawWriter

if TYPE_CHECKING:
    import asyncio

DELAY_S = 0.03


class LineOutput(io.TextIOBase):
    """A text stream for any thread. Never raises for what happens to the terminal."""

    def __init__(self, raw: RawWriter, delay_s: float = DELAY_S) -> None:
        self._raw = raw
        self._delay_s = delay_s
        self._lock = threading.RLock()
        self._partial: dict[int, str] = {}
        self._unfinished: int | None = None  # the thread whose line stands on the screen without its end
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: list[str] = []
        self._is_scheduled = False
        self._task: asyncio.Task[None] | None = None

    def write(self, text: str, /) -> int:
        """Take text; lines go out when they are whole."""
        with self._lock:
            thread = threading.get_ident()
            gathered = self._partial.pop(thread, "") + text
            end = gathered.rfind("\n") + 1
            if gathered[end:]:
                self._partial[thread] = gathered[end:]
            if end:
                self._emit(gathered[:end], thread)
        return len(text)

    def flush(self) -> None:
        """Without a prompt: also write this thread's line that has no end yet."""
        with self._lock:
            thread = threading.get_ident()
            if self._loop is None and thread in self._partial:
                self._write(self._partial.pop(thread), thread)

    def attach_prompt(self, loop: asyncio.AbstractEventLoop) -> None:
        """A prompt opens on ``loop``, on this thread. It begins on a line of its own."""
        with self._lock:
            self.flush()
            if self._unfinished is not None:
                self._write("\n", self._unfinished)
            self._loop = loop

    def detach_prompt(self) -> None:
        """The prompt is closed; what still waits is written now."""
        with self._lock:
            self._loop = None
            self._is_scheduled = False
            self._write_pending()

    def isatty(self) -> bool:
        """Whether the end of it is a terminal."""
        return self._raw.isatty()

    def fileno(self) -> int:
        """The descriptor that lines end up in; writing there directly tears the screen."""
        return self._raw.fileno()

    def writable(self) -> bool:
        """Yes."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base class has a plain attribute
        """How text becomes bytes."""
        return self._raw.encoding

    def close(self) -> None:
        """Write what is left; the real stream stays open."""
        with self._lock:
            self._write_pending()
            for thread, text in list(self._partial.items()):
                self._write(text, thread)
            self._partial.clear()

    def _emit(self, text: str, thread: int) -> None:
        if self._loop is None:
            self._write(text, thread)
            return
        self._pending.append(text)
        if not self._is_scheduled:
            self._is_scheduled = True
            try:
                self._loop.call_soon_threadsafe(self._loop.call_later, self._delay_s, self._show)
            except RuntimeError:  # the prompt's loop has just closed; ``detach_prompt`` writes it
                self._is_scheduled = False

    def _write(self, text: str, thread: int) -> None:
        if self._unfinished not in (None, thread):
            text = "\n" + text
        self._raw.write(text)
        self._unfinished = None if text.endswith("\n") else thread

    def _write_pending(self) -> None:
        if self._pending:
            text = "".join(self._pending)
            self._pending.clear()
            self._write(text, threading.get_ident())

    def _show(self) -> None:
        if self._loop is not None:
            self._task = self._loop.create_task(self._print_above())

    async def _print_above(self) -> None:
        from prompt_toolkit.application import in_terminal  # loaded long ago: a prompt is open

        async with in_terminal():
            with self._lock:
                self._is_scheduled = False
                self._write_pending()
