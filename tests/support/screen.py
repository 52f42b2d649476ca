"""pyte's terminal screen, without what it gets wrong: what follows a joiner or an emoji's selector is dropped there, a
wide character in the last column is not wrapped, and a smaller window loses lines."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import pyte
from pyte import modes
from wcwidth import wcwidth

HISTORY_LINES = 20_000


class Screen(pyte.HistoryScreen):
    """What a person sees. Every code point has the width that wcwidth gives it; those of no width hang on the cell
    before."""

    def __init__(self, columns: int, rows: int) -> None:
        self._scrolled: list[str] = []
        super().__init__(columns, rows, history=HISTORY_LINES)

    def draw(self, data: str) -> None:
        """Put text where the cursor is."""
        for character in data:
            width = wcwidth(character)
            if width > 0:
                self._put(character, width)
            elif width == 0:
                self._hang(character)
        self.dirty.add(self.cursor.y)

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Another size. Rows below the cursor go first, then rows at the top scroll off; longer lines are cut."""
        lines = lines or self.lines
        for _ in range(self.cursor.y + 1 - lines):
            self.history.top.append(self.buffer[0])
            for row in range(self.lines - 1):
                self.buffer[row] = self.buffer[row + 1]
            self.buffer.pop(self.lines - 1, None)
            self.cursor.y -= 1
        for row in range(lines, self.lines):
            self.buffer.pop(row, None)
        self.lines = lines  # the rest has nothing left to drop
        super().resize(lines, columns)
        self.ensure_hbounds()

    @property
    def rows(self) -> list[str]:
        """The visible rows, right-stripped."""
        return [row_text(self.buffer[row]) for row in range(self.lines)]

    @property
    def transcript(self) -> list[str]:
        """What scrolled off the top and the visible rows, without the empty ones at the bottom."""
        top = self.history.top
        assert len(top) < HISTORY_LINES, "more lines than are kept"
        if len(top) < len(self._scrolled):  # the history was erased
            self._scrolled.clear()
        self._scrolled += [row_text(line) for line in islice(top, len(self._scrolled), None)]
        lines = self._scrolled + self.rows
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _put(self, character: str, width: int) -> None:
        if self.cursor.x + width > self.columns:
            if modes.DECAWM in self.mode:
                self.carriage_return()
                self.linefeed()
            else:
                self.cursor.x = max(self.columns - width, 0)
        line = self.buffer[self.cursor.y]
        line[self.cursor.x] = self.cursor.attrs._replace(data=character)
        for column in range(self.cursor.x + 1, self.cursor.x + width):
            line[column] = self.cursor.attrs._replace(data="")
        self.cursor.x += width

    def _hang(self, character: str) -> None:
        line = self.buffer[self.cursor.y]
        column = self.cursor.x - 1
        while column > 0 and not line[column].data:
            column -= 1
        if column >= 0:
            line[column] = line[column]._replace(data=line[column].data + character)


def row_text(line: Mapping[int, Any]) -> str:
    """The characters of one row, right-stripped. (The second cell of a wide character holds nothing.)"""
    return "".join(line[column].data if column in line else " " for column in range(max(line, default=-1) + 1)).rstrip()
