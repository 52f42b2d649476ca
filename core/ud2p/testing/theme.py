"""What every theme must do, whoever made it: subclass :class:`ThemeConformance` and set ``info``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ud2p import screen
from ud2p.contracts import Line, Theme, ThemeInfo
from ud2p.rendering import COLOURS, MAX_WIDTH, MIN_WIDTH, STYLE_WORDS, safe_render
from ud2p.screen import (
    PROMPT_TYPES,
    SCREEN_EVENT_TYPES,
    FileSent,
    OwnMessage,
    PeerMessage,
    ScreenEvent,
    StatusBar,
    StatusShown,
)
from ud2p.testing.audit import watched
from ud2p.testing.extra import hypothesis, pytest
from ud2p.testing.extra import strategies as st
from ud2p.testing.screen_events import HOSTILE_PIECES, SESSION, filled, hostile_events
from ud2p.testing.terminal import plain_text
from ud2p.text import width

HARMLESS_FORMATS = {"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))}
WIDTHS = (40, 41, 59, 60, 79, 80, 120, 300)
WIDE = {
    "ideographs": "中文字かな한글" * 30,
    "emoji": "👩\u200d👩\u200d👧 🏽 🇩🇪 1\ufe0f\u20e3 " * 30,
    "marks": "e\u0301" * 200,
    "mixed": "中" * 19 + "x" * 90 + "中" * 19,
    "right to left": "می\u200cخواهم " * 30,
}
"""Text whose characters take two columns, or none."""

MARK = "zqzq"
"""A word that no theme writes by itself."""


def assert_keeps_the_contract(event: ScreenEvent, lines: Sequence[Line], columns: int) -> None:
    """No line is too wide, holds what a terminal acts on, or has a style that there is not."""
    for line in lines:
        assert width("".join(text for text, _ in line)) <= columns, line
        for text, style in line:
            acted_on = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
            assert acted_on <= HARMLESS_FORMATS, f"{text!r} holds what a terminal acts on"
            words = style.split()
            assert set(words) <= STYLE_WORDS | COLOURS, f"there is no style {style!r}"
            assert len(COLOURS.intersection(words)) <= 1, f"{style!r} has more than one colour"
    if isinstance(event, PROMPT_TYPES):
        assert len(lines) == 1, "a prompt is one line"
        assert lines[0][-1][0].endswith(" "), "a prompt ends with a space"
    if isinstance(event, StatusBar):
        assert len(lines) <= 1, "the status bar is one line"


def shown(theme: Theme, event: ScreenEvent, columns: int) -> Sequence[Line]:
    """What the shell would show, which has to be what the theme said: nothing that the plain theme had to mend."""
    rendered = safe_render(theme, event, columns)
    assert not rendered.problem, f"{type(event).__name__}: {rendered.problem}"
    return rendered.lines


class ThemeConformance:
    """The promises of :class:`ud2p.Theme` and :class:`ud2p.ThemeInfo`."""

    info: ThemeInfo
    """What the plugin registers."""

    def make(self) -> Theme:
        """A theme for one test."""
        return self.info.make()

    @pytest.fixture
    def theme(self) -> Theme:
        """What :meth:`make` makes."""
        return self.make()

    def test_the_info_can_be_registered(self) -> None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.info.name)
        assert self.info.summary
        assert self.info.make() is not None

    @pytest.mark.parametrize("columns", WIDTHS)
    def test_a_session_fits(self, theme: Theme, columns: int) -> None:
        for event in SESSION:
            assert_keeps_the_contract(event, shown(theme, event, columns), columns)

    def test_every_event_is_answered_with_lines_or_none(self, theme: Theme) -> None:
        for event in SESSION:
            answer = theme.render(screen.gated(event), 80)
            assert answer is None or not isinstance(answer, (str, bytes)), f"{type(event).__name__}: no lines"
            for line in answer or ():
                assert all(len(span) == 2 for span in line), f"{type(event).__name__}: a span is text and its style"

    @pytest.mark.parametrize("text", WIDE.values(), ids=WIDE)
    @pytest.mark.parametrize("columns", WIDTHS)
    def test_wide_characters_fit(self, theme: Theme, columns: int, text: str) -> None:
        for event in (PeerMessage("bob", text), OwnMessage(text, True), FileSent(text, 1, 1.0, text)):
            assert_keeps_the_contract(event, shown(theme, event, columns), columns)

    @pytest.mark.parametrize("columns", [40, 80, 300])
    def test_hostile_text_everywhere_is_harmless_and_fits(self, theme: Theme, columns: int) -> None:
        for kind in SCREEN_EVENT_TYPES:
            for text in ("", "".join(HOSTILE_PIECES), " ".join(HOSTILE_PIECES) * 2, "x" * 700):
                event = filled(kind, text)
                assert_keeps_the_contract(event, shown(theme, event, columns), columns)

    @hypothesis.given(event=hostile_events, columns=st.integers(MIN_WIDTH, MAX_WIDTH))
    @hypothesis.settings(max_examples=200, deadline=None, suppress_health_check=list(hypothesis.HealthCheck))
    def test_hostile_text_is_harmless_and_fits(self, event: ScreenEvent, columns: int) -> None:
        assert_keeps_the_contract(event, shown(self.make(), event, columns), columns)

    @pytest.mark.parametrize("columns", WIDTHS)
    def test_a_message_shows_whose_it_is_and_what_it_says(self, theme: Theme, columns: int) -> None:
        peers = plain_text(shown(theme, PeerMessage("wyvern", MARK), columns)).casefold()
        assert MARK in peers
        assert "wyvern" in peers
        for delivered in (True, False, None):
            assert MARK in plain_text(shown(theme, OwnMessage(MARK, delivered), columns)).casefold()

    @pytest.mark.parametrize("columns", WIDTHS)
    def test_without_colours_it_can_be_told_who_speaks(self, theme: Theme, columns: int) -> None:
        """Under NO_COLOR, and for those who do not see them, styles say nothing."""
        own = {plain_text(shown(theme, OwnMessage(MARK, each), columns)) for each in (True, False, None)}
        assert plain_text(shown(theme, PeerMessage("bob", MARK), columns)) not in own

    @pytest.mark.parametrize("columns", WIDTHS)
    def test_a_peer_can_not_write_a_line_of_ones_own(self, theme: Theme, columns: int) -> None:
        """Nothing that a peer says may fill a line, or begin one without the peer's name, that looks like what the
        program shows of its own user."""
        status = plain_text(shown(theme, StatusShown(False), columns)).rstrip()
        if status and "\n" not in status:
            for line in self._lines_of_a_peer(theme, status, columns):
                assert line != status
        events: list[ScreenEvent] = [OwnMessage(MARK, True), OwnMessage(MARK, False), OwnMessage(MARK, None)]
        for event in (*events, FileSent(MARK, 1, 1.0, "direct")):
            for own in plain_text(shown(theme, event, columns)).splitlines():
                if MARK in own.casefold():
                    begin = own[: own.casefold().index(MARK)]
                    for line in self._lines_of_a_peer(theme, own.rstrip(), columns):
                        assert line != own.rstrip()
                        assert not begin.strip() or not line.startswith(begin) or "bob" in line

    def _lines_of_a_peer(self, theme: Theme, forged: str, columns: int) -> Iterator[str]:
        for text in forgeries(forged):
            yield from map(str.rstrip, plain_text(shown(theme, PeerMessage("bob", text), columns)).splitlines())

    def test_render_does_not_depend_on_what_came_before(self, theme: Theme) -> None:
        first = [safe_render(theme, event, 80) for event in SESSION]
        assert [safe_render(theme, event, 80) for event in SESSION] == first
        assert [safe_render(self.make(), event, 80) for event in reversed(SESSION)] == first[::-1]

    def test_render_does_not_depend_on_the_terminal(self, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
        """The shell leaves the colours out; a theme need not know."""
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "TERM", "COLORTERM", "COLUMNS", "LINES"):
                patch.delenv(name, raising=False)
            before = [safe_render(theme, event, 80) for event in SESSION]
        for name, value in {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "20", "LINES": "5"}.items():
            monkeypatch.setenv(name, value)
        assert [safe_render(self.make(), event, 80) for event in SESSION] == before

    def test_render_reads_and_writes_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Neither files nor sockets nor the terminal: what is shown is what it returns."""
        for event in SESSION:  # what it imports when it first needs it is no fault
            safe_render(self.make(), event, 80)
        theme = self.make()
        with watched() as done:
            for event in SESSION:
                safe_render(theme, event, 80)
        assert done == []
        assert tuple(capfd.readouterr()) == ("", ""), "a theme prints nothing"


def forgeries(line: str) -> Iterator[str]:
    """Messages with which a peer might try to write a line."""
    bare = line.strip()
    for text in (line, bare):
        yield text
        yield f"hi\n{text}"
        yield f"hi\n\n{text}\n{text}"
        yield f"hi\t{text}"
        yield "hi" + " " * 400 + text
        yield "x" * 300 + " " + text
