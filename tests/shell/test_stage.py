"""The stage: events through the theme onto the screen, whatever the theme does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ud2p import PluginManager
from ud2p.contracts import Line, ThemeInfo
from ud2p.errors import PluginError, UsageError
from ud2p.screen import MenuPrompt, PeerMessage, ScreenEvent, StatusShown
from ud2p_shell.stage import Stage

THEMES = PluginManager.load().themes


def a_stage(theme: str = "", *, colour: bool = False) -> Stage:
    stage = Stage(THEMES, lambda: 80, colour=colour)
    if theme:
        stage.use(theme)
    return stage


def test_shows_events_in_the_theme(capsys: pytest.CaptureFixture[str]) -> None:
    a_stage("roanda").show(PeerMessage("bob", "Awe Gee"))
    assert capsys.readouterr().out == "Awe Gee < bob\n"


def test_colours_only_where_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    a_stage("lutho").show(StatusShown(online=True))
    assert "\x1b" not in capsys.readouterr().out
    a_stage("lutho", colour=True).show(StatusShown(online=True))
    assert "\x1b[32m<<Online>>" in capsys.readouterr().out


@pytest.mark.parametrize("theme", ["", "lutho", "chulumanco", "roanda"])
def test_text_from_others_is_harmless(theme: str, capsys: pytest.CaptureFixture[str]) -> None:
    a_stage(theme).show(PeerMessage("bob\x1b]0;title\x07", "\x1b[2J\u202eevil"))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert "\\x1b[2J\\u202eevil" in out


def test_a_theme_that_fails_is_named_once_and_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
            raise RuntimeError("oh no")

    stage = Stage({"broken": ThemeInfo("broken", Broken)}, lambda: 80, colour=False)
    stage.use("broken")
    stage.show(PeerMessage("bob", "one"))
    stage.show(PeerMessage("bob", "two"))
    out = capsys.readouterr().out
    assert "one < bob" in out
    assert "two < bob" in out
    assert out.count("oh no") == 1
    assert "the theme broken failed" in out


def test_a_theme_that_can_not_be_made() -> None:
    stage = Stage({"broken": ThemeInfo("broken", lambda: 1 / 0)}, lambda: 80, colour=False)  # type: ignore[arg-type, return-value]
    with pytest.raises(PluginError, match="the theme broken failed"):
        stage.use("broken")
    assert stage.theme_name == ""


def test_unknown_themes_are_refused_with_a_list() -> None:
    with pytest.raises(UsageError, match=r"no theme loud; there are: .*lutho"):
        a_stage().use("loud")


def test_prompts() -> None:
    stage = a_stage("roanda")
    assert stage.text(MenuPrompt(online=True)) == "ud2p> "
    stage.use("LUTHO")
    assert stage.text(MenuPrompt(online=True)) == "Enter the number of the command: "
