"""A theme, kept from doing harm: what it returns is checked, and another theme stands in for it.

Themes come from anybody. One that raises, returns nonsense, or lets a control character through must neither break the
shell nor reach the terminal.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.faults import describe
from ud2p.plain_theme import PlainTheme

if TYPE_CHECKING:
    from ud2p.contracts import Line, Theme
    from ud2p.screen import ScreenEvent

MIN_WIDTH, MAX_WIDTH = 40, 300
"""The columns that themes are asked for; a terminal that is narrower wraps, one that is wider stays partly empty."""

MAX_LINES, MAX_CHARACTERS = 100_000, 2_000_000
"""For one event: the longest message, a character a line, still fits."""

STYLE_WORDS = frozenset(["bold", "dim", "italic", "underline", "reverse"])
COLOURS = frozenset(["red", "green", "yellow", "blue", "magenta", "cyan", "white", "grey"])

_ACTED_ON = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT_FORMATS = frozenset("\u200c\u200d")  # the gate has decided where these may stand
_FLAG_TAGS = range(0xE0020, 0xE0080)  # and these


@dataclass(frozen=True, slots=True)
class Rendered:
    """An event as lines that are safe to print."""

    lines: tuple[Line, ...]
    problem: str = ""
    """What was wrong with the theme, if another had to stand in; to be named once, with the theme's name."""


def safe_render(theme: Theme | None, event: ScreenEvent, width: int, stand_in: Theme | None = None) -> Rendered:
    """What ``theme`` makes of ``event``, or what another theme makes of it where that can't be used.

    :param theme: None for the plain theme
    :param event: may hold text as others sent it; it goes through the gate here
    :param width: the terminal's columns
    :param stand_in: shows what ``theme`` fails to show; the plain theme does where this fails too
    """
    event = screen.gated(event)
    width = min(max(width, MIN_WIDTH), MAX_WIDTH)
    problem = ""
    for each in filter(None, (theme, stand_in if theme is not None else None)):
        try:
            lines = each.render(event, width)
            if lines is None:
                break
            return Rendered(_checked(event, lines), problem)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a theme may raise whatever it likes
            problem = problem or describe(error)
    if theme is not None:  # which may have changed even what is frozen
        event = screen.gated(event)
    return Rendered(tuple(map(tuple, PlainTheme().render(event, width) or ())), problem)


def _checked(event: ScreenEvent, lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, if they keep the contract.

    :raises ValueError: says what they break
    """
    checked = tuple(_checked_line(line) for line in islice(lines, MAX_LINES + 1))
    if len(checked) > MAX_LINES or sum(len(text) for line in checked for text, _ in line) > MAX_CHARACTERS:
        raise ValueError("that is more than anybody reads")
    if isinstance(event, screen.PROMPT_TYPES):
        if len(checked) != 1 or not checked[0] or not checked[0][-1][0].endswith(" "):
            raise ValueError(f"the {type(event).__name__} must be one line that ends with a space")
    elif isinstance(event, screen.StatusBar) and len(checked) > 1:
        raise ValueError("the status bar must be one line")
    return checked


def _checked_line(line: Line) -> Line:
    for text, style in line:
        if not isinstance(text, str):
            raise TypeError("a span must be text and its style")
        if not (text.isascii() and text.isprintable()) and any(map(_is_acted_on, text)):
            raise ValueError("a span holds a control character; themes give styles, never escape codes")
        words = style.split()
        if not STYLE_WORDS.union(COLOURS).issuperset(words) or len(COLOURS.intersection(words)) > 1:
            raise ValueError(f"there is no style {style!r}")
    return tuple(line)


def _is_acted_on(character: str) -> bool:
    if unicodedata.category(character) not in _ACTED_ON or character in _KEPT_FORMATS:
        return False
    return ord(character) not in _FLAG_TAGS
