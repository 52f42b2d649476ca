"""Posted calls, waiting, and where Ctrl-C falls."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from ud2p_shell.terminal import MainThread


@pytest.fixture
def main() -> Iterator[MainThread]:
    """With its handler of SIGINT in place."""
    main = MainThread()
    before = signal.signal(signal.SIGINT, main.handle_sigint)
    yield main
    signal.signal(signal.SIGINT, before)


def fail() -> None:
    raise ZeroDivisionError("a bug")


def test_posted_calls_run_in_order_on_the_thread_that_waits(main: MainThread) -> None:
    seen: list[tuple[int, int]] = []

    def post() -> None:
        for number in range(100):
            main.post(lambda number=number: seen.append((number, threading.get_ident())))  # type: ignore[misc]

    other = threading.Thread(target=post)
    other.start()
    assert main.wait_until(lambda: len(seen) == 100, timeout_s=20)
    other.join()
    assert seen == [(number, threading.get_ident()) for number in range(100)]


def test_waiting_ends_in_time_or_when_it_is_done(main: MainThread) -> None:
    assert not main.wait_until(lambda: False, timeout_s=0.02)
    done = threading.Event()

    def finish() -> None:
        done.set()
        main.wake()

    threading.Timer(0.01, finish).start()
    assert main.wait_until(done.is_set)


def test_a_call_that_raises_is_reported_and_the_next_one_runs() -> None:
    reported: list[BaseException] = []
    seen: list[int] = []
    main = MainThread(reported.append)
    main.post(fail)
    main.post(lambda: seen.append(1))
    main.run_posted()
    assert [type(error) for error in reported] == [ZeroDivisionError]
    assert seen == [1]


def test_by_default_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    main = MainThread()
    main.post(fail)
    main.run_posted()
    assert capsys.readouterr().out == "internal error: ZeroDivisionError: a bug\n"


def test_a_call_that_posts_itself_again_leaves_room_for_others(main: MainThread) -> None:
    def again() -> None:
        main.post(again)

    main.post(again)
    main.run_posted()
    assert not main.wait_until(lambda: False, timeout_s=0.01)


def test_a_posted_call_that_waits_does_not_run_others_inside(main: MainThread) -> None:
    seen: list[str] = []

    def outer() -> None:
        main.post(lambda: seen.append("inner"))
        main.wait_until(lambda: True)
        seen.append("outer")

    main.post(outer)
    main.run_posted()
    main.run_posted()
    assert seen == ["outer", "inner"]


def test_ctrl_c_interrupts_a_wait(main: MainThread) -> None:
    threading.Timer(0.02, signal.raise_signal, (signal.SIGINT,)).start()
    with pytest.raises(KeyboardInterrupt):
        main.wait_until(lambda: False, timeout_s=20)


def test_ctrl_c_waits_for_the_end_of_a_posted_call(main: MainThread) -> None:
    seen: list[str] = []

    def show() -> None:
        signal.raise_signal(signal.SIGINT)
        seen.append("whole")

    main.post(show)
    main.post(lambda: seen.append("next"))
    with pytest.raises(KeyboardInterrupt):
        main.wait_until(lambda: False, timeout_s=20)
    assert seen == ["whole", "next"]
    main.catch_up()  # raised once
