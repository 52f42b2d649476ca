"""Two ways to a terminal: one inside the test's own process, and the sample shell as a program in one."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

import pyte
from tests.support.screen import Screen
from tests.support.terminal import Terminal

SAMPLE = Path(__file__).with_name("sample_shell.py")
MENU = re.compile("^menu>$")
CHAT = re.compile("^You >$")


class Tty:
    """A pseudo-terminal: a program's streams at one end, keys and a screen at the other."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._master, slave = os.openpty()
        self.stdin: TextIO = os.fdopen(slave, "r", encoding="utf-8")
        self.stdout: TextIO = os.fdopen(os.dup(slave), "w", encoding="utf-8")
        self.screen = Screen(columns, rows)
        self.output = b""
        self._stream = pyte.ByteStream(self.screen)
        self._changed = threading.Condition()
        self.resize(columns, rows)
        self._player: threading.Thread | None = None
        self._failures: list[BaseException] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, text: str | bytes) -> None:
        """Press keys."""
        os.write(self._master, text.encode() if isinstance(text, str) else text)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the program's end how large the window is."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, is_there: Callable[[list[str]], bool], timeout_s: float = 20) -> list[str]:
        """Wait until the screen is as wanted."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self.screen.transcript), timeout_s), self.screen.transcript
            return self.screen.transcript

    @contextmanager
    def as_standard_streams(self) -> Iterator[None]:
        """This process reads and writes here."""
        before = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = self.stdin, self.stdout, self.stdout
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before

    def play(self, *steps: tuple[str, str | bytes | Callable[[], object]]) -> None:
        """In a thread, one after the other: wait for a line of the screen, then press keys or do something."""
        self._player = threading.Thread(target=self._play, args=(steps,), daemon=True)
        self._player.start()

    def join(self) -> None:
        """Wait for the end of what is played."""
        if self._player is not None:
            self._player.join()
            self._player = None
        if self._failures:
            raise self._failures.pop()

    def _play(self, steps: tuple[tuple[str, str | bytes | Callable[[], object]], ...]) -> None:
        try:
            for line, action in steps:
                self.wait_for(lambda screen, line=line: line in screen)  # type: ignore[misc]
                if callable(action):
                    action()
                else:
                    self.type(action)
        except BaseException as error:  # raised where the test waits
            self._failures.append(error)

    def close(self) -> None:
        """Hang up."""
        self.join()
        for stream in (self.stdin, self.stdout):
            stream.close()
        self._reader.join()
        os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other end is closed
                return
            with self._changed:
                self.output += data
                self._stream.feed(data)
                self._changed.notify_all()


class Sample:
    """The sample shell in a terminal, and the FIFO by which things happen to it."""

    def __init__(self, terminal: Terminal, fifo: IO[str]) -> None:
        self.terminal = terminal
        self._fifo = fifo

    def tell(self, *directives: str) -> None:
        """See the sample shell."""
        self._fifo.write("".join(directive + "\n" for directive in directives))
        self._fifo.flush()


StartSample = Callable[..., Sample]
