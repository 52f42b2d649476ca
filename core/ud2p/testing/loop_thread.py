"""An event loop on a thread of its own, as the shell has one beside its main thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
DEADLINE_S = 30.0


class LoopThread:
    """Runs coroutines for whoever calls from another thread; a context manager, at whose end it is gone."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="ud2p-testing-loop", daemon=True)

    def __enter__(self) -> LoopThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it there, and wait for it.

        :raises AssertionError: it does not end within :data:`DEADLINE_S`
        """
        assert threading.current_thread() is not self._thread, "this would wait for itself; it is on the loop thread"
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(DEADLINE_S)
        except concurrent.futures.TimeoutError:
            if future.done():  # it was the work itself that timed out
                raise
            future.cancel()
            raise AssertionError(f"{work!r} did not end within {DEADLINE_S:g} s") from None

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
