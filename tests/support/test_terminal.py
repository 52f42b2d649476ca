"""The terminal that the end-to-end tests look at must itself be right."""

from __future__ import annotations

import re
import signal
import sys

import pyte
import pytest
from tests.support.screen import Screen
from tests.support.terminal import Terminal


def screen_of(text: str, columns: int = 20, rows: int = 4) -> Screen:
    screen = Screen(columns, rows)
    pyte.ByteStream(screen).feed(text.replace("\n", "\r\n").encode())
    return screen


@pytest.mark.parametrize("text", ["文字 abc", "👍 ok", "👨‍👩‍👧 family", "❤️ heart", "e\u0301te\u0301", "🇩🇪 flag", "क्षि"])
def test_no_character_is_lost(text: str) -> None:
    assert screen_of(text).transcript == [text]


def test_wide_characters_wrap_before_the_edge() -> None:
    assert screen_of("文字文字", columns=5).transcript == ["文字", "文字"]


def test_lines_that_scroll_off_stay_in_the_transcript() -> None:
    lines = [f"line {number} 文" for number in range(20)]
    assert screen_of("\n".join(lines)).transcript == lines


def test_a_smaller_window_loses_nothing() -> None:
    screen = screen_of("\n".join(f"line {number}" for number in range(6)), rows=8)
    screen.resize(7, 20)  # empty rows go first
    assert screen.transcript == [f"line {number}" for number in range(6)]
    screen.resize(3, 20)
    assert screen.rows == ["line 3", "line 4", "line 5"]
    assert screen.transcript == [f"line {number}" for number in range(6)]
    screen.resize(3, 4)
    assert screen.rows == ["line"] * 3


def test_a_program_is_typed_to_waited_for_and_ends() -> None:
    with Terminal(["sh", "-c", "read a; echo got $a; exit 3"], columns=30) as terminal:
        terminal.enter("文字")
        screen = terminal.wait_for(re.compile("^got"))
        assert screen[-1] == "got 文字"
        assert terminal.wait_for_end() == 3


def test_it_is_as_large_as_it_should_be_and_may_be_resized() -> None:
    with Terminal(["sh", "-c", "stty size; read a; stty size"], columns=33, rows=7) as terminal:
        terminal.wait_for("7 33")
        terminal.resize(50, 9)
        terminal.enter("")
        terminal.wait_for("9 50")


def test_a_wait_that_fails_shows_the_screen() -> None:
    with Terminal(["sh", "-c", "echo something; read a"]) as terminal:
        terminal.wait_for("something")
        with pytest.raises(AssertionError, match="│something"):
            terminal.wait_for("else", timeout=0.05)


def test_closing_leaves_no_process_whatever_it_thinks_of_it() -> None:
    program = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.wait_for("up")
        terminal.kill(signal.SIGSTOP)
        terminal.close()
        assert not terminal.process.isalive()
        terminal.close()


def test_two_programs_never_block_each_other() -> None:
    loud = "for i in $(seq 1200); do echo 0123456789012345678901234567890123456789; done; echo end"
    with Terminal(["sh", "-c", loud]) as first, Terminal(["sh", "-c", loud]) as second:
        second.wait_for(re.compile("^end$"))
        assert len(second.screen) == 1201
        first.wait_for(re.compile("^end$"))


def test_colours_and_cursor() -> None:
    with Terminal(["sh", "-c", r"printf '\033[31mYou\033[0m > '; read a"]) as terminal:
        terminal.wait_for("You >")
        assert terminal.style("You")["fg"] == "red"
        assert terminal.style(">")["fg"] == "default"
        assert terminal.cursor == (6, 0)
