"""Questions that wait for a y or an n, or for a file's ``into FOLDER``: one at a time, the others in line behind it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p.errors import UsageError

if TYPE_CHECKING:
    from ud2p.screen import ScreenEvent

INTO = "into "


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the user may say yes or no to."""

    key: Hashable
    """What it is about; the same key withdraws it."""
    peer: str
    """Who asked."""
    show: Callable[[], ScreenEvent]
    """The question, as it stands when it is shown."""
    answer: Callable[[bool, str], None]
    """Called with the answer, and with the reason that was given for a no."""
    expires_at: float | None = None
    """``time.monotonic()`` after which it can't be answered."""
    into: Callable[[Path], None] | None = None
    """Says yes to a file, into a folder; None where the question is no file's."""


class Questions:
    """The line of questions. For the main thread."""

    def __init__(self, show: Callable[[ScreenEvent], None]) -> None:
        self._show = show
        self._waiting: list[Question] = []
        self._shown_at = 0.0

    @property
    def current(self) -> Question | None:
        """The one that was shown and not answered."""
        return self._waiting[0] if self._waiting else None

    def ask(self, question: Question) -> None:
        """Show the question, now or when those before it are answered."""
        self._waiting.append(question)
        if len(self._waiting) == 1:
            self._show_current()

    def withdraw(self, key: Hashable) -> bool:
        """Take a question back.

        :returns: whether it was still open
        """
        index = next((i for i, question in enumerate(self._waiting) if question.key == key), None)
        if index is None:
            return False
        self._remove(index)
        return True

    def is_answer(self, line: str, begun_at: float) -> bool:
        """Whether a line answers the question: it is exactly y or n, or begins with *into* where that is an answer, and
        was begun after the question appeared."""
        if not self._waiting or begun_at <= self._shown_at:
            return False
        word = line.strip().casefold()
        return word in ("y", "n") or (word.startswith(INTO) and self._waiting[0].into is not None)

    def answer_line(self, line: str) -> None:
        """Take a line that is an answer.

        :raises UsageError: it names a folder that is none; the question stays
        """
        word = line.strip()
        if not word.casefold().startswith(INTO):
            self._take(0).answer(word.casefold() == "y", "")
            return
        folder = folder_of(word[len(INTO) :].strip())
        into = self._take(0).into
        assert into is not None, "is_answer said so"
        into(folder)

    def answer(self, peer: str, yes: bool, reason: str = "") -> bool:
        """Answer the question of ``peer``, or the one shown when ``peer`` is empty.

        :returns: whether there was one
        """
        wanted = peer.casefold()
        index = next((i for i, q in enumerate(self._waiting) if not wanted or q.peer.casefold() == wanted), None)
        if index is None:
            return False
        self._take(index).answer(yes, reason)
        return True

    def _take(self, index: int) -> Question:
        question = self._waiting[index]
        self._remove(index)
        return question

    def _remove(self, index: int) -> None:
        del self._waiting[index]
        if index == 0 and self._waiting:
            self._show_current()

    def _show_current(self) -> None:
        self._shown_at = time.monotonic()
        self._show(self._waiting[0].show())


def folder_of(path: str) -> Path:
    """A folder that the user named, made absolute; ``~`` is their own.

    :raises UsageError: there is none
    """
    folder = Path(os.path.expanduser(path)).absolute()
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; make it, or name another one")
    return folder
