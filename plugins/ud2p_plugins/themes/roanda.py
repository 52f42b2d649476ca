"""The theme roanda: professional, minimal, the clearest. No rules, no empty lines, nothing said twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ud2p.contracts import ThemeInfo
from ud2p.hookspecs import impl
from ud2p.plain_theme import PlainTheme
from ud2p.plain_words import STYLES, WORDS
from ud2p.theme_kit import hang

if TYPE_CHECKING:
    from ud2p.screen import ChatHeading
    from ud2p.theme_kit import Lines

_WORDS = {
    **WORDS,
    "updating": "",
    "person_address_available": "",
    "status_choice": "",
    "choose_status_prompt": "Choose active status (1) Online (2) Offline: ",
    "choose_status_prompt_short": "(1) Online (2) Offline: ",
    "waiting_for_answer": "Waiting for {e.peer} to accept/decline...",
    "invitation_arrived": "{e.peer} wants to chat. Accept (Y) / decline (N)?",
    "invitation_arrived_from": "{e.peer} wants to chat. Accept (Y) / decline (N)?",
    "chat_left": "",
    "file_question": "{e.peer} wants to send {e.name} ({size}), to be saved in {e.into}",
    "file_question_many": "{e.peer} wants to send {e.name}: {n_files} ({size}), to be saved in {e.into}",
    "file_question_into": "{free}",
    "file_question_free": "  {free} free there",
    "file_question_ask": "Accept (Y) / decline (N)?",
    "file_details": "  {size}, {took}, {e.route}",  # the bar above says the rate
    "file_details_many": "  {n_files}, {size}, {took}, {e.route}",
    "file_sending": "",  # the progress bar says it
    "file_receiving": "",
    "goodbye": "",
}

_STYLES = {
    **STYLES,
    "menu_heading": "bold",
    "list_all": "bold",
    "list_available": "bold",
    "chat_heading": "bold",
    "you": "bold",
    "peer_name": "bold",
}


class Roanda(PlainTheme):
    """One line for each thing that matters."""

    rule_columns = 0
    words = _WORDS
    styles = _STYLES

    def show_chat_heading(self, event: ChatHeading, width: int) -> Lines:
        """``Connected to bob!  direct, aes-gcm, unverified`` and the note."""
        heading = self.span("chat_heading", self.say("chat_heading", event))
        details = self.span("chat_details", "  " + self.say("chat_details", event))
        return hang((), [heading, details], width) + self.sentence("chat_note", event, width)


@impl
def ud2p_register_themes() -> Sequence[ThemeInfo]:
    """Roanda's look."""
    return [ThemeInfo("roanda", Roanda, "professional, minimal, the clearest")]
