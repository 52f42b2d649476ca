"""What a command without a shell tells: words in the theme for people, or an event a line in JSON for scripts."""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ud2p import screen
from ud2p.contracts import Progress
from ud2p.errors import UD2PError
from ud2p_shell.announcing import Announcing

if TYPE_CHECKING:
    from ud2p_shell.stage import Stage
    from ud2p_shell.terminal.progress import ProgressBoard

PROGRESS_EVERY_S = 0.5


class Report:
    """Where everything goes: words to standard output and bars to standard error, or JSON to standard output."""

    def __init__(self, show: tuple[Stage, ProgressBoard] | None) -> None:
        """:param show: what shows it to people; None prints JSON"""
        self._show = show

    def tell(self, event: str, words: screen.ScreenEvent | None, **fields: Any) -> None:
        """Something happened.

        :param event: its name in JSON
        :param words: how people see it; None is not worth their attention
        :param fields: what else scripts get
        """
        if self._show is None:
            print_event({"event": event, **fields})
        elif words is not None:
            self._show[0].show(words)
            sys.stdout.flush()  # Whoever reads along on a pipe waits for it.

    def fail(self, error: UD2PError, event: str = "error", **fields: Any) -> None:
        """Something went wrong that is not the end of this program."""
        self.tell(event, screen.ErrorShown(str(error)), reason=str(error), **fields)

    def bar(self, title: str, name: str, *, sent: bool) -> Progress:
        """The progress of one transfer."""
        if self._show is None:
            return JsonProgress(name, sent=sent)
        board = self._show[1]
        return Announcing(board.bar(title), lambda: None, lambda text: board.write([f"{title} {text}"]), board.write)


class JsonProgress:
    """A :class:`ud2p.contracts.Progress` that prints an event now and then."""

    def __init__(self, name: str, *, sent: bool) -> None:
        self._name = name
        self._sent = sent
        self._lock = threading.Lock()
        self._total_bytes = self._bytes = 0
        self._started = self._printed = 0.0
        self._done: list[dict[str, Any]] = []

    def start(self, total_bytes: int) -> None:
        """See the contract."""
        with self._lock:
            self._total_bytes, self._bytes = total_bytes, 0
            self._started = self._printed = time.monotonic()

    def advance(self, n_bytes: int) -> None:
        """See the contract."""
        with self._lock:
            self._bytes += n_bytes
            if time.monotonic() - self._printed >= PROGRESS_EVERY_S:
                self._print()

    def file_done(self, path: str, size_bytes: int) -> None:
        """See the contract. Many small ones are printed together: a slow reader must not slow the transfer."""
        with self._lock:
            self._done.append({"event": "file", "name": self._name, "path": path, "bytes": size_bytes})

    def pause(self, reason: str) -> None:
        """See the contract."""
        with self._lock:
            print_event({"event": "paused", "name": self._name, "reason": reason})

    def finish(self) -> None:
        """See the contract."""
        with self._lock:
            self._print()

    def _print(self) -> None:
        self._printed = time.monotonic()
        done, self._done = self._done, []
        print_event(
            *done,
            {
                "event": "progress",
                "name": self._name,
                "direction": "sent" if self._sent else "received",
                "bytes": self._bytes,
                "total_bytes": self._total_bytes,
                "seconds": round(self._printed - self._started, 3),
            },
        )


def print_event(*events: dict[str, Any]) -> None:
    """A line each, at once; ASCII, so that it is a line on every system."""
    sys.stdout.write("".join(json.dumps(event) + "\n" for event in events))
    sys.stdout.flush()
