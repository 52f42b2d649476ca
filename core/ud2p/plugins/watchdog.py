"""Whoever waits for a plugin learns which one it is.

Python can't be made to leave an import or a function that never ends, so the start goes on waiting; but after some
seconds the user is told for whom, and how to start without it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ud2p.plugins.record import Plugin

LIMIT_S = 5.0


class Watchdog:
    """Watches one plugin at a time; a thread of its own looks on, as long as there is something to watch.

    One thread for all plugins of a start: one for each would cost more than importing most of them.
    """

    def __init__(self, warn: Callable[[str], None], limit_s: float = LIMIT_S) -> None:
        self._warn = warn
        self._limit_s = limit_s
        self._watched: tuple[Plugin, str, float] | None = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    @contextmanager
    def on_duty(self) -> Iterator[None]:
        """Look on until the block ends. Blocks may be within each other; the outermost counts."""
        if self._thread is not None:
            yield
            return
        self._over.clear()
        self._thread = threading.Thread(target=self._look_on, name="ud2p-plugin-watchdog", daemon=True)
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()
            self._thread = None

    @contextmanager
    def watching(self, plugin: Plugin, doing: str) -> Iterator[None]:
        """Watch a plugin until the block ends.

        :param doing: what it is at, such as ``is being imported``
        """
        before = self._watched
        self._watched = (plugin, doing, time.monotonic())
        try:
            yield
        finally:
            self._watched = before

    def _look_on(self) -> None:
        wait_s = self._limit_s
        named: object = None
        while not self._over.wait(wait_s):
            watched, now = self._watched, time.monotonic()
            wait_s = self._limit_s
            if watched is None or watched is named:
                continue
            plugin, doing, since = watched
            if (left_s := since + self._limit_s - now) > 0:
                wait_s = left_s
                continue
            named = watched
            self._warn(
                f"still waiting for {plugin.title}, which {doing}; "
                f"Ctrl-C ends this, and --no-plugin {plugin.name} starts without it"
            )
