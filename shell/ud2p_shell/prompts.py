"""What stands around the input: prompts, the status bar and the question that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ud2p import screen
from ud2p_shell.terminal import Fragments, plain_text

if TYPE_CHECKING:
    from ud2p_shell.desk import Desk


class PromptTexts:
    """The texts of every prompt, in the theme of the moment."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def prompt(self, event: screen.Prompt) -> Fragments:
        """What stands before the input."""
        return self._desk.stage.fragments(event)

    def text(self, event: screen.Prompt) -> str:
        """The same, without colours."""
        return plain_text(self.prompt(event))

    def status_bar(self) -> Fragments:
        """The row below the input."""
        return self._desk.stage.fragments(self._desk.status_bar())

    def placeholder(self) -> Fragments:
        """What an empty line shows while a question waits."""
        question = self._desk.questions.current
        return [("fg:ansibrightblack", "y / n ?")] if question is not None else []

    def is_ticking(self) -> bool:
        """Whether the status bar shows a countdown."""
        question = self._desk.questions.current
        return question is not None and question.expires_at is not None
