"""The terminal's modes, set and brought back."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator

import pytest

from ud2p_shell.terminal.modes import AS_BEFORE, PASTE_ON, TerminalModes, is_terminal

LOCAL, CHARACTERS = 3, 6


@pytest.fixture
def fd() -> Iterator[int]:
    master, slave = os.openpty()
    yield slave
    os.close(slave)
    os.close(master)


def test_no_echo_no_lines_and_all_as_before(fd: int) -> None:
    written: list[str] = []
    modes = TerminalModes(fd, written.append)
    before = termios.tcgetattr(fd)
    modes.enter()
    within = termios.tcgetattr(fd)
    assert within[LOCAL] & (termios.ECHO | termios.ICANON | termios.ISIG) == termios.ISIG
    assert within[CHARACTERS][termios.VMIN] == 1
    modes.leave()
    modes.leave()
    assert termios.tcgetattr(fd) == before
    assert written == []  # no escapes where no prompt was open


def test_paste_is_on_from_the_first_prompt_to_the_end(fd: int) -> None:
    written: list[str] = []
    modes = TerminalModes(fd, written.append)
    modes.enter()
    modes.allow_escapes()
    modes.leave()
    modes.leave()
    assert written == [PASTE_ON, AS_BEFORE]


def test_a_stop_happens_with_all_as_before(fd: int) -> None:
    written: list[str] = []
    modes = TerminalModes(fd, written.append)
    before = termios.tcgetattr(fd)
    modes.enter()
    modes.allow_escapes()
    within = termios.tcgetattr(fd)
    seen: list[bool] = []
    modes.suspend(lambda: seen.append(termios.tcgetattr(fd) == before and written[-1] == AS_BEFORE))
    assert seen == [True]
    assert termios.tcgetattr(fd) == within
    assert written == [PASTE_ON, AS_BEFORE, PASTE_ON]
    modes.leave()


def test_what_is_no_terminal_is_left_alone() -> None:
    reading, writing = os.pipe()
    modes = TerminalModes(reading, lambda text: len(text))
    modes.enter()
    modes.suspend(lambda: None)
    modes.leave()
    os.close(reading)
    os.close(writing)
    modes = TerminalModes(-1, lambda text: len(text))
    modes.enter()
    modes.leave()


def test_what_counts_as_a_terminal(fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(os.dup(fd), "w") as stream:
        assert is_terminal(stream, stream)
        assert not is_terminal(stream, None)
        monkeypatch.setenv("TERM", "dumb")
        assert not is_terminal(stream)
        monkeypatch.setenv("TERM", "xterm")
    assert not is_terminal(stream)  # closed
