"""The theme chulumanco: friends instead of clients, and a kind word instead of a technical one."""

from __future__ import annotations

from collections.abc import Sequence

from ud2p.contracts import ThemeInfo
from ud2p.hookspecs import impl
from ud2p.plain_theme import PlainTheme
from ud2p.plain_words import STYLES, WORDS

_WORDS = {
    **WORDS,
    "welcome": "Welcome, {e.name}! You are connected, and your friends can find you here.",
    "menu_heading": "What would you like to do?",
    "menu_items": "1. List of available friends\n2. Connect to a friend\n3. Change active friendship status\n4. Exit",
    "status_choice": "How would you like your friends to see you?\n"
    "(1) Online: ready for a chat\n(2) Offline: having some time for yourself",
    "updating": "One moment, looking for your friends...",
    "list_all": "Your friends around here:",
    "list_available": "Friends who are ready for a chat:",
    "list_nobody": "Nobody else is here yet. Your friends show up here as soon as they come.",
    "list_nobody_available": "No friend is ready for a chat right now. Try again in a little while.",
    "list_no_match": "No friend here has a name that begins with {e.prefix}",
    "list_more": "Friends {first} to {last} of {e.total}",
    "person_address": "",
    "person_address_available": "",
    "trust_verified": "(verified)",
    "trust_unverified": "(unverified)",
    "trust_blocked": "(blocked)",
    "offline_refusal": "You are offline just now. Go online first (3), then connect to a friend.",
    "menu_prompt": "What next? ",
    "file_name_prompt": "Which file would you like to share? ",
    "file_name_prompt_short": "Which file? ",
    "username_prompt": "What shall your friends call you? ",
    "username_prompt_short": "Your name? ",
    "choose_client_prompt": "Which friend? Enter the number (or Q to go back): ",
    "choose_client_prompt_short": "Number (or Q): ",
    "waiting_for_answer": "Asked {e.peer} for a chat, waiting for a yes or no...",
    "invitation_arrived": "{e.peer} would like to chat with you!\nSay yes (Y) or no (N)?",
    "invitation_arrived_from": "{e.peer} would like to chat with you!\nSay yes (Y) or no (N)?",
    "our_invitation_over": "{e.peer} can't chat right now ({e.reason})",
    "our_invitation_declined": "{e.peer} would rather not chat right now",
    "our_invitation_expired": "{e.peer} did not answer. Maybe a little later?",
    "our_invitation_withdrawn": "All right, {e.peer} is not asked any more",
    "our_invitation_gone": "{e.peer} has just left",
    "our_invitation_offline": "{e.peer} is having some time alone right now",
    "their_invitation_over": "{e.peer} is not waiting for you any more ({e.reason})",
    "their_invitation_declined": "You told {e.peer} that now is not a good time",
    "their_invitation_expired": "{e.peer} has waited long enough. You can connect to {e.peer} yourself.",
    "their_invitation_withdrawn": "{e.peer} changed plans and does not want to chat any more",
    "their_invitation_gone": "{e.peer} has just left",
    "their_invitation_offline": "{e.peer} can't reach you while you are offline",
    "checked_in": "Lovely! Getting the two of you together...",
    "chat_heading": "Connected to {e.peer}! Say hello.",
    "chat_ready": "",
    "chat_details": "How: {way}, locked with {e.cipher}. Is it really {e.peer}? So far {e.trust}.",
    "chat_note": "To share a file type sendf. To leave the chat type X.",
    "chat_failed": "Sorry, you and {e.peer} could not be brought together: {e.reason}",
    "message_delivered": "Arrived ✓  {e.text}",
    "message_not_sent": "Sorry, this message did not go out: {e.reason}\n{e.text}",
    "peer_silent": "{e.peer} has been quiet for {e.silent_s} s. Still listening...",
    "peer_lost": "{e.peer} can't be reached right now. What you type waits for {e.peer} (X to leave).",
    "peer_heard": "{e.peer} is back!",
    "verify_words": "The secret words of this chat: {words}",
    "verify_how": "Ask {e.peer} for theirs on the phone or face to face, never in this chat.",
    "verify_ask": "Are they the same, yes (y) or no (n)?",
    "words_matched": "Lovely, this really is {e.peer}!",
    "words_differ": "Oh dear, the words are not the same. Somebody may be listening in between you and {e.peer}, so "
    "the chat is over. Try again from another place, and compare once more.",
    "key_changed": "This does not look like the {e.peer} you know, so no chat was opened.\n"
    "Your {e.peer}, {e.trust}, has this key:",
    "key_now": "and now there is this one:",
    "key_advice": "Perhaps a new computer, perhaps a stranger. Ask {e.peer} on the phone or face to face. If it is "
    "right, type:",
    "failures_warning": "{e.failures} times in a row, you and {e.peer} could not be brought together. Somebody may be "
    "meddling. Go on only if you can compare the secret words afterwards.",
    "retry_prompt": "Shall we try again (y/n)? ",
    "chat_left": "Back to the main page",
    "file_question": "{e.peer} would like to share {e.name} ({size}) with you",
    "file_question_many": "{e.peer} would like to share {e.name} with you: {n_files} ({size})",
    "file_question_into": "It would be kept in {e.into}{free}",
    "file_question_exists": "You have a {existing} already. It stays as it is; the new one gets another name.",
    "file_question_exist": "You have {existing} already. They stay as they are; the new ones get other names.",
    "file_question_ask": "Take it (Y) or not (N)?",
    "file_withdrawn": "Sorry, {e.name} from {e.peer} is not to be had any more: {e.reason}",
    "file_waiting": "Asked {e.peer} whether {e.name} is welcome, waiting for a yes or no...",
    "file_sending": "Sending your file to {e.peer}...",
    "file_receiving": "Receiving a file from {e.peer}...",
    "file_details": "  {size} in {took}, {rate}, {e.route}",
    "file_details_many": "  {n_files}, {size} in {took}, {rate}, {e.route}",
    "file_saved": "You find it at {e.path}",
    "files_saved": "You find them in {e.path}",
    "file_not_sent": "Sorry, {e.name} could not be shared: {e.reason}",
    "file_not_received": "Sorry, {e.name} did not arrive: {e.reason}",
    "broker_down": "The meeting place can't be reached right now ({e.reason}). Trying again "
    "in {e.retry_in_s:.0f} s; your chats go on.",
    "broker_up": "Good news: you are connected again",
    "broker_goodbye": "The meeting place said goodbye: {e.reason}",
    "error_shown": "Sorry, {e.text}",
    "no_plugins": "There are no extras installed",
    "bar_no_broker": "trying to connect again",
    "bar_undelivered": "{e.undelivered} on the way",
    "bar_invitation": "{e.invitation} would like to chat (y/n) {e.invitation_s} s",
    "goodbye": "Goodbye, see you soon!",
}

_STYLES = {
    **STYLES,
    "welcome": "bold yellow",
    "menu_heading": "bold magenta",
    "list_all": "bold magenta",
    "list_available": "bold magenta",
    "rule": "magenta",
    "invitation_arrived": "bold yellow",
    "invitation_arrived_from": "bold yellow",
    "chat_heading": "bold magenta",
    "you": "green",
    "peer_name": "magenta",
    "file_question": "yellow",
    "offline_refusal": "yellow",
    "goodbye": "yellow",
}


class Chulumanco(PlainTheme):
    """Easy to understand, easy to get on with."""

    rule_mark = "~"
    words = _WORDS
    styles = _STYLES


@impl
def ud2p_register_themes() -> Sequence[ThemeInfo]:
    """Chulumanco's look."""
    return [ThemeInfo("chulumanco", Chulumanco, "friendly words for friends")]
