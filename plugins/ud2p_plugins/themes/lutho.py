"""The theme lutho: a messaging app in a terminal. Our messages on the left in red, the peer's on the right in cyan.

From 60 columns on, messages stand in bubbles of at most two thirds of the width (and 100 columns); below, without the
frames::

    ╭─────────────╮                       ╭────────────────╮
    │ You > sho ✓ │                       │ Awe Gee < bob  │
    ╰─────────────╯                       ╰────────────────╯
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ud2p.contracts import ThemeInfo
from ud2p.hookspecs import impl
from ud2p.plain_theme import PlainTheme
from ud2p.plain_words import STYLES, WORDS
from ud2p.theme_kit import align_right, box, center, flow, hang

if TYPE_CHECKING:
    from ud2p.screen import ChatHeading, OwnMessage, PeerMessage, VerifyQuestion
    from ud2p.theme_kit import Lines

BUBBLES_FROM = 60
"""Columns from which there is room for frames."""

MAX_BUBBLE = 100
"""Columns of the widest bubble; longer lines are hard to read."""

_FRAME = 4  # the columns that a frame takes
_BELOW_YOU = " " * 6  # what belongs to a line of ours stands under its text

_WORDS = {
    **WORDS,
    "person_address": "IP Address: {host} Port: {port}",
    "person_address_available": "IP Address: {host} Port: {port}",
    "menu_prompt": "Enter the number of the command: ",
    "status_choice": "Choose active status\n(1) Online\n(2) Offline\n...",
    **{
        key: _BELOW_YOU + WORDS[key]
        for key in (
            "file_name_prompt",
            "file_waiting",
            "file_sending",
            "file_receiving",
            "file_sent",
            "file_received",
            "file_saved",
            "files_saved",
            "file_not_sent",
            "file_not_received",
        )
    },
}

_STYLES = {
    **STYLES,
    "you": "red",
    "peer_text": "cyan",
    "peer_name": "white",
    "chat_heading": "white",
    "file_tick": "magenta",
    "bubble": "grey",
}


class Lutho(PlainTheme):
    """Left and right, red and cyan."""

    words = _WORDS
    styles = _STYLES

    def show_chat_heading(self, event: ChatHeading, width: int) -> Lines:
        """Everything in the middle, over a rule across the whole width."""
        keys = ("chat_heading", "chat_ready", "chat_details", "chat_note")
        lines = [line for key in keys for line in flow([self.span(key, self.say(key, event))], width)]
        return [*center(lines, width), [self.span("rule", self.rule_mark * width)]]

    def show_verify_question(self, event: VerifyQuestion, width: int) -> Lines:
        """In the middle, as what belongs to neither side."""
        return center(super().show_verify_question(event, width), width)

    def show_own_message(self, event: OwnMessage, width: int) -> Lines:
        """On the left; what was no message has no bubble."""
        if width < BUBBLES_FROM or event.delivered is None:
            return super().show_own_message(event, width)
        return self.bubble(super().show_own_message(event, bubble_room(width)))

    def show_peer_message(self, event: PeerMessage, width: int) -> Lines:
        """On the right; its lines begin in one column, which is never the first."""
        if width < BUBBLES_FROM:
            return align_right(super().show_peer_message(event, width - len(_BELOW_YOU)), width)
        body = [self.span("peer_text", event.text)]
        return align_right(self.bubble(hang((), body, bubble_room(width), tail=self.peer_tail(event))), width)

    def bubble(self, lines: Lines) -> Lines:
        """Lines in a frame."""
        return box(lines, self.styles["bubble"])


def bubble_room(width: int) -> int:
    """The columns of text that fit into a bubble."""
    return min(width * 2 // 3, MAX_BUBBLE) - _FRAME


@impl
def ud2p_register_themes() -> Sequence[ThemeInfo]:
    """Lutho's look."""
    return [ThemeInfo("lutho", Lutho, "messages left and right, as in a messaging app")]
