"""A shell's lines from a terminal: a prompt with history, completion, a status bar, and nothing typed lost.

prompt_toolkit is imported when the first prompt opens (0.1 s), so that whatever the shell prints first is on the
screen before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ud2p_shell.terminal.completion import Completer
from ud2p_shell.terminal.line_input import CommandQueue
from ud2p_shell.terminal.main_thread import MainThread
from ud2p_shell.terminal.prompt import Cancelled, Entered, HungUp, Interrupted, Outcome, Prompt, Terminated

if TYPE_CHECKING:
    from ud2p_shell.terminal.line_editor import Draft, LineEditor


class OpenPrompt:
    """Which prompt is on the screen, for those that must reach it from elsewhere."""

    def __init__(self, make: Callable[[Prompt], LineEditor], main: MainThread) -> None:
        """
        :param make: makes an editor; the first call imports prompt_toolkit
        """
        self.make = make
        self.main = main
        self.editor: LineEditor | None = None
        self.owner: object = None
        self.has_hung_up = False

    def read(
        self, owner: object, editor: LineEditor, draft: Draft, is_interrupted: Callable[[], bool]
    ) -> tuple[Outcome, Draft]:
        """Run an editor; errors and exits that concern the whole program are raised here.

        :raises KeyboardInterrupt: Ctrl-C on an empty line
        :raises SystemExit: a signal asks the program to end
        """
        self.owner, self.editor = owner, editor
        try:
            outcome, left = editor.read(draft, is_interrupted)
        finally:
            self.owner = self.editor = None
        if isinstance(outcome, Cancelled):
            raise KeyboardInterrupt
        if isinstance(outcome, Terminated):
            raise SystemExit(outcome.exit_code)
        self.has_hung_up = isinstance(outcome, HungUp)
        return outcome, left

    def interrupt(self, owner: object) -> None:
        """From any thread: take the owner's prompt away, if it is open."""
        editor = self.editor
        if editor is not None and self.owner is owner:
            editor.finish(Interrupted())
        self.main.wake()


class PromptInput:
    """See :class:`ud2p_shell.terminal.line_input.LineInput`."""

    def __init__(self, prompt: Prompt, screen: OpenPrompt, cmdqueue: list[str]) -> None:
        """
        :param cmdqueue: the shell's own queue (``cmd.Cmd.cmdqueue``)
        """
        self._prompt = prompt
        self._screen = screen
        self._commands = CommandQueue(cmdqueue)
        self._editor: LineEditor | None = None
        self._draft: Draft | None = None
        self.at_end = False
        self.last_line_begun_at = 0.0

    @property
    def draft(self) -> str:
        """See :class:`LineInput`."""
        return self._draft.document.text if self._draft is not None else ""

    def readline(self) -> str:
        """See :class:`LineInput`."""
        self._screen.main.catch_up()
        self.at_end = self._screen.has_hung_up
        if self.at_end:
            return ""
        if self._commands.has_command:
            return "\n"
        if self._editor is None:
            self._editor = self._screen.make(self._prompt)
        draft, self._draft = self._draft, None
        outcome, self._draft = self._read(self._editor, draft, lambda: self._commands.has_command)
        if isinstance(outcome, Entered):
            return outcome.text + "\n"
        return "\n" if isinstance(outcome, Interrupted) else ""

    def ask(self, question: str, *, completer: Completer | None = None, default: str = "") -> str | None:
        """See :class:`LineInput`. The status bar is the one of this kind of prompt; answers have no history."""
        from prompt_toolkit.document import Document

        from ud2p_shell.terminal.line_editor import Draft

        self._screen.main.catch_up()
        if self._screen.has_hung_up:
            self.at_end = True
            return None
        if self._commands.has_interrupt:
            return None
        prompt = replace(
            self._prompt,
            text=lambda: [("", question)],
            placeholder=list,
            completer=completer,
            history=None,
            erase_when_done=False,
            keep_newlines=False,
        )
        draft = Draft(Document(default))
        outcome, _ = self._read(self._screen.make(prompt), draft, lambda: self._commands.has_interrupt)
        return outcome.text if isinstance(outcome, Entered) else None

    def interrupt_with(self, command: str) -> None:
        """See :class:`LineInput`."""
        self._commands.interrupt_with(command)
        self._screen.interrupt(self)

    def _read(
        self, editor: LineEditor, draft: Draft | None, is_interrupted: Callable[[], bool]
    ) -> tuple[Outcome, Draft]:
        from ud2p_shell.terminal.line_editor import Draft

        outcome, left = self._screen.read(self, editor, draft or Draft(), is_interrupted)
        if isinstance(outcome, Entered):
            self.last_line_begun_at = outcome.begun_at
        self.at_end = not isinstance(outcome, Entered | Interrupted)
        return outcome, left
