from __future__ import annotations

import pytest
from tests.support.seed_words import OwnThemeConformance

from ud2p.contracts import Line
from ud2p.rendering import safe_render
from ud2p.screen import ChatHeading, ListedPerson, OwnMessage, PeerMessage, ScreenEvent, StatusShown
from ud2p.testing.terminal import plain_text
from ud2p.text import width
from ud2p_plugins.themes import lutho
from ud2p_plugins.themes.lutho import BUBBLES_FROM, MAX_BUBBLE, Lutho


def show(event: ScreenEvent, columns: int) -> tuple[Line, ...]:
    return safe_render(Lutho(), event, columns).lines


class TestLuthoConforms(OwnThemeConformance):
    info = lutho.ud2p_register_themes()[0]


def test_it_is_registered() -> None:
    (info,) = lutho.ud2p_register_themes()
    assert info.name == "lutho"
    assert isinstance(info.make(), Lutho)


def test_colours_are_those_of_the_pictures() -> None:
    (own,) = show(OwnMessage("sho", None), BUBBLES_FROM - 1)
    assert own == (("You", "red"), (" > ", "grey"), ("sho", ""))
    (peer,) = show(PeerMessage("bob", "Awe Gee"), BUBBLES_FROM - 1)
    assert peer[1:] == (("Awe Gee", "cyan"), (" < ", "grey"), ("bob", "white"))
    assert show(StatusShown(True), 80) == ((("<<Online>>", "green"),),)
    assert show(StatusShown(False), 80) == ((("<<Offline>>", "red"),),)
    note = show(ChatHeading("bob", "direct 127.0.0.1:1", "aes-gcm", "unverified"), 80)[-2]
    assert note[-1] == ("Note: (1) To send a file type sendf (2) To exit chat, type X", "grey")


@pytest.mark.parametrize("columns", [40, 80, 81, 200])
def test_the_heading_stands_in_the_middle_over_a_rule_across_the_width(columns: int) -> None:
    *lines, rule = plain_text(
        show(ChatHeading("bob", "direct 127.0.0.1:1", "aes-gcm", "unverified"), columns)
    ).splitlines()
    assert lines[0].strip() == "Connected to bob!"
    assert lines[1].strip() == "Ready to exchange messages"
    for line in lines:
        left, right = len(line) - len(line.lstrip()), columns - len(line)
        assert right - left in (0, 1, -1)
    assert rule == "-" * columns


@pytest.mark.parametrize("text", ["hi", "中文字", "👩‍👩‍👧 🙂", "word " * 80])
@pytest.mark.parametrize("columns", [40, 60, 80, 300])
def test_the_peers_messages_end_at_the_right_edge(text: str, columns: int) -> None:
    shown = plain_text(show(PeerMessage("bob", text), columns)).splitlines()
    assert max(map(width, shown)) == columns
    assert all(line.startswith(" ") for line in shown)
    assert "< bob" in plain_text(show(PeerMessage("bob", text), columns))


@pytest.mark.parametrize("event", [PeerMessage("bob", "word 中文字 " * 60), OwnMessage("word 中文字 " * 60, True)])
@pytest.mark.parametrize("columns", [60, 80, 300])
def test_bubbles_are_closed_and_leave_room_on_the_other_side(event: ScreenEvent, columns: int) -> None:
    top, *middle, bottom = (line.strip(" ") for line in plain_text(show(event, columns)).splitlines())
    assert top == "╭" + "─" * (len(top) - 2) + "╮"
    assert bottom == "╰" + "─" * (len(top) - 2) + "╯"
    assert all(line.startswith("│ ") and line.endswith(" │") and width(line) == len(top) for line in middle)
    assert len(top) <= min(columns * 2 // 3, MAX_BUBBLE)


def test_no_bubbles_where_there_is_no_room() -> None:
    assert "╭" not in plain_text(show(OwnMessage("sho", True), BUBBLES_FROM - 1))
    assert "╭" in plain_text(show(OwnMessage("sho", True), BUBBLES_FROM))
    assert "╭" in plain_text(show(OwnMessage("sho", False), BUBBLES_FROM))


def test_what_was_no_message_has_no_bubble() -> None:
    assert plain_text(show(OwnMessage("sendf", None), 80)) == "You > sendf"


def test_addresses_are_written_as_in_the_seed() -> None:
    _, body = Lutho().person(ListedPerson(1, "bob", True, "196.47.231.31:55687", ""), 7, False)
    assert "IP Address: 196.47.231.31 Port: 55687" in plain_text([body])
