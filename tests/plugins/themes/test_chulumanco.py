from __future__ import annotations

import re

import pytest
from tests.support.seed_words import OwnThemeConformance

from ud2p.rendering import safe_render
from ud2p.screen import InvitationArrived, Menu, Welcome
from ud2p.testing.terminal import plain_text
from ud2p_plugins.themes import chulumanco
from ud2p_plugins.themes.chulumanco import Chulumanco


class TestChulumancoConforms(OwnThemeConformance):
    info = chulumanco.ud2p_register_themes()[0]


def test_it_is_registered() -> None:
    (info,) = chulumanco.ud2p_register_themes()
    assert info.name == "chulumanco"
    assert isinstance(info.make(), Chulumanco)


def test_the_menu_has_the_seeds_friendly_words() -> None:
    shown = plain_text(safe_render(Chulumanco(), Menu(True), 80).lines)
    assert "1. List of available friends" in shown
    assert "2. Connect to a friend" in shown
    assert "3. Change active friendship status" in shown
    assert "4. Exit" in shown


def test_it_welcomes() -> None:
    shown = plain_text(safe_render(Chulumanco(), Welcome("127.0.0.1", 17280, "alice"), 80).lines)
    assert "Welcome, alice!" in shown
    assert "127.0.0.1" not in shown


def test_it_says_how_to_answer() -> None:
    shown = plain_text(safe_render(Chulumanco(), InvitationArrived("bob", None, 60), 80).lines)
    assert "(Y)" in shown
    assert "(N)" in shown


@pytest.mark.parametrize("word", ["server", "client", "broker", "peer", "IP Address", "UDP", "TCP"])
def test_no_technical_terms(word: str) -> None:
    said = {key: re.sub("{.*?}", "", text) for key, text in Chulumanco.words.items()}
    assert not [key for key, text in said.items() if word in text]
