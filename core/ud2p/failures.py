"""Introductions that came to nothing: somebody in between has one guess at the words in each, so they are counted.

Three in a row with one name, and this side takes no further one without asking its user. An introduction that opens a
chat starts the count anew.
"""

from __future__ import annotations

MAX_FAILED_INTRODUCTIONS = 3
MAX_COUNTED_NAMES = 1000


class FailedIntroductions:
    """How many in a row, by name."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def failed(self, name: str) -> None:
        """An introduction was made, and no chat came of it that this side had not left itself."""
        key = name.casefold()
        self._counts[key] = self._counts.pop(key, 0) + 1  # The last one to fail stands last.
        if len(self._counts) > MAX_COUNTED_NAMES:
            del self._counts[next(iter(self._counts))]

    def opened(self, name: str) -> None:
        """A chat was opened."""
        self._counts.pop(name.casefold(), None)

    def in_a_row(self, name: str) -> int:
        """How many failed since the last chat."""
        return self._counts.get(name.casefold(), 0)

    def must_ask(self, name: str) -> bool:
        """Whether only the user may say that there is to be another one."""
        return self.in_a_row(name) >= MAX_FAILED_INTRODUCTIONS
