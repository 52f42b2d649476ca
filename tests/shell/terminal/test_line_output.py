"""Lines of several threads, with and without a prompt."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import TextIO

import pytest
from tests.shell.terminal.helpers import Tty

from ud2p_shell.terminal import Console, Prompt
from ud2p_shell.terminal.line_output import DELAY_S, LineOutput
from ud2p_shell.terminal.raw_writer import RawWriter


class Pipe:
    """A pipe whose reading end the test holds."""

    def __init__(self) -> None:
        self._reading, writing = os.pipe()
        self.stream: TextIO = os.fdopen(writing, "w", encoding="utf-8")

    def read(self) -> str:
        """What was written, the writing end being closed by this."""
        self.stream.close()
        with os.fdopen(self._reading, encoding="utf-8", newline="") as reading:
            return reading.read()

    def stop_reading(self) -> None:
        """Nobody reads any more."""
        os.close(self._reading)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.stream.close()


def in_thread(*calls: object) -> None:
    def run() -> None:
        for call in calls:
            assert callable(call)
            call()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_lines_are_gathered_per_thread(pipe: Pipe) -> None:
    output = LineOutput(RawWriter(pipe.stream))
    output.write("hel")
    in_thread(lambda: output.write("one\ntw"), lambda: output.write("o\nthr"))
    output.write("lo\n")
    output.close()
    assert pipe.read() == "one\ntwo\nhello\nthr"


def test_a_flushed_half_line_is_not_torn_by_others(pipe: Pipe) -> None:
    output = LineOutput(RawWriter(pipe.stream))
    print("question? ", end="", file=output, flush=True)
    in_thread(lambda: output.write("a line\n"))
    print("answer", file=output)
    assert pipe.read() == "question? \na line\nanswer\n"


def test_it_stands_in_for_a_text_stream(pipe: Pipe) -> None:
    output = LineOutput(RawWriter(pipe.stream))
    assert output.write("äöü\n") == 4
    output.writelines(["a\n", "b\n"])
    assert (output.encoding, output.isatty(), output.writable()) == ("utf-8", False, True)
    assert output.fileno() == pipe.stream.fileno()
    output.close()
    output.write("after\n")
    assert pipe.read() == "äöü\na\nb\nafter\n"


def test_what_the_encoding_lacks_is_replaced() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii") as stream:
        LineOutput(RawWriter(stream)).write("sho ✓ \ud800\n")
    assert os.read(reading, 100) == b"sho ? ?\n"
    os.close(reading)


def test_a_reader_that_went_away_is_told_once_and_never_raises(pipe: Pipe) -> None:
    gone: list[bool] = []
    output = LineOutput(RawWriter(pipe.stream, lambda: gone.append(True)))
    pipe.stop_reading()
    for _ in range(3):
        output.write("line\n")
    assert gone == [True]
    pipe.stream.write("Python's own buffer, at exit")
    pipe.stream.flush()


def test_a_pipe_that_is_full_and_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = "0123456789" * 50_000 + "\n"
    with os.fdopen(writing, "w", encoding="utf-8") as stream, os.fdopen(reading, encoding="utf-8") as read:
        output = LineOutput(RawWriter(stream))
        writer = threading.Thread(target=output.write, args=(text,))
        writer.start()
        assert read.readline() == text
        writer.join()


def test_lines_that_wait_for_a_prompt_are_printed_in_one_go_and_in_order(tty: Tty, console: Console) -> None:
    lines = console.line_input(Prompt(text=lambda: [("", "> ")]), [])

    def fill() -> None:
        in_thread(*[lambda number=number: print(f"line {number}") for number in range(20)])

    tty.play((">", fill), ("line 19", "ok\r"))
    assert lines.readline() == "ok\n"
    screen = tty.wait_for(lambda screen: screen[-1] == "> ok")
    assert screen == [*(f"line {number}" for number in range(20)), "> ok"]
    assert tty.output.count(b"> ") <= 6  # drawn at the start, around one printing, with two keys and at the end


def test_a_half_line_ends_before_a_prompt_opens(tty: Tty, console: Console) -> None:
    lines = console.line_input(Prompt(text=lambda: [("", "> ")]), [])
    print("working...", end="")
    tty.type("ok\r")
    lines.readline()
    tty.wait_for(lambda screen: screen == ["working...", "> ok"])


def test_what_arrives_as_a_prompt_closes_is_printed_behind_it_and_not_lost(tty: Tty, console: Console) -> None:
    lines = console.line_input(Prompt(text=lambda: [("", "> ")]), [])

    def both() -> None:
        tty.type("ok\r")
        print("arrived")

    tty.play((">", both))
    lines.readline()
    print("answer")
    screen = tty.wait_for(lambda screen: screen[-1:] == ["answer"])
    assert sorted(screen) == sorted(["> ok", "arrived", "answer"])


def test_what_arrives_while_the_loop_of_a_prompt_ends_is_no_warning(
    tty: Tty, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = asyncio.BaseEventLoop.shutdown_asyncgens

    async def end_slowly(loop: asyncio.BaseEventLoop) -> None:
        await end(loop)
        await asyncio.to_thread(print, "arrived")
        await asyncio.sleep(2 * DELAY_S)

    monkeypatch.setattr(asyncio.BaseEventLoop, "shutdown_asyncgens", end_slowly)
    tty.type("ok\r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        console.line_input(Prompt(text=lambda: [("", "> ")]), []).readline()
    tty.wait_for(lambda screen: screen == ["> ok", "arrived"])


@pytest.mark.parametrize("reader", ["true", "head -1"])
def test_a_program_whose_reader_went_away_ends_quietly(reader: str) -> None:
    program = (
        "from ud2p_shell.terminal import Console\n"
        "with Console():\n"
        "    for number in range(20000): print('line', number)\n"
        "print('after')\n"
    )
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "{sys.executable}" -c "$0" | {reader}', program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
