"""Markdown as far as tests ask of it: headings, tables, code blocks, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CELL = re.compile(r"(?<!\\)\|")
_WORD = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Page:
    """A page, or a part of one, as written."""

    text: str

    @classmethod
    def read(cls, name: str) -> Page:
        """A file of the repository."""
        return cls((ROOT / name).read_text(encoding="utf-8"))

    @cached_property
    def prose(self) -> str:
        """Everything but the code blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        """The code blocks in a language, empty for those that name none."""
        return [body for name, body in _FENCE.findall(self.text) if name == language]

    @property
    def headings(self) -> list[str]:
        """All of them, whatever their level."""
        return [title for _, title in _HEADING.findall(self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What ``#...`` may name, as GitHub makes it of headings."""
        kept = (re.sub(r"[^\w\- ]", "", _plain(title).lower()) for title in self.headings)
        return {title.replace(" ", "-") for title in kept}

    @property
    def links(self) -> list[str]:
        """The targets of links and pictures."""
        return _LINK.findall(self.prose)

    def words(self) -> list[str]:
        """What stands in backticks."""
        return _WORD.findall(self.prose)

    def section(self, title: str) -> Page:
        """What stands below a heading, up to the next one of its level."""
        marks = next(marks for marks, found in _HEADING.findall(self.prose) if found == title)
        _, below = self.text.split(f"{marks} {title}\n", 1)
        end = re.search(rf"^#{{1,{len(marks)}}} ", _FENCE.sub(_blank, below), re.MULTILINE)
        return Page(below[: end.start()] if end else below)

    def tables(self) -> Iterator[list[list[str]]]:
        """The rows of each table, its head first."""
        rows: list[list[str]] = []
        for line in [*self.prose.splitlines(), ""]:
            if line.startswith("|"):
                rows.append([cell.strip() for cell in _CELL.split(line)[1:-1]])
            elif rows:
                yield [row for row in rows if set("".join(row)) - {"-"} or not "".join(row)]
                rows = []

    def table(self, *head: str) -> list[list[str]]:
        """The rows of the one table with this head, without it."""
        (found,) = [rows[1:] for rows in self.tables() if rows[0] == list(head)]
        return found


def bare(cell: str) -> str:
    """A cell without backticks."""
    return cell.strip("`")


def in_backticks(cell: str) -> list[str]:
    """All that stands in backticks."""
    return _WORD.findall(cell)


def _plain(title: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")


def _blank(block: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", block[0])
