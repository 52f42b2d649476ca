"""The suite of themes notices what breaks the contract."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pytest
from tests.support.inner_runs import failures

from ud2p.contracts import Line, Span, ThemeInfo
from ud2p.plain_theme import PlainTheme
from ud2p.screen import OwnMessage, PeerMessage, ScreenEvent
from ud2p.testing import ThemeConformance

pytest_plugins = ["pytester"]


class Prints(PlainTheme):
    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        print("rendering")
        return super().render(event, width)


class OpensAFile(PlainTheme):
    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        with open(os.devnull) as file:
            file.read()
        return super().render(event, width)


class ReturnsEscapeCodes(PlainTheme):
    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[Span]]:
        return [[(f"\x1b[31m{event.text.split(chr(10))[0][:20]} < {event.peer[:9]}\x1b[0m", "")]]


class TooWide(PlainTheme):
    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[Span]]:
        return [[(f"{event.peer} > ", "bold"), (event.text.replace("\n", " ").replace("\t", " "), "")]]


class CountsCharacters(PlainTheme):
    """Takes every character for one column."""

    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[Span]]:
        text = f"{event.peer} > {event.text}".replace("\n", " ").replace("\t", " ")
        return [[(text[at : at + width], "")] for at in range(0, len(text), width)]


class NoSuchStyle(PlainTheme):
    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[Span]]:
        return [[(text, "blinking") for text, _ in line] for line in super().show_peer_message(event, width)]


class LetsPeersWriteLines(PlainTheme):
    """Shows the lines of a message as they are."""

    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[Span]]:
        if not event.text.isascii() or max(map(len, event.text.expandtabs().split("\n"))) > width - 20:
            return [[("too long", ""), (f" < {event.peer[:8]}", "")]]
        return [*([(line, "")] for line in event.text.expandtabs().split("\n")), [(f" < {event.peer[:8]}", "")]]


class ColoursOnly(PlainTheme):
    """Who speaks is told by the colour alone."""

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        if isinstance(event, OwnMessage):
            return [[("zqzq wyvern", "red")]]
        if isinstance(event, PeerMessage):
            return [[("zqzq wyvern", "cyan")]]
        return None


class HidesTheSender(PlainTheme):
    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[Span]]:
        return [[(">> ", "")], [("zqzq", "")]]


class Remembers(PlainTheme):
    """Numbers what it shows."""

    def __init__(self) -> None:
        self.count = 0

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        self.count += 1
        if isinstance(event, PeerMessage):
            return [[(f"{self.count % 10} {event.peer[:9]}", "")]]
        return super().render(event, width)


class AsksTheEnvironment(PlainTheme):
    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        return super().render(event, 40 if os.environ.get("TERM") == "dumb" else width)


class Raises(PlainTheme):
    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        if isinstance(event, PeerMessage) and "\n" in event.text:
            raise KeyError(event.text)
        return super().render(event, width)


class ReturnsText(PlainTheme):
    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        return str(event)  # type: ignore[return-value]


class Writes(PlainTheme):
    """Past Python's own streams."""

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        os.write(2, b"rendering")
        sys.stderr.flush()
        return super().render(event, width)


BROKEN: list[tuple[type[PlainTheme], str]] = [
    (Prints, "test_render_reads_and_writes_nothing"),
    (Writes, "test_render_reads_and_writes_nothing"),
    (OpensAFile, "test_render_reads_and_writes_nothing"),
    (ReturnsEscapeCodes, "test_a_session_fits"),
    (TooWide, "test_a_session_fits"),
    (TooWide, "test_hostile_text_everywhere_is_harmless_and_fits"),
    (CountsCharacters, "test_wide_characters_fit"),
    (NoSuchStyle, "test_a_session_fits"),
    (LetsPeersWriteLines, "test_a_peer_can_not_write_a_line_of_ones_own"),
    (ColoursOnly, "test_without_colours_it_can_be_told_who_speaks"),
    (HidesTheSender, "test_a_message_shows_whose_it_is_and_what_it_says"),
    (Remembers, "test_render_does_not_depend_on_what_came_before"),
    (AsksTheEnvironment, "test_render_does_not_depend_on_the_terminal"),
    (Raises, "test_a_session_fits"),
    (ReturnsText, "test_every_event_is_answered_with_lines_or_none"),
]


@pytest.mark.parametrize(("make", "test"), BROKEN)
def test_a_theme_that_breaks_its_contract_fails(pytester: pytest.Pytester, make: type[PlainTheme], test: str) -> None:
    failed = failures(pytester, ThemeConformance, ThemeInfo("broken", make, "broken"), only=test)
    assert failed == {test}


def test_a_theme_with_words_and_a_form_of_its_own_passes(pytester: pytest.Pytester) -> None:
    """The suite holds any theme; what ud2p's own look like is no part of it."""
    info = ThemeInfo("irc", Irc, "nothing like ud2p's own")
    assert failures(pytester, ThemeConformance, info) == set()


class Irc:
    """Shows messages with the names first, and leaves everything else to the plain theme."""

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        from ud2p.theme_kit import hang

        if isinstance(event, PeerMessage):
            return hang([(f"<{event.peer}> ", "bold cyan")], [(event.text, "")], width)
        if isinstance(event, OwnMessage):
            return hang([(">>> ", "bold green")], [(event.text, "" if event.delivered else "dim")], width)
        return None
