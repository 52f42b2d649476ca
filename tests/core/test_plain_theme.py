from __future__ import annotations

import pytest
from tests.support.seed_words import OwnThemeConformance

from ud2p.contracts import Line, ThemeInfo
from ud2p.plain_theme import PlainTheme, short_path, strip_end
from ud2p.plain_words import STYLES, WORDS, variant
from ud2p.screen import (
    SCREEN_EVENT_TYPES,
    ChooseClientPrompt,
    InvitationArrived,
    InvitationOver,
    MessageDelivered,
    PeerMessage,
    ScreenEvent,
    StatusBar,
)
from ud2p.testing.screen_events import SESSION
from ud2p.testing.terminal import plain_text


class TestPlainConforms(OwnThemeConformance):
    info = ThemeInfo("plain", PlainTheme, "what stands in for other themes")


@pytest.mark.parametrize("kind", SCREEN_EVENT_TYPES)
def test_every_event_is_shown(kind: type[ScreenEvent]) -> None:
    events = [event for event in SESSION if type(event) is kind]
    assert events
    for event in events:
        assert plain_text(PlainTheme().render(event, 80) or ()).strip()


def test_there_are_no_words_that_nothing_shows() -> None:
    shown = "\n".join(plain_text(PlainTheme().render(event, 300) or ()) for event in SESSION)
    for key, words in WORDS.items():
        start = words.split("{")[0].split("\n")[0].strip()
        assert start in shown or key.endswith("_short"), key


def test_it_uses_no_styles() -> None:
    assert {style for event in SESSION for line in PlainTheme().render(event, 80) or () for _, style in line} == {""}


def test_unknown_reasons_are_told_too() -> None:
    assert variant(InvitationOver("bob", "asteroid", True, "")) == "our_invitation_over"
    assert "asteroid" in plain_text(PlainTheme().render(InvitationOver("bob", "asteroid", False, ""), 80) or ())


def test_prompts_leave_room_to_type() -> None:
    assert plain_text(PlainTheme().render(ChooseClientPrompt(), 80) or ()) == WORDS["choose_client_prompt"]
    assert plain_text(PlainTheme().render(ChooseClientPrompt(), 70) or ()) == WORDS["choose_client_prompt_short"]


def test_the_status_bar_keeps_what_matters_most() -> None:
    bar = StatusBar("alice", True, True, "h:1", "bob", "direct 127.0.0.1:1", "aes-gcm", "unverified", "carol", 42, 3)
    wide, narrow = (plain_text(PlainTheme().render(bar, columns) or ()) for columns in (120, 40))
    assert wide == (
        "alice <<Online>>  bob  direct, aes-gcm, unverified  3 not delivered  carol wants to chat (y/n) 42 s"
    )
    assert narrow == "carol wants to chat (y/n) 42 s"


def test_a_late_delivery_is_one_line() -> None:
    (line,) = PlainTheme().render(MessageDelivered("two\n\tlines " + "中" * 40), 40) or ()
    assert plain_text([line]).startswith("Delivered ✓  two  lines 中")
    assert plain_text([line]).endswith("…")


def test_paths_in_a_word() -> None:
    assert short_path("direct 203.0.113.5:4242") == "direct"
    assert short_path("relay broker.example") == "relay broker.example"


def test_strip_end() -> None:
    assert strip_end([("a ", "red"), ("  ", "")]) == [("a", "red")]
    assert strip_end([("  ", "")]) == []


class Shouting(PlainTheme):
    """What the docstring of the module shows: a theme made from the plain one."""

    words = {**PlainTheme.words, "goodbye": "BYE"}  # noqa: RUF012
    styles = {**STYLES, "goodbye": "bold red"}  # noqa: RUF012

    def show_peer_message(self, event: PeerMessage, width: int) -> list[list[tuple[str, str]]]:
        return [[(event.text.upper(), "bold"), (" < ", ""), (event.peer, "")]]


def test_a_theme_made_from_it_replaces_what_it_wants() -> None:
    def shown(event: ScreenEvent) -> list[Line]:
        return list(Shouting().render(event, 80) or ())

    assert shown(SESSION[-1]) == [[("BYE", "bold red")]]
    assert plain_text(shown(PeerMessage("bob", "hi"))) == "HI < bob"
    assert plain_text(shown(InvitationArrived("bob", None, 1))).startswith("bob wants to chat")
