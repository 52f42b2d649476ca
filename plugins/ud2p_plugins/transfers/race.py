"""Several ways to come together, tried at once: the first that succeeds is it, and the others have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from ud2p_plugins.transfers.line import StopSignal


async def first_done(stop: StopSignal, *ways: Coroutine[Any, Any, Any]) -> tuple[int, asyncio.Task[Any]]:
    """Run all ``ways`` until one is done, and end the others.

    :param stop: what ends their threads; it is closed when all have ended
    :returns: which one it was, and its task; of several, the one that was named first
    """
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next((number, task) for number, task in enumerate(tasks) if task.done())
    finally:
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:  # A second cancellation ends the wait too, but not before all have ended.
            stop.close()
