from __future__ import annotations

import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from prompt_toolkit.formatted_text import FormattedText, fragment_list_to_text
from prompt_toolkit.styles import DEFAULT_ATTRS, Style

from ud2p.contracts import Line
from ud2p.plain_theme import PlainTheme
from ud2p.plain_words import STYLES
from ud2p.rendering import COLOURS, STYLE_WORDS, safe_render
from ud2p.screen import ScreenEvent
from ud2p.testing.screen_events import hostile_events
from ud2p.testing.terminal import plain_text
from ud2p_shell.paint import paint, to_formatted_text, wants_colour

LINES: list[Line] = [[("You", "red"), (" > ", "grey"), ("sho", "")], [], [("bob", "bold white"), ("", "red")]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Coloured(PlainTheme):
    """The plain theme in the usual colours."""

    styles = STYLES


def test_colours() -> None:
    assert paint(LINES, colour=True) == "\x1b[31mYou\x1b[0m\x1b[90m > \x1b[0msho\n\n\x1b[1;97mbob\x1b[0m"


def test_no_colours() -> None:
    assert paint(LINES, colour=False) == "You > sho\n\nbob"
    assert paint([], colour=True) == ""


@pytest.mark.parametrize("word", sorted(STYLE_WORDS | COLOURS))
def test_every_style_can_be_painted(word: str) -> None:
    assert paint([[("x", word)]], colour=True) not in ("x", "")
    ((style, text),) = to_formatted_text([("x", word)], colour=True)
    assert text == "x"
    assert Style([]).get_attrs_for_style_str(style) != DEFAULT_ATTRS


def test_prompts_for_the_line_editor() -> None:
    coloured = [("fg:ansired", "You"), ("fg:ansibrightblack", " > "), ("", "sho")]
    assert to_formatted_text(LINES[0], colour=True) == coloured
    assert to_formatted_text(LINES[0], colour=False) == [("", "You"), ("", " > "), ("", "sho")]
    assert fragment_list_to_text(FormattedText(coloured)) == "You > sho"


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "0"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_who_wants_colours(environ: dict[str, str], colour: bool) -> None:
    assert wants_colour(Terminal(), environ) is colour
    assert wants_colour(io.StringIO(), environ) is False


def test_a_closed_stream_wants_none() -> None:
    stream = Terminal()
    stream.close()
    assert wants_colour(stream, {}) is False


@given(hostile_events)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_escape_codes_are_the_painters_alone(event: ScreenEvent) -> None:
    lines = safe_render(Coloured(), event, 80).lines
    assert paint(lines, colour=False) == plain_text(lines)
    assert not set("\x1b\x9b\r\x07\t").intersection(paint(lines, colour=False))
    assert re.sub(r"\x1b\[[0-9;]+m", "", paint(lines, colour=True)) == plain_text(lines)
