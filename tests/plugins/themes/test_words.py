"""Themes made from the plain one may replace its words and styles; what they replace must be there."""

from __future__ import annotations

import pytest

from ud2p.plain_theme import PlainTheme
from ud2p.plain_words import STYLES, WORDS
from ud2p_plugins.themes.chulumanco import Chulumanco
from ud2p_plugins.themes.lutho import Lutho
from ud2p_plugins.themes.roanda import Roanda

THEMES = [Chulumanco, Lutho, Roanda]


@pytest.mark.parametrize("theme", THEMES)
def test_every_key_is_one_of_the_plain_words(theme: type[PlainTheme]) -> None:
    assert {key.removesuffix("_short") for key in theme.words} == {key.removesuffix("_short") for key in WORDS}


@pytest.mark.parametrize("theme", THEMES)
def test_the_usual_colours_stay(theme: type[PlainTheme]) -> None:
    assert STYLES.keys() <= theme.styles.keys()
    assert (theme.styles["online"], theme.styles["offline"]) == ("green", "red")
