"""``cmd.Cmd`` on a console, with lines from a pipe."""

from __future__ import annotations

import cmd
import io
import os
import sys
from collections.abc import Callable

import pytest

import ud2p_shell.terminal
from ud2p.errors import UD2PError
from ud2p_shell.terminal import Console, LineShell, Prompt


class Shell(LineShell):
    """Notes what happens."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, Prompt(text=list))
        self.events: list[str] = []

    def do_say(self, text: str) -> None:
        """Say something."""
        self.events.append(text)

    def do_fail(self, _: str) -> None:
        """Fail."""
        raise UD2PError("that did not work; try again")

    def do_break(self, _: str) -> None:
        """Have a bug."""
        raise KeyError("bug")

    def do_interrupt(self, _: str) -> None:
        """As if Ctrl-C was pressed."""
        raise KeyboardInterrupt

    def do_leave(self, _: str) -> bool:
        """Leave."""
        return True

    def interrupted(self) -> None:
        self.events.append("interrupted")

    def end_of_input(self) -> bool:
        self.events.append("end")
        return super().end_of_input()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Shell, str]]:
    def run(text: str) -> tuple[Shell, str]:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        out = io.StringIO()
        with os.fdopen(reading) as stdin, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stdin)
            with Console() as console:
                patch.setattr(sys, "stdout", out)
                shell = Shell(console)
                shell.run()
            if (reader := console._lines._thread) is not None:
                reader.join()  # it must not read what the next test's pipe holds under the same number
        return shell, out.getvalue()

    return run


def test_lines_are_commands_until_the_end(run: Callable[[str], tuple[Shell, str]]) -> None:
    shell, out = run("say one\n\nsay two\n")
    assert shell.events == ["one", "two", "end"]
    assert out == ""


def test_a_typed_eof_is_no_end(run: Callable[[str], tuple[Shell, str]]) -> None:
    shell, out = run("EOF\nsay one\nleave\nsay two\n")
    assert shell.events == ["one"]
    assert out == "*** Unknown syntax: EOF\n"


def test_errors_are_sentences_and_the_shell_goes_on(run: Callable[[str], tuple[Shell, str]]) -> None:
    shell, out = run("fail\nbreak\nsay on\n")
    assert shell.events == ["on", "end"]
    assert out == "that did not work; try again\ninternal error: KeyError: 'bug'\n"


def test_ctrl_c_in_a_command_ends_the_command_alone(run: Callable[[str], tuple[Shell, str]]) -> None:
    assert run("interrupt\nsay on\n")[0].events == ["interrupted", "on", "end"]


def test_ctrl_c_at_the_prompt_ends_nothing(
    run: Callable[[str], tuple[Shell, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    presses = iter([KeyboardInterrupt])
    precmd = cmd.Cmd.precmd

    def press(self: cmd.Cmd, line: str) -> str:
        for error in presses:
            raise error
        return precmd(self, line)

    monkeypatch.setattr(cmd.Cmd, "precmd", press)
    assert run("say lost\nsay on\n")[0].events == ["interrupted", "on", "end"]


def test_help_goes_to_the_stream_of_now(run: Callable[[str], tuple[Shell, str]]) -> None:
    assert "Say something." in run("help say\n")[1]


def test_cmdloop_is_the_librarys() -> None:
    assert LineShell.cmdloop is cmd.Cmd.cmdloop


def test_the_public_names() -> None:
    assert sorted(ud2p_shell.terminal.__all__) == ud2p_shell.terminal.__all__
    for name in ud2p_shell.terminal.__all__:
        assert hasattr(ud2p_shell.terminal, name)
