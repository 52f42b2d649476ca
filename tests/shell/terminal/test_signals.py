"""Handlers, and what was there before. How programs end by signals is in ``test_console``."""

from __future__ import annotations

import signal
import threading

import pytest

from ud2p_shell.terminal.signals import SignalHandlers

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)


def make(ended: list[int], at_prompt: bool = False) -> SignalHandlers:
    def terminate(code: int) -> bool:
        ended.append(code)
        return at_prompt

    return SignalHandlers(lambda *_: None, terminate, lambda stop: stop())


def test_all_is_as_before_when_it_is_over() -> None:
    before = [signal.getsignal(number) for number in NUMBERS]
    handlers = make([])
    handlers.install()
    assert all(signal.getsignal(number) != was for number, was in zip(NUMBERS, before, strict=True))
    handlers.restore()
    handlers.restore()
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_the_first_signal_ends_the_program_and_the_second_does_not_cut_its_clean_up_short() -> None:
    ended: list[int] = []
    handlers = make(ended)
    handlers.install()
    try:
        with pytest.raises(SystemExit) as exit_info:
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
    finally:
        handlers.restore()
    assert exit_info.value.code == 128 + signal.SIGHUP
    assert ended == [128 + signal.SIGHUP]


def test_at_a_prompt_the_prompt_ends_it() -> None:
    handlers = make([], at_prompt=True)
    handlers.install()
    signal.raise_signal(signal.SIGTERM)
    handlers.restore()


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    handlers = make([])
    handlers.install()
    signal.raise_signal(signal.SIGHUP)
    handlers.restore()
    assert signal.signal(signal.SIGHUP, before) is signal.SIG_IGN


def test_outside_the_main_thread_nothing_is_set() -> None:
    before = [signal.getsignal(number) for number in NUMBERS]
    thread = threading.Thread(target=lambda: make([]).install())
    thread.start()
    thread.join()
    assert [signal.getsignal(number) for number in NUMBERS] == before
