"""A real program in a real pseudo-terminal, and the screen that a person would see.

::

    with Terminal([sys.executable, "-m", "ud2p_shell.main"], columns=40) as terminal:
        terminal.wait_for("ud2p>")
        terminal.enter("list")
        terminal.wait_for(lambda screen: "bob" in screen[-3])

pexpect starts the program, pyte plays the terminal. There is no thread and no sleep: whoever waits for a screen reads
what all open terminals have to say, so that two programs that speak to each other never block on a full pipe. The
terminal does not answer questions (cursor position reports), as slow or simple ones don't.
"""

from __future__ import annotations

import os
import re
import select
import signal
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, TypeAlias, cast

import pexpect
import pyte
from pyte.screens import Char
from tests.support.screen import Screen, row_text

Wanted: TypeAlias = "str | re.Pattern[str] | Callable[[list[str]], object]"
"""Text that some line holds, a pattern that some line matches (``^menu>$``; lines are right-stripped), or a predicate
of the screen."""

PATIENCE_S = 30.0
"""How long a wait lasts before it fails; generous, because a loaded machine is no error."""


class Terminal:
    """A program in a terminal of its own. A context manager; :meth:`close` leaves no process behind."""

    _open: ClassVar[list[Terminal]] = []
    _lock: ClassVar = threading.RLock()

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        """
        :param env: replaces and adds to this process's environment; ``TERM`` is ``xterm-256color`` unless given
        """
        self._screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.output = bytearray()
        """Every byte that the program wrote."""
        environment = {**os.environ, "TERM": "xterm-256color", **(env or {})}
        with warnings.catch_warnings():
            # Python 3.12 warns of forks in programs with threads; the child runs another program at once.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process: pexpect.spawn[bytes] = pexpect.spawn(
                command[0],
                list(command[1:]),
                env=environment,
                cwd=cwd,
                dimensions=(rows, columns),
                timeout=PATIENCE_S,
                preexec_fn=_forget_ignored_signals,
            )
        self.process.delaybeforesend = None
        self._pty: Any = cast(Any, self.process).ptyproc
        self._pty.delayafterclose = 0  # it is dead by then
        self._fd = self.process.child_fd
        self._at_end = False
        with Terminal._lock:
            Terminal._open.append(self)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The program's process id."""
        assert self.process.pid is not None
        return self.process.pid

    def send(self, text: str | bytes) -> None:
        """Type ``text`` as it is (``\\x03`` is Ctrl-C)."""
        data = text.encode() if isinstance(text, str) else text
        deadline = time.monotonic() + PATIENCE_S
        while data:
            self._pump(0)  # a program that can't get rid of its output may stop reading
            if select.select([], [self._fd], [], 0.1)[1]:
                data = data[os.write(self._fd, data[:1024]) :]
            assert time.monotonic() < deadline, "the program does not read what is typed"

    def enter(self, line: str) -> None:
        """Type ``line`` and press Enter."""
        self.send(line + "\r")

    def type(self, keys: Sequence[str], every_s: float) -> None:
        """Press keys one by one, as a person does; what the program writes meanwhile is read."""
        for key in keys:
            due = time.monotonic() + every_s
            self.send(key)
            while (left := due - time.monotonic()) > 0:
                self._pump(left)

    def paste(self, text: str) -> None:
        """Paste ``text`` as a terminal does when the program asked for bracketed paste, else as if typed."""
        self._pump(0)
        text = text.replace("\n", "\r")
        self.send(f"\x1b[200~{text}\x1b[201~" if self.brackets_pastes else text)

    @property
    def brackets_pastes(self) -> bool:
        """Whether the program asked for bracketed paste."""
        return 2004 << 5 in self._screen.mode

    @property
    def screen(self) -> list[str]:
        """All lines, what scrolled off the top included, right-stripped, without the empty ones at the bottom."""
        self._pump(0)
        with Terminal._lock:
            return self._screen.transcript

    @property
    def display(self) -> list[str]:
        """The visible rows alone, right-stripped."""
        self._pump(0)
        with Terminal._lock:
            return self._screen.rows

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor in :attr:`display`, from 0."""
        self._pump(0)
        return self._screen.cursor.x, self._screen.cursor.y

    def style(self, text: str) -> dict[str, Any]:
        """How the first character of the last place where ``text`` is visible looks: ``fg``, ``bg``, ``bold``, ..."""
        for row in reversed(range(self._screen.lines)):
            line = self._screen.buffer[row]
            at = row_text(line).rfind(text)
            if at >= 0:
                cells = [line[column] for column in range(self._screen.columns) if line[column].data]
                return dict(cells[at]._asdict())
        raise AssertionError(f"{text!r} is not visible\n{self.picture()}")

    def cells(self) -> tuple[list[Mapping[int, Char]], int]:
        """The visible rows as cells, without the empty ones at the bottom, and the number of columns."""
        self._pump(0)
        with Terminal._lock:
            rows: list[Mapping[int, Char]] = [dict(self._cells_of(row)) for row in range(self._screen.lines)]
            while rows and not any(cell.data.strip() for cell in rows[-1].values()):
                rows.pop()
            return rows, self._screen.columns

    def _cells_of(self, row: int) -> list[tuple[int, Char]]:
        line = self._screen.buffer[row]
        return [(column, line[column]) for column in range(self._screen.columns)]

    def wait_for(self, wanted: Wanted, timeout: float = PATIENCE_S) -> list[str]:
        """Wait until the screen is as wanted.

        :returns: that screen
        :raises AssertionError: with a picture of the screen, when it does not come in time
        """
        is_there = _predicate(wanted)
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen
            if is_there(screen):
                return screen
            if time.monotonic() >= deadline or self._at_end:
                break
            self._pump(min(0.1, max(0.0, deadline - time.monotonic())))
        why = "the program has ended" if self._at_end else f"not in {timeout} s"
        raise AssertionError(f"{why}: {wanted!r}\n{self.picture()}")

    def wait_for_end(self, timeout: float = PATIENCE_S) -> int:
        """Wait until the program ends.

        :returns: its exit code, or the negative number of the signal that killed it
        """
        deadline = time.monotonic() + timeout
        while not self._at_end or self.process.isalive():
            assert time.monotonic() < deadline, f"still running after {timeout} s\n{self.picture()}"
            if self._at_end:
                select.select([], [], [], 0.01)  # the descriptor closes a moment before the process is gone
            else:
                self._pump(0.1)
        if self.process.signalstatus is not None:
            return -int(self.process.signalstatus)
        return int(self.process.exitstatus or 0)

    def resize(self, columns: int, rows: int | None = None) -> None:
        """Make the window wider or smaller; the program is told. Lines are cut at a smaller width, not reflowed."""
        rows = rows or self._screen.lines
        self._pump(0)
        with Terminal._lock:
            self._screen.resize(rows, columns)
            self.process.setwinsize(rows, columns)

    def kill(self, number: int = signal.SIGTERM) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the terminal under the program, which goes on if it can."""
        with Terminal._lock:
            self._at_end = True
            self._pty.fileobj.close()

    def close(self) -> None:
        """Hang up, end the program whatever it thinks of it, and wait until it is gone. May be called twice."""
        with Terminal._lock:
            if self not in Terminal._open:
                return
            Terminal._open.remove(self)
        for number, patience in ((signal.SIGHUP, 1.0), (signal.SIGKILL, PATIENCE_S)):
            if not self.process.isalive():
                break
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
                os.kill(self.pid, signal.SIGCONT)
            self._drain_until_dead(patience)
        self.process.close(force=True)

    def picture(self) -> str:
        """The screen with a frame around it, for messages."""
        return "\n".join(["┌" + "─" * self._screen.columns, *("│" + line for line in self.screen), "└"])

    def _drain_until_dead(self, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while self.process.isalive() and time.monotonic() < deadline:
            if self._at_end:
                select.select([], [], [], 0.01)
            elif select.select([self._fd], [], [], 0.02)[0]:
                self._read()

    def _pump(self, timeout_s: float) -> None:
        """Read what all open terminals have; wait for something if there is nothing."""
        with Terminal._lock:
            by_fd = {terminal._fd: terminal for terminal in Terminal._open if not terminal._at_end}
            while ready := select.select(list(by_fd), [], [], timeout_s)[0]:
                for fd in ready:
                    by_fd[fd]._read()
                    if by_fd[fd]._at_end:
                        del by_fd[fd]
                timeout_s = 0
                if not by_fd:
                    break

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # Linux: the program closed its side
            data = b""
        self._at_end = not data
        self.output += data
        self._stream.feed(data)


def _forget_ignored_signals() -> None:
    """Tests in the background, or under nohup, would hand on that some signals are ignored; a terminal never does."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def _predicate(wanted: Wanted) -> Callable[[list[str]], object]:
    if isinstance(wanted, str):
        return lambda screen: any(wanted in line for line in screen)
    if isinstance(wanted, re.Pattern):
        return lambda screen: any(wanted.search(line) for line in screen)
    return wanted
