"""What a command without a shell tells: words in the theme for people, or an event a line in JSON for scripts."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ud2p import screen
from ud2p.contracts import Progress
from ud2p.errors import UD2PError
from ud2p_shell.stage import Stage
from ud2p_shell.terminal.progress import ProgressBoard

PROGRESS_EVERY_S = 0.5


class Report:
    """Where everything goes: words to standard output and bars to standard error, or JSON to standard output."""

    def __init__(self, stage: Stage, columns: Callable[[], int], *, as_json: bool) -> None:
        self._stage = stage
        self._as_json = as_json
        self._board = ProgressBoard(lambda: None, columns, in_toolbar=False)

    def tell(self, event: str, words: screen.ScreenEvent | None, **fields: Any) -> None:
        """Something happened.

        :param event: its name in JSON
        :param words: how people see it; None is not worth their attention
        :param fields: what else scripts get
        """
        if self._as_json:
            print_event({"event": event, **fields})
        elif words is not None:
            self._stage.show(words)
            sys.stdout.flush()  # Whoever reads along on a pipe waits for it.

    def fail(self, error: UD2PError, event: str = "error", **fields: Any) -> None:
        """Something went wrong that is not the end of this program."""
        self.tell(event, screen.ErrorShown(str(error)), reason=str(error), **fields)

    def bar(self, title: str, name: str, *, sent: bool) -> Progress:
        """The progress of one transfer."""
        if self._as_json:
            return JsonProgress(name, sent=sent)
        return self._board.bar(title)


class JsonProgress:
    """A :class:`ud2p.contracts.Progress` that prints an event now and then."""

    def __init__(self, name: str, *, sent: bool) -> None:
        self._name = name
        self._sent = sent
        self._lock = threading.Lock()
        self._total_bytes = self._bytes = 0
        self._started = self._printed = 0.0

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
        print_event(
            {
                "event": "progress",
                "name": self._name,
                "direction": "sent" if self._sent else "received",
                "bytes": self._bytes,
                "total_bytes": self._total_bytes,
                "seconds": round(self._printed - self._started, 3),
            }
        )


def print_event(event: dict[str, Any]) -> None:
    """One line, at once; ASCII, so that it is a line on every system."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()
