from __future__ import annotations

import asyncio
import threading

import pytest

from ud2p.testing.loop_thread import LoopThread


async def where() -> threading.Thread:
    return threading.current_thread()


async def fail() -> None:
    raise TimeoutError("of its own")


def test_work_runs_on_the_other_thread_until_the_end() -> None:
    with LoopThread() as loop:
        thread = loop.run(where())
        assert thread is not threading.current_thread()
        with pytest.raises(TimeoutError, match="of its own"):
            loop.run(fail())
    assert not thread.is_alive()


def test_work_that_does_not_end_is_cancelled_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with LoopThread() as loop:
        with monkeypatch.context() as patch:
            patch.setattr("ud2p.testing.loop_thread.DEADLINE_S", 0.05)
            with pytest.raises(AssertionError, match=r"did not end within 0\.05 s"):
                loop.run(wait())
        assert ended.wait(20)


def test_the_loop_thread_does_not_wait_for_itself() -> None:
    async def nested() -> None:
        loop.run(work)

    with LoopThread() as loop:
        work = where()
        with pytest.raises(AssertionError, match="it is on the loop thread"):
            loop.run(nested())
        work.close()
