"""The stage: events through the theme onto the screen, whatever the theme does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ud2p import PluginManager
from ud2p.contracts import Line, Theme, ThemeInfo
from ud2p.errors import PluginError, UsageError
from ud2p.screen import ChatHeading, MenuPrompt, PeerMessage, ScreenEvent, StatusShown
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


class Broken:
    """A theme that shows the menu's prompt and nothing else."""

    error: BaseException = RuntimeError("oh no")

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        if isinstance(event, MenuPrompt):
            return [[("mine> ", "")]]
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("oh no"), SystemExit("oh no"), GeneratorExit("oh no")])
def test_a_theme_that_fails_is_named_once_and_replaced(
    error: BaseException, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broken, "error", error)
    stage = Stage({"broken": ThemeInfo("broken", Broken)}, lambda: 80, colour=False)
    stage.use("broken")
    stage.show(PeerMessage("bob", "one"))
    stage.show(PeerMessage("bob", "two"))
    out = capsys.readouterr().out
    assert "one < bob" in out
    assert "two < bob" in out
    assert out.count("oh no") == 1
    assert "the theme broken failed, and the plain one stands in" in out


def test_roanda_stands_in_in_the_middle_of_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    heading = ChatHeading("bob", "direct", "aes-gcm", "unverified")
    a_stage("roanda").show(heading)
    roandas = capsys.readouterr().out
    stage = Stage({**THEMES, "broken": ThemeInfo("broken", Broken)}, lambda: 80, colour=False)
    stage.use("broken")
    assert stage.text(MenuPrompt(online=True)) == "mine> "
    stage.show(heading)
    out = capsys.readouterr().out
    assert out.startswith(roandas)
    assert out.count("the theme broken failed, and roanda stands in: RuntimeError: oh no") == 1
    stage.show(heading)
    assert capsys.readouterr().out == roandas
    assert stage.text(MenuPrompt(online=True)) == "mine> "
    assert stage.theme_name == "broken"


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_a_theme_that_can_not_be_made(error: type[BaseException]) -> None:
    def make() -> Theme:
        raise error

    stage = Stage({"broken": ThemeInfo("broken", make)}, lambda: 80, colour=False)
    with pytest.raises(PluginError, match="the theme broken failed"):
        stage.use("broken")
    assert stage.theme_name == ""
    assert stage.begin("broken") == f"the theme broken failed ({error.__name__}); use another; the plain one stands in"
    assert stage.theme_name == ""


def test_a_theme_that_is_gone_keeps_nobody_out() -> None:
    stage = a_stage()
    assert stage.begin("lutho") == ""
    assert stage.theme_name == "lutho"
    assert stage.begin("gone").endswith("; roanda stands in")
    assert stage.theme_name == "roanda"


def test_unknown_themes_are_refused_with_a_list() -> None:
    with pytest.raises(UsageError, match=r"no theme loud; there are: .*lutho"):
        a_stage().use("loud")


def test_prompts() -> None:
    stage = a_stage("roanda")
    assert stage.text(MenuPrompt(online=True)) == "ud2p> "
    stage.use("LUTHO")
    assert stage.text(MenuPrompt(online=True)) == "Enter the number of the command: "
