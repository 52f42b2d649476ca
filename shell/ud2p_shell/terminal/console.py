"""The room itself: one terminal, or pipes, made ready for shells, and left as it was found.

::

    with Console() as console, LoopThread(console.main) as network:
        print(banner)                              # prompt_toolkit is not imported yet
        Menu(console, network).run()               # a LineShell

Inside, ``sys.stdout`` (and ``sys.stderr``, where it is the same terminal) print whole lines, above an open prompt. At
the end, and whatever ends it (an error, SIGTERM, SIGHUP), the terminal is as it was.

Windows: no terminal modes to set, no SIGHUP and no SIGTSTP; the rest is prompt_toolkit's Windows console.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from ud2p_shell.terminal.line_input import LineInput, PlainInput, StdinLines
from ud2p_shell.terminal.line_output import LineOutput
from ud2p_shell.terminal.main_thread import MainThread, print_sentence
from ud2p_shell.terminal.modes import TerminalModes, is_terminal
from ud2p_shell.terminal.progress import ProgressBoard, TransferProgress
from ud2p_shell.terminal.prompt import Fragments, Prompt, ShowFragments, Terminated
from ud2p_shell.terminal.prompt_input import OpenPrompt, PromptInput
from ud2p_shell.terminal.raw_writer import RawWriter
from ud2p_shell.terminal.signals import SignalHandlers

if TYPE_CHECKING:
    from ud2p_shell.terminal.line_editor import LineEditor, Surroundings


class Console:
    """A terminal or pipes. A context manager, used once; everything but what says otherwise is for the main thread."""

    def __init__(self, *, plain: bool = False, report: Callable[[BaseException], None] = print_sentence) -> None:
        """
        :param plain: lines in, lines out, even in a terminal
        :param report: told of errors in posted calls and in a prompt's callables, on the main thread
        """
        # Any of them is None in a program that was started without it (``ud2p <&-``).
        self._stdin: TextIO | None = sys.stdin
        self._stdout: TextIO | None = sys.stdout
        self._stderr: TextIO | None = sys.stderr
        self.is_interactive = not plain and is_terminal(self._stdin, self._stdout)
        """Whether there are prompts, colours and bars; else no escape sequence is ever written."""
        self.main = MainThread(report)
        """Where others post what must happen on the screen."""
        self.styles: dict[str, str] = {"bottom-toolbar": "noreverse"}
        """prompt_toolkit's style rules for prompts and toolbar; may be replaced at any time. The toolbar is as wide as
        its text: a bar of colour across the window is broken in two, and stays, where a terminal becomes narrower."""
        self._writer = RawWriter(self._stdout, self._output_gone)
        self._output = LineOutput(self._writer)
        self._modes = TerminalModes(_fileno(self._stdin), self._writer.write)
        self._signals = SignalHandlers(self.main.handle_sigint, self._terminate, self._suspend)
        self._lines = StdinLines(_fileno(self._stdin), self.main)
        self._screen = OpenPrompt(self._make_editor, self.main)
        self._board = ProgressBoard(self.invalidate, lambda: self.columns, self.is_interactive)
        self._around: Surroundings | None = None

    def __enter__(self) -> Console:
        if self.is_interactive:
            self._modes.enter()
        sys.stdout = self._output
        is_same = self.is_interactive and is_terminal(self._stderr)
        sys.stderr = self._output if is_same else LineOutput(RawWriter(self._stderr))
        self._signals.install()
        atexit.register(self.close)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Put everything back. May be called twice."""
        self._signals.restore()
        for name, before in (("stdout", self._stdout), ("stderr", self._stderr)):
            stream = getattr(sys, name)
            if isinstance(stream, LineOutput):
                stream.close()
                setattr(sys, name, before)
        self._modes.leave()
        atexit.unregister(self.close)

    @property
    def columns(self) -> int:
        """The width of the terminal now; without one, what ``COLUMNS`` says, or 80."""
        try:
            return os.get_terminal_size(self._writer.fileno()).columns or 80
        except (OSError, ValueError):
            return shutil.get_terminal_size().columns

    def line_input(self, prompt: Prompt, cmdqueue: list[str]) -> LineInput:
        """Lines for one shell.

        :param prompt: what its prompt looks like and does
        :param cmdqueue: the shell's own queue (``cmd.Cmd.cmdqueue``)
        """
        if self.is_interactive:
            return PromptInput(prompt, self._screen, cmdqueue)
        is_typed = self._stdin is not None and self._stdin.isatty()
        return PlainInput(prompt, self._lines, self.main, cmdqueue, is_typed)

    def progress(self, title: str, *, leave: bool = True) -> TransferProgress:
        """A bar for one transfer (a :class:`ud2p.contracts.Progress`, for any thread), drawn in the toolbar while a
        prompt is open; without a terminal, plain tqdm on stderr.

        :param title: what stands before the bar; may come from others
        :param leave: print the finished bar above the prompt
        """
        return self._board.bar(title, leave=leave)

    def invalidate(self) -> None:
        """From any thread: something that the prompt or the toolbar shows has changed; draw it again."""
        editor = self._screen.editor
        if editor is not None:
            editor.invalidate()

    def _make_editor(self, prompt: Prompt) -> LineEditor:
        from ud2p_shell.terminal.devices import Devices
        from ud2p_shell.terminal.line_editor import LineEditor, Surroundings

        if self._around is None:
            assert self._stdin is not None  # a terminal
            self._modes.allow_escapes()
            self._around = Surroundings(
                devices=Devices.of_terminal(self._stdin, self._writer),
                output=self._output,
                main=self.main,
                toolbar=self._toolbar,
                styles=lambda: self.styles,
                is_ticking=lambda: self._board.is_running,
            )
        return LineEditor(prompt, self._around)

    def _toolbar(self, show: ShowFragments) -> Fragments:
        """The bars, each on a line, above what the prompt says."""
        bars: Fragments = [("class:progress", row + "\n") for row in self._board.rows()]
        status = show()
        if bars and not status:
            style, last = bars[-1]
            bars[-1] = (style, last.removesuffix("\n"))
        return bars + status

    def _terminate(self, exit_code: int) -> bool:
        editor = self._screen.editor
        return editor is not None and editor.finish(Terminated(exit_code))

    def _suspend(self, stop: Callable[[], None]) -> None:
        editor = self._screen.editor
        if editor is None or not editor.run_above(lambda: self._modes.suspend(stop)):
            self._modes.suspend(stop)

    def _output_gone(self) -> None:
        self._lines.end()


def _fileno(stream: TextIO | None) -> int:
    try:
        return -1 if stream is None else stream.fileno()
    except (OSError, ValueError):  # a stand-in without a descriptor, or a closed stream
        return -1
