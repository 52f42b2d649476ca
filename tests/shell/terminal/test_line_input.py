"""Lines from pipes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from ud2p_shell.terminal import LineInput, MainThread, Prompt
from ud2p_shell.terminal import line_input as line_input_module
from ud2p_shell.terminal.line_input import CommandQueue, PlainInput, StdinLines


class Source:
    """The writing end of a program's standard input."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        self.main = MainThread()
        self.lines = StdinLines(self.reading, self.main)

    def shell_input(self, cmdqueue: list[str] | None = None, is_typed: bool = False) -> LineInput:
        prompt = Prompt(text=lambda: [("bold", "menu"), ("", "> ")])
        return PlainInput(prompt, self.lines, self.main, [] if cmdqueue is None else cmdqueue, is_typed)

    def write(self, data: bytes) -> None:
        os.write(self._writing, data)

    def end(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1

    def close(self) -> None:
        self.end()
        self.lines.end()
        if self.lines._thread is not None:
            self.lines._thread.join(20)
        os.close(self.reading)


@pytest.fixture
def source() -> Iterator[Source]:
    source = Source()
    yield source
    source.close()


def test_lines_until_the_end_and_the_end_is_a_flag(source: Source) -> None:
    lines = source.shell_input()
    source.write("list\r\nEOF\n\n文字".encode())
    source.end()
    assert [lines.readline() for _ in range(4)] == ["list\n", "EOF\n", "\n", "文字\n"]
    assert not lines.at_end
    assert lines.readline() == ""
    assert lines.at_end
    assert lines.readline() == ""


def test_a_line_may_come_in_pieces_even_of_a_character(source: Source) -> None:
    lines = source.shell_input()
    done: list[str] = []

    def write() -> None:
        for byte in "é文\n".encode():
            source.write(bytes([byte]))

    writer = threading.Thread(target=write)
    writer.start()
    done.append(lines.readline())
    writer.join()
    assert done == ["é文\n"]


def test_invalid_utf_8_is_replaced(source: Source) -> None:
    source.write(b"a\xff\xc3(\n")
    assert source.shell_input().readline() == "a\ufffd\ufffd(\n"


def test_two_shells_share_one_input(source: Source) -> None:
    menu, chat = source.shell_input(), source.shell_input()
    source.write(b"connect\nhello\nX\nlist\n")
    assert [menu.readline(), chat.readline(), chat.readline(), menu.readline()] == [
        "connect\n",
        "hello\n",
        "X\n",
        "list\n",
    ]


def test_nothing_is_read_before_it_is_asked_for(source: Source) -> None:
    source.write(b"for somebody else\n")
    assert source.lines._thread is None
    assert os.read(source.reading, 100) == b"for somebody else\n"


def test_prompts_are_shown_only_where_somebody_types(source: Source, capsys: pytest.CaptureFixture[str]) -> None:
    source.write(b"a\nb\n\nd\n")
    source.shell_input().readline()
    assert capsys.readouterr().out == ""
    typed = source.shell_input(is_typed=True)
    typed.readline()
    assert typed.ask("Number: ", default="1") == "1"
    assert typed.ask("Name: ") == "d"
    assert capsys.readouterr().out == "menu> Number: [1] Name: "


def test_a_command_interrupts_the_wait_and_no_line_is_lost(source: Source) -> None:
    queue: list[str] = []
    lines = source.shell_input(queue)
    threading.Timer(0.02, lines.interrupt_with, ("chat",)).start()
    assert lines.readline() == "\n"
    assert queue == ["chat"]
    assert not lines.at_end
    assert lines.ask("Number: ") is None
    queue.clear()
    source.write(b"hello\n")
    assert lines.readline() == "hello\n"


def test_commands_that_wait_anyway_interrupt_no_question(source: Source) -> None:
    lines = source.shell_input(["next"])
    source.write(b"7\n")
    assert lines.ask("Number: ") == "7"


def test_when_a_line_was_begun(source: Source) -> None:
    lines = source.shell_input()
    source.write(b"a\nb\n")
    lines.readline()
    time.sleep(0.01)
    asked_at = time.monotonic()  # what was in the pipe before is read after it, by one who waited for the question
    lines.readline()
    assert lines.last_line_begun_at >= asked_at
    threading.Timer(0.02, source.write, (b"c\n",)).start()
    question_at = time.monotonic()
    lines.readline()
    assert lines.last_line_begun_at > question_at


def test_ctrl_c_ends_the_wait(source: Source) -> None:
    import signal

    threading.Timer(0.02, signal.raise_signal, (signal.SIGINT,)).start()
    with pytest.raises(KeyboardInterrupt):
        source.shell_input().readline()


def test_a_line_without_an_end_is_cut(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_input_module, "MAX_LINE_BYTES", 10)
    source.write(b"0123456789abc\nnext\n")
    lines = source.shell_input()
    assert "".join(lines.readline() for _ in range(2)).endswith("next\n")
    source.write(b"x" * 25)
    source.end()
    assert [lines.readline() for _ in range(4)] == ["x" * 10 + "\n"] * 2 + ["x" * 5 + "\n", ""]


def test_it_does_not_read_far_ahead(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_input_module, "READ_AHEAD_BYTES", 100)
    written: list[int] = []

    def fill() -> None:
        for number in range(20_000):
            source.write(b"%06d\n" % number)
            written.append(number)

    writer = threading.Thread(target=fill)
    writer.start()
    lines = source.shell_input()
    assert lines.readline() == "000000\n"
    assert len(written) < 20_000  # a pipe holds 64 KiB, one read takes as much
    assert [lines.readline() for _ in range(19_999)] == [f"{number:06d}\n" for number in range(1, 20_000)]
    writer.join()


def test_a_queue_knows_which_commands_can_not_wait() -> None:
    queue = ["a"]
    commands = CommandQueue(queue)
    assert commands.has_command
    assert not commands.has_interrupt
    commands.interrupt_with("b")
    assert queue == ["a", "b"]
    assert commands.has_interrupt
    queue.remove("b")
    assert not commands.has_interrupt
