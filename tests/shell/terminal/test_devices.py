"""The seams of prompt_toolkit that the prompts lean on. When one of these fails, a new version has moved a seam:
look at :mod:`ud2p_shell.terminal.devices` before anything else."""

from __future__ import annotations

import sys
import termios
import tty as tty_module
from collections.abc import Callable
from typing import TextIO, cast

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, run_in_terminal
from prompt_toolkit.input import create_input
from prompt_toolkit.output import create_output
from tests.shell.terminal.helpers import Tty

from ud2p_shell.terminal.devices import Devices
from ud2p_shell.terminal.raw_writer import RawWriter

ASK_WHERE_THE_CURSOR_IS = b"\x1b[6n"
PASTE_OFF = b"\x1b[?2004l"


def make_session(is_ours: bool) -> PromptSession[str]:
    writer = cast(TextIO, RawWriter(sys.stdout))
    if is_ours:
        devices = Devices.of_terminal(sys.stdin, RawWriter(sys.stdout))
        return PromptSession("> ", input=devices.input, output=devices.output, bottom_toolbar="status")
    return PromptSession("> ", input=create_input(sys.stdin), output=create_output(writer), bottom_toolbar="status")


def run(session: PromptSession[str], at_prompt: Callable[[], None]) -> None:
    session.app.after_render += lambda _: at_prompt()
    assert session.prompt() == ""


@pytest.mark.parametrize("is_ours", [True, False])
def test_seam_a_printing_above_the_prompt_leaves_the_terminal_raw(
    tty: Tty, is_ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")  # saves a second
    echoes: list[bool] = []

    def print_above() -> None:
        flags = termios.tcgetattr(sys.stdin.fileno())[tty_module.LFLAG]
        echoes.append(bool(flags & (termios.ECHO | termios.ICANON)))
        get_app().exit(result="")

    def at_prompt() -> None:
        if not echoes and not get_app().is_done:
            run_in_terminal(print_above)

    run(make_session(is_ours), at_prompt)
    assert echoes == [not is_ours]


@pytest.mark.parametrize("is_ours", [True, False])
def test_seam_b_the_toolbar_waits_for_no_answer_of_the_terminal(tty: Tty, is_ours: bool) -> None:
    drawn: list[int] = []

    def at_prompt() -> None:
        drawn.append(1)
        if len(drawn) == 1:
            get_app().exit(result="")

    run(make_session(is_ours), at_prompt)
    print("end")
    tty.wait_for(lambda screen: any("end" in line for line in screen))
    assert (b"status" in tty.output) == is_ours
    assert (ASK_WHERE_THE_CURSOR_IS in tty.output) != is_ours


@pytest.mark.parametrize("is_ours", [True, False])
def test_bracketed_paste_stays_on_between_two_drawings(
    tty: Tty, is_ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPT_TOOLKIT_NO_CPR", "1")
    run(make_session(is_ours), lambda: None if get_app().is_done else get_app().exit(result=""))
    print("end")
    tty.wait_for(lambda screen: any("end" in line for line in screen))
    assert (PASTE_OFF in tty.output) != is_ours


def test_waiting_keys_come_before_those_put_back_by_a_prompt_and_keep_their_date(tty: Tty) -> None:
    devices = Devices.of_terminal(sys.stdin, RawWriter(sys.stdout))
    tty_module.setcbreak(sys.stdin.fileno())
    tty.type("ab")
    keys, since = devices.take_waiting_keys()
    assert [key.data for key in keys] == ["a", "b"]
    devices.put_back(keys[1:], since)
    tty.type("c")
    again, since_again = devices.take_waiting_keys()
    assert [key.data for key in again] == ["b", "c"]
    assert since_again == since
    devices.put_back([], since)
    assert devices.take_waiting_keys()[1] > since
