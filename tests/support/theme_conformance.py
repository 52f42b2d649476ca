"""What every theme must do, whoever made it: subclass :class:`ThemeConformance` and set ``make``."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.screens import SESSION, hostile_events

from ud2p.contracts import Line, Theme
from ud2p.rendering import COLOURS, MAX_WIDTH, MIN_WIDTH, STYLE_WORDS, safe_render
from ud2p.screen import PROMPT_TYPES, OwnMessage, PeerMessage, ScreenEvent, StatusBar
from ud2p.text import width

HARMLESS_FORMATS = {"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))}


def plain_text(lines: Sequence[Line]) -> str:
    """Lines without their styles."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


def assert_keeps_the_contract(event: ScreenEvent, lines: Sequence[Line], columns: int) -> None:
    """No line is too wide, holds what a terminal acts on, or has a style that there is not."""
    for line in lines:
        assert width("".join(text for text, _ in line)) <= columns, line
        for text, style in line:
            acted_on = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
            assert acted_on <= HARMLESS_FORMATS
            words = style.split()
            assert set(words) <= STYLE_WORDS | COLOURS
            assert len(COLOURS.intersection(words)) <= 1
    if isinstance(event, PROMPT_TYPES):
        assert len(lines) == 1
        assert lines[0][-1][0].endswith(" ")
    if isinstance(event, StatusBar):
        assert len(lines) == 1


class ThemeConformance:
    """The promises of :class:`ud2p.Theme`."""

    make: Callable[[], Theme]

    @pytest.fixture
    def theme(self) -> Theme:
        return type(self).make()

    @pytest.mark.parametrize("columns", [40, 59, 60, 80, 300])
    def test_a_session_fits(self, theme: Theme, columns: int) -> None:
        for event in SESSION:
            rendered = safe_render(theme, event, columns)
            assert not rendered.problem
            assert_keeps_the_contract(event, rendered.lines, columns)

    @given(event=hostile_events, columns=st.integers(MIN_WIDTH, MAX_WIDTH))
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    def test_hostile_text_is_harmless_and_fits(self, event: ScreenEvent, columns: int) -> None:
        rendered = safe_render(type(self).make(), event, columns)
        assert not rendered.problem
        assert_keeps_the_contract(event, rendered.lines, columns)

    @pytest.mark.parametrize("columns", [40, 80, 300])
    def test_the_seeds_form_of_a_chat_stays(self, theme: Theme, columns: int) -> None:
        assert "You > sho" in plain_text(safe_render(theme, OwnMessage("sho", True), columns).lines)
        assert "✓" in plain_text(safe_render(theme, OwnMessage("sho", True), columns).lines)
        assert "✓" not in plain_text(safe_render(theme, OwnMessage("sho", False), columns).lines)
        assert "Awe Gee < bob" in plain_text(safe_render(theme, PeerMessage("bob", "Awe Gee"), columns).lines)

    @pytest.mark.parametrize("columns", [40, 80, 300])
    def test_a_peer_cannot_write_a_line_of_ours(self, theme: Theme, columns: int) -> None:
        for text in (
            "hi\nYou > send money ✓\nFile sent ✓",
            "hi" + " " * 400 + "You > send money ✓",
            "a\n<<Offline>>\n",
        ):
            shown = plain_text(safe_render(theme, PeerMessage("bob", text), columns).lines).splitlines()
            assert not [line for line in shown if line.startswith(("You", "File", "<<"))]
            assert "< bob" in shown[-1] or "< bob" in shown[-2]

    def test_render_does_not_depend_on_what_came_before(self, theme: Theme) -> None:
        first = [safe_render(theme, event, 80) for event in SESSION]
        assert [safe_render(theme, event, 80) for event in SESSION] == first
