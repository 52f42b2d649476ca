"""Progress bars: rows of the bottom toolbar in a terminal, plain tqdm on stderr elsewhere.

What transfers get is a :class:`ud2p.contracts.Progress`: cheap, for any thread, and never raising. tqdm is
imported when the first transfer starts.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ud2p.text import gate

if TYPE_CHECKING:
    from ud2p_shell.terminal.tqdm_bars import StreamBar, ToolbarBar


class ProgressBoard:
    """The bars that run."""

    def __init__(self, draw: Callable[[], None], columns: Callable[[], int], in_toolbar: bool) -> None:
        """
        :param draw: has the prompt drawn again; for any thread
        :param columns: the width of the terminal
        :param in_toolbar: False where there is no terminal
        """
        self.draw = draw
        self.columns = columns
        self.in_toolbar = in_toolbar
        self._running: list[ToolbarBar] = []
        self._lock = threading.Lock()

    def bar(self, title: str, *, leave: bool = True) -> TransferProgress:
        """Progress of one transfer.

        :param title: what stands before the bar, such as ``Sending file to bob...``; may come from others
        :param leave: print the finished bar above the prompt
        """
        return TransferProgress(self, title, leave)

    def write(self, lines: Sequence[str]) -> None:
        """Lines from others above the bars, where there is no prompt; for any thread."""
        from ud2p_shell.terminal.tqdm_bars import StreamBar

        with suppress(Exception):
            StreamBar.write("\n".join(gate(line) for line in lines), file=sys.stderr)

    @property
    def is_running(self) -> bool:
        """Whether a bar is on the toolbar."""
        return bool(self._running)

    def rows(self) -> list[str]:
        """The bars as they are now, the oldest first, each no wider than the terminal."""
        with self._lock:
            running = list(self._running)
        return [bar.meter(self.columns()) for bar in running]

    def add(self, bar: ToolbarBar) -> None:
        """A bar begins."""
        with self._lock:
            self._running.append(bar)
        self.draw()

    def remove(self, bar: ToolbarBar, leave: bool) -> None:
        """A bar is done."""
        with self._lock:
            self._running.remove(bar)
        if leave:
            print(bar.meter(self.columns()))
        self.draw()


class TransferProgress:
    """A :class:`ud2p.contracts.Progress` on the board. Never raises: a bar is not worth a transfer."""

    def __init__(self, board: ProgressBoard, title: str, leave: bool) -> None:
        self._board = board
        self._title = title
        self._leave = leave
        self._lock = threading.Lock()
        self._bar: ToolbarBar | StreamBar | None = None

    def start(self, total_bytes: int) -> None:
        """See the contract. A second start begins the bar anew."""
        with self._lock, suppress(Exception):
            self._finish(leave=False)
            from ud2p_shell.terminal.tqdm_bars import StreamBar, ToolbarBar

            if self._board.in_toolbar:
                self._bar = bar = ToolbarBar(self._title, total_bytes, self._board.draw)
                self._board.add(bar)
            else:
                self._bar = StreamBar(self._title, total_bytes, sys.stderr)

    def advance(self, n_bytes: int) -> None:
        """See the contract."""
        with self._lock, suppress(Exception):
            if self._bar is not None:
                self._bar.update(n_bytes)

    def file_done(self, path: str, size_bytes: int) -> None:
        """See the contract. Whoever wraps this says it."""

    def pause(self, reason: str) -> None:
        """See the contract. Whoever wraps this says it."""

    def finish(self) -> None:
        """See the contract."""
        with self._lock, suppress(Exception):
            self._finish(self._leave)

    def _finish(self, leave: bool) -> None:
        from ud2p_shell.terminal.tqdm_bars import ToolbarBar

        bar, self._bar = self._bar, None
        if bar is None:
            return
        if isinstance(bar, ToolbarBar):
            self._board.remove(bar, leave)
        bar.close()
