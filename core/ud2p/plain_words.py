"""The plain theme's words, which are the seed's wherever it has some, and usual styles for themes with colours.

A key is an event's name in snake case, or one of its variants (:func:`variant`). A value is a ``str.format`` template:
``e`` is the event (for ``person_...`` the person, with ``host`` and ``port``); ``size``, ``took`` and ``way`` are its
size, duration and path in words. An empty template shows nothing; leading spaces indent every line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS: Mapping[str, str] = {
    # the menu
    "welcome": "Connected to server (host: {e.host}, port: {e.port})",
    "menu_heading": "List of commands",
    "menu_items": "1. List available clients\n2. Connect to a client\n3. Change active status\n4. Exit",
    "online": "<<Online>>",
    "offline": "<<Offline>>",
    "status_choice": "Choose active status\n(1) Online\n(2) Offline",
    "updating": "Please wait while updating the list of clients...",
    "list_all": "List of clients connected to server:",
    "list_available": "Clients available for connection:",
    "list_nobody": "No other clients are connected",
    "list_nobody_available": "No clients are available for connection",
    "list_no_match": "No client's name begins with {e.prefix}",
    "list_more": "{first} to {last} of {e.total}",
    "person_online": "Online",
    "person_offline": "Offline",
    "person_address": "{e.address}",
    "person_address_available": "{e.address}",
    "trust_verified": "verified",
    "trust_unverified": "unverified",
    "trust_blocked": "blocked",
    "offline_refusal": "You cannot connect to another client while offline",
    # prompts; where the first is too long for the terminal, its short form
    "menu_prompt": "ud2p> ",
    "file_name_prompt": "Enter filename > ",
    "username_prompt": "Enter your username: ",
    "choose_client_prompt": "Enter the number of the client to connect to (or Q to cancel): ",
    "choose_client_prompt_short": "Number (or Q to cancel): ",
    "choose_status_prompt": "Enter your choice: ",
    "retry_prompt": "Try once more (y/n)? ",
    # invitations
    "waiting_for_answer": "Waiting for {e.peer} to accept/decline request...",
    "invitation_arrived": "{e.peer} wants to chat\nDo you accept (Y) / decline (N)?",
    "invitation_arrived_from": "{e.peer} ({e.address}) wants to chat\nDo you accept (Y) / decline (N)?",
    "our_invitation_over": "{e.peer} can't chat now ({e.reason})",
    "our_invitation_declined": "{e.peer} declined your request",
    "our_invitation_expired": "{e.peer} did not answer in time",
    "our_invitation_withdrawn": "Your request to {e.peer} was cancelled",
    "our_invitation_gone": "{e.peer} is not connected any more",
    "our_invitation_offline": "{e.peer} is offline",
    "their_invitation_over": "The request from {e.peer} is over ({e.reason})",
    "their_invitation_declined": "You declined the request from {e.peer}",
    "their_invitation_expired": "The request from {e.peer} has expired",
    "their_invitation_withdrawn": "{e.peer} does not want to chat any more",
    "their_invitation_gone": "{e.peer} is not connected any more",
    "their_invitation_offline": "The request from {e.peer} is over: you are offline",
    "invitation_words": ": {e.text}",
    "checked_in": "Checked in with server, waiting for peer...",
    # a chat
    "chat_heading": "Connected to {e.peer}!",
    "chat_ready": "Ready to exchange messages",
    "chat_details": "{way}, {e.cipher}, {e.trust}",
    "chat_note": "Note: (1) To send a file type sendf (2) To exit chat, type X",
    "chat_failed": "No chat with {e.peer}: {e.reason}",
    "you": "You",
    "delivered": " ✓",
    "on_its_way": " …",
    "message_delivered": "Delivered ✓  {e.text}",
    "message_not_sent": "Message not sent: {e.reason}\n{e.text}",
    "peer_silent": "Nothing heard from {e.peer} for {e.silent_s} s; still trying",
    "peer_lost": "Nothing heard from {e.peer} for {e.silent_s} s; what you type waits for {e.peer} (X leaves)",
    "peer_heard": "{e.peer} is back",
    "verify_words": "The words of this chat: {words}",
    "verify_how": "Compare them with {e.peer} by voice or in person, never in this chat.",
    "verify_ask": "Do they match (y/n)?",
    "words_matched": "{e.peer} is verified from now on",
    "words_differ": "The words differ: somebody may sit between you and {e.peer} and read what you write. The chat is "
    "over, and that key is forgotten. Connect again, another way if there is one, and compare again.",
    "key_changed": "{e.peer} shows another key than before. No chat was opened.\nThe key that is known, {e.trust}:",
    "key_known": "  {e.known}",
    "key_now": "The key that is shown now:",
    "key_shown": "  {e.shown}",
    "key_advice": "Somebody may be posing as {e.peer}. Ask {e.peer} by voice or in person. Only if the new key is "
    "{e.peer}'s, type:",
    "key_command": "  {e.command}",
    "failures_warning": "{e.failures} introductions with {e.peer} failed in a row: somebody may be in between and try "
    "until the words match. Go on only if you can compare the words afterwards.",
    "chat_over": "{e.reason}",
    "chat_left": "Returning to Home Page",
    # files
    "file_question": "{e.peer} wants to send {e.name} ({size})",
    "file_question_many": "{e.peer} wants to send {e.name}: {n_files} ({size})",
    "file_question_path": "  {path}",
    "file_question_more": "  and {e.more_paths:,} more",
    "file_question_into": "It would be saved in {e.into}{free}",
    "file_question_free": " ({free} free)",
    "file_question_exists": "There is a {existing} already; it is kept, and the new one gets another name",
    "file_question_exist": "There are {existing} already; they are kept, and the new ones get other names",
    "file_question_ask": "Do you accept (Y) / decline (N)?",
    "file_withdrawn": "{e.name} from {e.peer} can't be had any more: {e.reason}",
    "file_waiting": "Waiting for {e.peer} to accept/decline {e.name}...",
    "file_sending": "Sending file to {e.peer}...",
    "file_receiving": "Receiving file from {e.peer}...",
    "file_sent": "File sent ✓",
    "file_received": "File received ✓",
    "file_details": "  {size}, {took}, {rate}, {e.route}",
    "file_details_many": "  {n_files}, {size}, {took}, {rate}, {e.route}",
    "files_through": "  {path} ✓",
    "file_saved": "Saved as {e.path}",
    "files_saved": "Saved in {e.path}",
    "file_not_sent": "File not sent: {e.name}: {e.reason}",
    "file_not_received": "File not received: {e.name}: {e.reason}",
    # the broker
    "broker_down": "Connection to server lost: {e.reason}. Trying again in {e.retry_in_s:.0f} s; open chats go on",
    "broker_up": "Connected to server again",
    "broker_goodbye": "Disconnected from server: {e.reason}",
    # all around
    "notice": "{e.text}",
    "error_shown": "{e.text}",
    "no_plugins": "No plugins were found",
    "bar_details": "{way}, {e.cipher}, {e.trust}",
    "bar_no_broker": "no server, trying again",
    "bar_undelivered": "{e.undelivered} not delivered",
    "bar_invitation": "{e.invitation} wants to chat (y/n) {e.invitation_s} s",
    "goodbye": "Disconnected from server",
}

STYLES: Mapping[str, str] = {
    "online": "green",
    "offline": "red",
    "address": "grey",
    "mark": "grey",
    "rule": "grey",
    "chat_details": "grey",
    "chat_note": "grey",
    "list_more": "grey",
    "delivered": "green",
    "on_its_way": "grey",
    "message_delivered": "green",
    "message_not_sent": "red",
    "chat_failed": "red",
    "trust_verified": "green",
    "trust_unverified": "grey",
    "trust_blocked": "red",
    "verify_words": "bold",
    "words_matched": "green",
    "words_differ": "red",
    "key_changed": "red",
    "key_command": "bold",
    "failures_warning": "yellow",
    "peer_silent": "yellow",
    "peer_lost": "yellow",
    "file_tick": "green",
    "file_details": "grey",
    "files_through": "grey",
    "file_question_path": "grey",
    "file_question_more": "grey",
    "file_question_exists": "yellow",
    "file_question_exist": "yellow",
    "file_not_sent": "red",
    "file_not_received": "red",
    "broker_down": "yellow",
    "broker_goodbye": "red",
    "error_shown": "red",
    "command": "bold",
    "plugin_on": "green",
    "plugin_off": "grey",
    "plugin_failed": "red",
    "problem": "red",
    "bar_details": "grey",
    "bar_no_broker": "yellow",
    "bar_undelivered": "yellow",
    "bar_invitation": "bold yellow",
}
"""Colours for what means the same in most themes; the plain theme has none."""


def snake(name: str) -> str:
    """``PeerMessage`` → ``peer_message``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def variant(event: Any) -> str:
    """The key of the words for an event: its name, or what its fields make of it."""
    name = snake(type(event).__name__)
    match name:
        case "status_shown":
            return "online" if event.online else "offline"
        case "invitation_arrived":
            return "invitation_arrived_from" if event.address else name
        case "peer_silent":
            return "peer_lost" if event.lost else name
        case "chat_over":
            return name if event.reason else "chat_left"
        case "file_failed":
            return "file_not_sent" if event.sent else "file_not_received"
        case "invitation_over":
            whose = "our_invitation" if event.outgoing else "their_invitation"
            return f"{whose}_{event.reason}" if f"{whose}_{event.reason}" in WORDS else f"{whose}_over"
    return name
