"""Where a shell's lines come from: the interface, and the one for pipes, files and dumb terminals.

``cmd.Cmd`` gets an object of these as its ``stdin`` (with ``use_rawinput = False``). The one for a real terminal is
:class:`ud2p_shell.terminal.prompt_input.PromptInput`.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from ud2p_shell.terminal.completion import Completer
from ud2p_shell.terminal.main_thread import MainThread
from ud2p_shell.terminal.prompt import Prompt, plain_text

MAX_LINE_BYTES = 1024 * 1024
"""A longer line is cut: what is no text must not fill the memory."""

READ_AHEAD_BYTES = 1024 * 1024


class LineInput(Protocol):
    """Lines for one shell. All but :meth:`interrupt_with` is for the main thread."""

    at_end: bool
    """The real end of the input was met (Ctrl-D on an empty line, the end of a file): what :meth:`readline` last
    returned, ``""``, is it. A typed ``EOF`` is a line like any other."""
    last_line_begun_at: float
    """When the line last returned was begun, on the clock of ``time.monotonic()``: an answer begun before its question
    appeared is not one."""

    @property
    def draft(self) -> str:
        """The half-typed line of the prompt that :meth:`interrupt_with` took away, until the next prompt has it."""
        ...

    def readline(self) -> str:
        """The next line with its newline; ``"\\n"`` when the shell's ``cmdqueue`` has something to do first; ``""`` at
        the end of the input.

        :raises KeyboardInterrupt: for Ctrl-C on an empty line
        :raises SystemExit: when a signal asks the program to end
        """
        ...

    def ask(self, question: str, *, completer: Completer | None = None, default: str = "") -> str | None:
        """Ask for one line in the middle of a command.

        :param default: what stands there already, to be edited; without a terminal, what an empty line means
        :returns: the answer without its newline; None at the end of the input, and when the shell was interrupted
            by :meth:`interrupt_with` (what was typed so far is dropped then)
        :raises KeyboardInterrupt: for Ctrl-C on an empty line
        """
        ...

    def interrupt_with(self, command: str) -> None:
        """From any thread: have the shell run ``command`` at once. It is put in the shell's ``cmdqueue``, and the
        prompt that is open for this shell, if one is, closes; a half-typed line is back at its next prompt."""
        ...


class StdinLines:
    """The lines of a descriptor, read by a daemon thread, so that the main thread can wait for other things as well.

    The thread reads the descriptor itself: a thread inside ``sys.stdin.read`` at the end of the program would bring
    down the interpreter. Invalid UTF-8 is replaced by U+FFFD. (Windows: so is what a console without UTF-8 as its
    code page sends beyond ASCII; it gets :class:`PromptInput` anyway.)
    """

    def __init__(self, fd: int, main: MainThread) -> None:
        self._fd = fd
        self._main = main
        self._lines: deque[tuple[str, float]] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._at_end = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read; nothing is read before. May be called again."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="stdin", daemon=True)
            self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Whether :meth:`take` has something: a line, or the end."""
        return bool(self._lines) or self._at_end

    def take(self) -> tuple[str, float] | None:
        """The next line without its end, and when its first byte came; None at the end."""
        with self._changed:
            if not self._lines:
                return None
            text, came_at = self._lines.popleft()
            self._waiting_bytes -= len(text)
            self._changed.notify_all()
            return text, came_at

    def end(self) -> None:
        """Nobody wants more: what was not taken yet is dropped, and :meth:`take` says that this is the end."""
        with self._changed:
            self._at_end = True
            self._lines.clear()
        self._main.wake()

    def _read(self) -> None:
        rest = bytearray()
        begun_at = 0.0
        while data := self._read_some():
            now = time.monotonic()
            begun_at = begun_at if rest else now
            *lines, last = (rest + data).split(b"\n")
            for line in lines:
                self._put(line, begun_at)
                begun_at = now
            rest = bytearray(last)
            while len(rest) >= MAX_LINE_BYTES:
                self._put(rest[:MAX_LINE_BYTES], begun_at)
                del rest[:MAX_LINE_BYTES]
        if rest:
            self._put(rest, begun_at)
        self._at_end = True
        self._main.wake()

    def _read_some(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting_bytes < READ_AHEAD_BYTES)
        try:
            return os.read(self._fd, 65536)
        except OSError:  # a terminal that hung up
            return b""

    def _put(self, line: bytes | bytearray, begun_at: float) -> None:
        text = line.decode("utf-8", "replace").removesuffix("\r")
        with self._changed:
            if self._at_end:
                return
            self._lines.append((text, begun_at))
            self._waiting_bytes += len(text)
        self._main.wake()


class CommandQueue:
    """A shell's ``cmdqueue``, and which of its commands shall interrupt what goes on."""

    def __init__(self, queue: list[str]) -> None:
        self._queue = queue
        self._urgent: list[str] = []
        self._lock = threading.Lock()

    def interrupt_with(self, command: str) -> None:
        """Add a command that can't wait. For any thread."""
        with self._lock:
            self._urgent.append(command)
            self._queue.append(command)

    @property
    def has_command(self) -> bool:
        """Whether the shell has something to do before it reads a line."""
        return bool(self._queue)

    @property
    def has_interrupt(self) -> bool:
        """Whether a command that can't wait has not been taken from the queue yet."""
        with self._lock:
            self._urgent = [command for command in self._urgent if any(command is queued for queued in self._queue)]
            return bool(self._urgent)


class PlainInput:
    """Lines from a pipe, a file or a dumb terminal. The prompt is shown only where somebody types."""

    def __init__(
        self, prompt: Prompt, lines: StdinLines, main: MainThread, cmdqueue: list[str], is_typed: bool
    ) -> None:
        """
        :param cmdqueue: the shell's own queue (``cmd.Cmd.cmdqueue``)
        :param is_typed: whether the lines come from a terminal
        """
        self._prompt = prompt
        self._lines = lines
        self._main = main
        self._commands = CommandQueue(cmdqueue)
        self._is_typed = is_typed
        self.at_end = False
        self.last_line_begun_at = 0.0

    @property
    def draft(self) -> str:
        """See :class:`LineInput`; half a line stays where it comes from."""
        return ""

    def readline(self) -> str:
        """See :class:`LineInput`. A line counts as begun when its first byte came, but not before it was asked for."""
        line = self._take(plain_text(self._prompt.text()), lambda: self._commands.has_command)
        if line is None:
            return "" if self.at_end else "\n"
        return line + "\n"

    def ask(self, question: str, *, completer: Completer | None = None, default: str = "") -> str | None:
        """See :class:`LineInput`; nothing is completed here."""
        line = self._take(f"{question}[{default}] " if default else question, lambda: self._commands.has_interrupt)
        return default if line == "" else line

    def interrupt_with(self, command: str) -> None:
        """See :class:`LineInput`."""
        self._commands.interrupt_with(command)
        self._main.wake()

    def _take(self, prompt: str, is_interrupted: Callable[[], bool]) -> str | None:
        self._main.catch_up()
        if is_interrupted():
            return None
        if self._is_typed:
            print(prompt, end="", flush=True)
        asked_at = time.monotonic()
        self._lines.start()
        self._main.wait_until(lambda: self._lines.is_ready or is_interrupted())
        if is_interrupted():
            return None
        taken = self._lines.take()
        if taken is None:
            self.at_end = True
            return None
        line, came_at = taken
        self.last_line_begun_at = max(came_at, asked_at)
        return line
