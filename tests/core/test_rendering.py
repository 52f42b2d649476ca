from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from ud2p.contracts import Line, Theme
from ud2p.plain_theme import PlainTheme
from ud2p.rendering import Rendered, safe_render
from ud2p.screen import Goodbye, MenuPrompt, PeerMessage, ScreenEvent, StatusBar
from ud2p.testing.terminal import plain_text

HELLO = PeerMessage("bob", "hello")
PLAIN = safe_render(None, HELLO, 80)


class Made:
    """A theme that does what it is told."""

    def __init__(self, render: Callable[[ScreenEvent, int], Any]) -> None:
        self._render = render

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        return cast("Sequence[Line] | None", self._render(event, width))


class UnspeakableError(Exception):
    """An error that can't even be said."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def raising(error: BaseException) -> Theme:
    def render(event: ScreenEvent, width: int) -> None:
        raise error

    return Made(render)


def test_a_good_theme_is_left_alone() -> None:
    theme = Made(lambda event, width: [[("hi ", "bold red"), ("👩‍👩‍👧", "")], []])
    assert safe_render(theme, HELLO, 80) == Rendered(((("hi ", "bold red"), ("👩‍👩‍👧", "")), ()))


def test_none_leaves_it_to_the_plain_theme_and_an_empty_sequence_shows_nothing() -> None:
    assert safe_render(Made(lambda event, width: None), HELLO, 80) == PLAIN
    assert safe_render(Made(lambda event, width: []), HELLO, 80) == Rendered(())
    assert plain_text(PLAIN.lines) == "hello < bob"


@pytest.mark.parametrize(
    "lines",
    [
        itertools.repeat([("x", "")]),
        [[("x" * 3_000_000, "")]],
        [[("x" * 100, "")] * 30_000],
    ],
    ids=["without end", "one long line", "many spans"],
)
def test_more_than_anybody_reads_is_replaced(lines: Any) -> None:
    class Endless:
        def render(self, event: ScreenEvent, width: int) -> Any:
            return lines

    rendered = safe_render(Endless(), PeerMessage("bob", "hi"), 80)
    assert rendered.problem == "ValueError: that is more than anybody reads"
    assert rendered.lines == safe_render(None, PeerMessage("bob", "hi"), 80).lines


def test_an_event_that_a_theme_has_changed_passes_the_gate_again() -> None:
    class Changing:
        def render(self, event: ScreenEvent, width: int) -> None:
            object.__setattr__(event, "text", "\x1b[2J")

    assert plain_text(safe_render(Changing(), PeerMessage("bob", "hi"), 80).lines) == "\\x1b[2J < bob"


def test_the_longest_message_is_not_too_long() -> None:
    event = PeerMessage("bob", "x\n" * 32_000)
    assert not safe_render(PlainTheme(), event, 40).problem


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a\x1b[31mb"), "ValueError: a\\x1b[31mb"),
        (KeyError(), "KeyError"),
        (SystemExit(1), "SystemExit: 1"),
        (RecursionError("too deep"), "RecursionError: too deep"),
        (UnspeakableError(), "UnspeakableError"),
    ],
)
def test_a_theme_that_raises_is_told_and_replaced(error: BaseException, said: str) -> None:
    assert safe_render(raising(error), HELLO, 80) == Rendered(PLAIN.lines, said)


def test_ctrl_c_is_not_the_themes() -> None:
    with pytest.raises(KeyboardInterrupt):
        safe_render(raising(KeyboardInterrupt()), HELLO, 80)


@pytest.mark.parametrize(
    "returned",
    [
        "a string",
        42,
        [["not a span"]],
        [[("text", "style", "more")]],
        [[("text", None)]],
        [[(b"bytes", "")]],
        [[("text", "blinking")]],
        [[("text", "red blue")]],
        [[("\x1b[31mred\x1b[0m", "")]],
        [[("two\nlines", "")]],
        [[("a\ttab", "")]],
        [[("\x9b2J", "")]],
        [[("\u202etxt.exe", "")]],
        [[("\ud800", "")]],
        [[("fine", "")], [("a\rb", "")]],
    ],
)
def test_nonsense_and_escape_codes_are_replaced(returned: object) -> None:
    rendered = safe_render(Made(lambda event, width: returned), HELLO, 80)
    assert rendered.lines == PLAIN.lines
    assert rendered.problem


def test_a_theme_cannot_undo_the_gate() -> None:
    """One that turns ``\\x1b`` back into the character is stopped on its way out."""

    def render(event: ScreenEvent, width: int) -> list[Line]:
        assert isinstance(event, PeerMessage)
        return [[(event.text.replace("\\x1b", "\x1b"), "")]]

    rendered = safe_render(Made(render), PeerMessage("bob", "\x1b[2J"), 80)
    assert plain_text(rendered.lines) == "\\x1b[2J < bob"
    assert "escape codes" in rendered.problem


@pytest.mark.parametrize("lines", [[], [[]], [[("prompt>", "")]], [[("two", "")], [("lines> ", "")]]])
def test_prompts_are_one_line_that_ends_with_a_space(lines: list[Line]) -> None:
    rendered = safe_render(Made(lambda event, width: lines), MenuPrompt(True), 80)
    assert plain_text(rendered.lines) == "ud2p> "
    assert rendered.problem


def test_the_status_bar_is_one_line() -> None:
    bar = StatusBar("alice", True, True, "h:1")
    assert safe_render(Made(lambda event, width: [[("a", "")], [("b", "")]]), bar, 80).problem
    assert not safe_render(Made(lambda event, width: []), bar, 80).problem


@pytest.mark.parametrize(("columns", "asked"), [(0, 40), (39, 40), (80, 80), (301, 300), (sys.maxsize, 300)])
def test_widths_out_of_range_are_not_asked_for(columns: int, asked: int) -> None:
    widths: list[int] = []

    def render(event: ScreenEvent, width: int) -> list[Line]:
        widths.append(width)
        return []

    safe_render(Made(render), HELLO, columns)
    assert widths == [asked]


def test_the_event_passes_the_gate() -> None:
    events: list[ScreenEvent] = []

    def render(event: ScreenEvent, width: int) -> list[Line]:
        events.append(event)
        return []

    safe_render(Made(render), PeerMessage("b\x1bob", "\u202e"), 80)
    assert events == [PeerMessage("b\\x1bob", "\\u202e")]
    assert safe_render(PlainTheme(), Goodbye(), 80) == safe_render(None, Goodbye(), 80)
