"""What the shell shows of events, without a terminal: lines of text, and spans with their styles."""

from __future__ import annotations

from collections.abc import Iterable

from ud2p.contracts import Line, Span, Theme
from ud2p.rendering import safe_render
from ud2p.screen import ScreenEvent


def plain_text(lines: Iterable[Line]) -> str:
    """Lines without their styles, as a terminal without colours shows them."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


class Terminal:
    """Shows events through a theme, as the shell does: the gate before it, a check of what it returns behind it."""

    def __init__(self, theme: Theme | None = None, width: int = 80) -> None:
        """
        :param theme: None is the plain theme
        :param width: columns
        """
        self.theme = theme
        self.width = width
        self.styled_lines: list[list[Span]] = []
        """Everything shown so far: a list of (text, style) for each line."""

    def show(self, event: ScreenEvent) -> list[str]:
        """Show an event; gives its lines, without their styles.

        :raises AssertionError: the theme raised, or answered with what can't be shown
        """
        rendered = safe_render(self.theme, event, self.width)
        assert not rendered.problem, f"the theme can't show {type(event).__name__}: {rendered.problem}"
        self.styled_lines += [list(line) for line in rendered.lines]
        return [plain_text([line]) for line in rendered.lines]

    @property
    def lines(self) -> list[str]:
        """Everything shown so far, without styles."""
        return [plain_text([line]) for line in self.styled_lines]

    @property
    def text(self) -> str:
        """Everything shown so far, in one piece."""
        return "\n".join(self.lines)

    def styles_of(self, text: str) -> set[str]:
        """The styles of the spans that hold ``text``."""
        return {style for line in self.styled_lines for span, style in line if text in span}
