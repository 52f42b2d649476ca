from __future__ import annotations

import asyncio
import threading

import pytest

from ud2p_plugins.transfers.thread import run_in_thread


def do_nothing() -> None:
    pass


async def test_work_is_done_elsewhere() -> None:
    name, thread = "ud2p-test", threading.current_thread()
    worker = await run_in_thread(name, threading.current_thread, do_nothing)
    assert worker is not thread
    assert worker.name == name
    assert not worker.is_alive()


async def test_errors_come_back() -> None:
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await run_in_thread("ud2p-test", fail, do_nothing)


@pytest.mark.parametrize("times", [1, 3])
async def test_a_cancellation_stops_the_work_and_waits_for_its_end(times: int) -> None:
    loop, begun, stop, ended = asyncio.get_running_loop(), asyncio.Event(), threading.Event(), threading.Event()

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        assert stop.wait(20)
        ended.set()
        raise ValueError("stopped")

    task = asyncio.create_task(run_in_thread("ud2p-test", work, stop.set))
    await asyncio.wait_for(begun.wait(), 20)
    for _ in range(times):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert task.cancelled()


@pytest.mark.parametrize("done_is_done", [False, True])
async def test_work_that_was_done_before_it_could_be_stopped(done_is_done: bool) -> None:
    loop, begun, stop = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def work() -> str:
        loop.call_soon_threadsafe(begun.set)
        assert stop.wait(20)
        return "done"

    task = asyncio.create_task(run_in_thread("ud2p-test", work, stop.set, done_is_done=done_is_done))
    await asyncio.wait_for(begun.wait(), 20)
    task.cancel()
    if done_is_done:
        assert await task == "done"
    else:
        with pytest.raises(asyncio.CancelledError):
            await task
