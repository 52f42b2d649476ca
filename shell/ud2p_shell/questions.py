"""Questions that wait for a y or an n: one at a time, the others in line behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ud2p.screen import ScreenEvent


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
        """Whether a line answers the question: it is exactly y or n and was begun after the question appeared."""
        return bool(self._waiting) and line.strip().casefold() in ("y", "n") and begun_at > self._shown_at

    def answer_line(self, line: str) -> None:
        """Take a line that is an answer."""
        self._take(0).answer(line.strip().casefold() == "y", "")

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
