"""Blocking work for a coroutine, on a thread of its own.

Not the loop's executor: a few transfers that take hours would leave no thread there for anybody else, and its threads
are joined only when the program ends.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_in_thread(name: str, work: Callable[[], T], stop: Callable[[], None], *, done_is_done: bool = False) -> T:
    """Run ``work`` on a thread and wait for it. The thread has ended when this returns or raises.

    :param stop: makes ``work`` end soon; called when this is cancelled
    :param done_is_done: a cancellation that comes too late to stop ``work`` changes nothing
    :raises asyncio.CancelledError: when this was cancelled
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever waits
            errors.append(error)
        loop.call_soon_threadsafe(ended.set)

    # It never outlives this call; but should the loop be thrown away with this call on it, the program can still end.
    thread = threading.Thread(target=body, name=name, daemon=True)
    thread.start()
    cancelled: asyncio.CancelledError | None = None
    while not ended.is_set():
        try:
            await ended.wait()
        except asyncio.CancelledError as error:  # it must not leave while the thread works with what is its caller's
            cancelled = error
            stop()
    thread.join()
    if cancelled is not None and not (results and done_is_done):
        raise cancelled
    if errors:
        raise errors[0]
    return results[0]
