"""The event loop of the network, in a thread of its own, so that no command and no keystroke ever stops it.

``asyncio.run`` runs in a daemon thread until a stop event is set; it then cancels what still runs and waits for it.
The main thread hands it coroutines and waits for them. asyncio is imported in that thread (30 ms), so that a banner
is on the screen before.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ud2p.errors import UD2PError
from ud2p_shell.terminal.main_thread import MainThread

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
CLEAN_UP_S = 3.0


class LoopDied(UD2PError):
    """the part of this program that speaks to the network has ended; start it again"""


class LoopThread:
    """An asyncio loop in a daemon thread. Use it as a context manager, or :meth:`start` and :meth:`stop` it."""

    def __init__(self, main: MainThread, name: str = "network") -> None:
        self._main = main
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> LoopThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_alive(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive() and self._loop is not None

    def start(self) -> None:
        """Start the thread; returns when its loop runs.

        :raises LoopDied: when it does not
        """
        self._thread.start()
        self._started.wait()
        if self._loop is None:
            raise self._died()

    def stop(self, timeout_s: float = CLEAN_UP_S) -> bool:
        """Cancel what still runs, wait for its clean-up and end the thread. May be called twice.

        :returns: False when something did not clean up in time (the thread is left behind; it is a daemon)
        """
        if self._thread.ident is None:
            return True
        if self._stop is not None:
            self._call_soon(self._stop.set)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def call_soon(self, callback: Callable[..., object], *args: object) -> None:
        """Have ``callback(*args)`` run on the loop. For any thread; silently nothing when the loop is gone."""
        self._call_soon(callback, *args)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop and wait for it, on the main thread; what is posted meanwhile runs.

        Ctrl-C cancels it and waits for its clean-up (a second Ctrl-C stops waiting). As with ``asyncio.run``, work that
        ends well although it was cancelled, or just before, has ended well.

        :returns: what it returns
        :raises KeyboardInterrupt: it was cancelled by Ctrl-C
        :raises LoopDied: the loop's thread ended before it
        :raises TypeError: it is no coroutine
        :raises BaseException: whatever ``work`` raises
        """
        if not inspect.iscoroutine(work):
            raise TypeError(f"wait takes a coroutine, as the call of an async def gives; not {type(work).__name__}")
        job = _Job(work, self._main.wake)
        try:
            self._call_soon(job.start)
            self._wait_for(job, None)
        except KeyboardInterrupt:
            self._call_soon(job.cancel)
            self._wait_for(job, None)
            if job.was_cancelled:
                raise
        except SystemExit:  # a signal: the same, but it can't be put off for long
            self._call_soon(job.cancel)
            self._wait_for(job, CLEAN_UP_S)
            raise
        if job.was_cancelled:
            raise UD2PError("that was cancelled before it was done; try it again")
        result: T = job.result()
        return result

    def _wait_for(self, job: _Job[Any], timeout_s: float | None) -> None:
        self._main.wait_until(lambda: job.is_done or not self._thread.is_alive(), timeout_s)
        if not job.is_done and not self._thread.is_alive():
            job.close()
            raise self._died()

    def _call_soon(self, callback: Callable[..., object], *args: object) -> bool:
        if self._loop is None:
            return False
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:  # the loop is closed
            return False
        return True

    def _died(self) -> LoopDied:
        text = LoopDied.__doc__ or ""
        error = LoopDied(text if self._failure is None else f"{text} ({type(self._failure).__name__}: {self._failure})")
        error.__cause__ = self._failure
        return error

    def _run(self) -> None:
        import asyncio

        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits; nobody else could hear it
            self._failure = error
        finally:
            self._started.set()
            self._main.wake()

    async def _serve(self) -> None:
        import asyncio

        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._started.set()
        await self._stop.wait()


class _Job(Generic[T]):
    """One coroutine on its way through the loop. ``start`` and ``cancel`` run on the loop."""

    def __init__(self, work: Coroutine[Any, Any, T], announce: Callable[[], None]) -> None:
        self._work = work
        self._announce = announce
        self._task: asyncio.Task[T | None] | None = None
        self._fault: BaseException | None = None
        self.is_done = False

    def start(self) -> None:
        import asyncio

        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(self._finished)

    async def _run(self) -> T | None:
        """The work; what would end the loop with the task is kept for whoever waits."""
        try:
            return await self._work
        except (SystemExit, KeyboardInterrupt) as error:
            self._fault = error
            return None

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:  # Ctrl-C was faster than ``start``
            self.close()
            self.is_done = True
            self._announce()

    def close(self) -> None:
        """A coroutine that never began must not be left unclosed."""
        if self._task is None:
            self._work.close()

    @property
    def was_cancelled(self) -> bool:
        return self._task is None or self._task.cancelled()

    def result(self) -> T:
        assert self._task is not None
        if self._fault is not None:
            raise self._fault
        return cast("T", self._task.result())

    def _finished(self, task: asyncio.Task[T | None]) -> None:
        if not task.cancelled():
            task.exception()  # seen: whoever waits raises it
        self.is_done = True
        self._announce()
