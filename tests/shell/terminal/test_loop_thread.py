"""The network's loop, and what Ctrl-C does to work on it."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ud2p.errors import UD2PError
from ud2p_shell.terminal import LoopDied, LoopThread, MainThread


@pytest.fixture
def main() -> Iterator[MainThread]:
    main = MainThread()
    before = signal.signal(signal.SIGINT, main.handle_sigint)
    yield main
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def network(main: MainThread) -> Iterator[LoopThread]:
    with LoopThread(main) as network:
        yield network


class Work:
    """Work that lasts until it is cancelled."""

    def __init__(self, on_cancel: object = None) -> None:
        self.events: list[str] = []
        self._on_cancel = on_cancel

    async def run(self, interrupt: bool = True) -> str:
        try:
            if interrupt:
                signal.raise_signal(signal.SIGINT)  # Python runs the handler on the main thread
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.02)
            self.events.append("cleaned up")
            if isinstance(self._on_cancel, Exception):
                raise self._on_cancel from None
            if self._on_cancel is None:
                raise
        return str(self._on_cancel)


async def value(of: str) -> str:
    await asyncio.sleep(0)
    return f"{of} on {threading.current_thread().name}"


async def error() -> None:
    raise UD2PError("that did not work")


def test_work_runs_on_the_loop_and_its_value_or_error_comes_back(network: LoopThread) -> None:
    assert network.is_alive
    assert network.wait(value("ran")) == "ran on network"
    with pytest.raises(UD2PError, match="that did not work"):
        network.wait(error())


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_work_that_exits_does_not_take_the_loop_with_it(network: LoopThread, error: type[BaseException]) -> None:
    async def leave() -> None:
        raise error

    with pytest.raises(error):
        network.wait(leave())
    assert network.wait(value("still here")) == "still here on network"


@pytest.mark.parametrize("work", [3, None, value])
def test_what_is_no_coroutine_is_not_waited_for(network: LoopThread, work: Any) -> None:
    with pytest.raises(TypeError, match="wait takes a coroutine, as the call of an async def gives; not "):
        network.wait(work)
    assert network.wait(value("still here")) == "still here on network"


def test_what_is_posted_runs_while_work_is_waited_for(main: MainThread, network: LoopThread) -> None:
    async def work() -> bool:
        shown = asyncio.Event()
        loop = asyncio.get_running_loop()

        def show() -> None:
            loop.call_soon_threadsafe(shown.set)

        main.post(show)
        await asyncio.wait_for(shown.wait(), 20)
        return True

    assert network.wait(work())


def test_ctrl_c_cancels_the_work_and_waits_for_its_clean_up(network: LoopThread) -> None:
    work = Work()
    with pytest.raises(KeyboardInterrupt):
        network.wait(work.run())
    assert work.events == ["cleaned up"]


def test_work_that_ends_well_although_it_was_cancelled_has_ended_well(network: LoopThread) -> None:
    assert network.wait(Work(on_cancel="a value").run()) == "a value"
    with pytest.raises(UD2PError, match="too late"):
        network.wait(Work(on_cancel=UD2PError("too late")).run())


def test_a_second_ctrl_c_stops_waiting(main: MainThread, network: LoopThread) -> None:
    cleaning, release = threading.Event(), threading.Event()

    async def stubborn() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            cleaning.set()
            signal.raise_signal(signal.SIGINT)
            await asyncio.to_thread(release.wait, 20)

    with pytest.raises(KeyboardInterrupt):
        network.wait(stubborn())
    assert cleaning.is_set()
    release.set()


def test_a_signal_that_ends_the_program_cancels_the_work_too(network: LoopThread) -> None:
    def end(*_: object) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, end)
    work = Work()
    threading.Timer(0.05, signal.raise_signal, (signal.SIGTERM,)).start()
    try:
        with pytest.raises(SystemExit):
            network.wait(work.run(interrupt=False))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert work.events == ["cleaned up"]


def test_work_that_cancels_itself_is_an_error_and_not_the_end(network: LoopThread) -> None:
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    with pytest.raises(UD2PError, match="cancelled before it was done"):
        network.wait(cancels_itself())
    assert network.wait(value("goes on"))


def test_stopping_cleans_up_what_still_runs(main: MainThread) -> None:
    network = LoopThread(main)
    network.start()
    work = Work()
    started = threading.Event()

    async def run() -> None:
        started.set()
        await work.run(interrupt=False)

    tasks: list[asyncio.Task[None]] = []
    network.call_soon(lambda: tasks.append(asyncio.create_task(run())))
    assert started.wait(20)
    assert network.stop()
    assert work.events == ["cleaned up"]
    assert network.stop()
    assert not network.is_alive


def test_a_thread_that_does_not_stop_is_left_behind(main: MainThread) -> None:
    network = LoopThread(main)
    network.start()
    release = threading.Event()
    network.call_soon(release.wait, 20)
    assert not network.stop(timeout_s=0.05)
    release.set()
    assert network.stop()


def test_a_dead_loop_is_noticed(main: MainThread) -> None:
    network = LoopThread(main)
    network.start()

    async def die() -> None:
        raise SystemExit("the loop ends")

    with pytest.raises((LoopDied, SystemExit)):
        network.wait(die())
    network.stop()
    with pytest.raises(LoopDied, match="start it again"):
        network.wait(value("never"))
    gc.collect()  # a coroutine that nobody awaited would warn here
    network.call_soon(print, "nothing happens")


def test_a_loop_that_dies_under_waiting_work_is_noticed(main: MainThread) -> None:
    network = LoopThread(main)
    network.start()

    def die() -> None:
        raise SystemExit("the loop ends")

    async def work() -> None:
        asyncio.get_running_loop().call_soon(die)
        await asyncio.Event().wait()

    with pytest.raises(UD2PError):
        network.wait(work())
    network.stop()
