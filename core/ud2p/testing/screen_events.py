"""Screen events to show: a fixed set for golden screens, and a strategy for all of them filled with hostile text."""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

from ud2p.screen import (
    SCREEN_EVENT_TYPES,
    BrokerDown,
    BrokerGoodbye,
    BrokerUp,
    ChatFailed,
    ChatHeading,
    ChatOver,
    ChatPrompt,
    CheckedIn,
    ChooseClientPrompt,
    ChooseStatusPrompt,
    ClientList,
    ErrorShown,
    FailuresWarning,
    FileFailed,
    FileNamePrompt,
    FileQuestion,
    FileReceived,
    FileReceiving,
    FileSending,
    FileSent,
    FilesThrough,
    FileWaiting,
    FileWithdrawn,
    Goodbye,
    HelpList,
    InvitationArrived,
    InvitationOver,
    KeyChanged,
    ListedPerson,
    Menu,
    MenuPrompt,
    MessageDelivered,
    MessageNotSent,
    Notice,
    OfflineRefusal,
    OwnMessage,
    PeerHeard,
    PeerMessage,
    PeerSilent,
    PluginRow,
    PluginTable,
    RetryPrompt,
    ScreenEvent,
    StatusBar,
    StatusChoice,
    StatusShown,
    ThemeList,
    Updating,
    UsernamePrompt,
    VerifyQuestion,
    WaitingForAnswer,
    Welcome,
    WordsDiffer,
    WordsMatched,
)
from ud2p.testing.extra import strategies as st

LONG_TEXT = (
    "A longer message, with 中文字 and かな, a family 👩‍👩‍👧 and e\u0301 in two pieces, that goes on for a while "
    "so that it must be wrapped somewhere, at https://example.org/a-rather-long-address/without-any-space/in-it.html"
)
BOB = ListedPerson(1, "bob", True, "127.0.0.1:55687", "unverified")
CAROL = ListedPerson(2, "Carol.has_a_rather-long-name", False, "127.0.0.1:55688", "verified")
DAVE = ListedPerson(51, "dave", True, None, "")
EVE = ListedPerson(52, "eve", True, None, "blocked")
KNOWN, SHOWN = (f"SHA256:{letter * 42}A" for letter in "KS")

SESSION: tuple[ScreenEvent, ...] = (
    UsernamePrompt(),
    Welcome("127.0.0.1", 17280, "alice"),
    Menu(True),
    MenuPrompt(True),
    Updating(),
    ClientList((BOB, CAROL), 2, more=False, only_available=False),
    ClientList((DAVE, EVE), 60, more=True, only_available=False),
    ClientList((BOB,), 1, more=False, only_available=True),
    ClientList((), 0, more=False, only_available=False),
    ClientList((), 0, more=False, only_available=False, prefix="al"),
    ClientList((), 0, more=False, only_available=True),
    StatusChoice(),
    ChooseStatusPrompt(),
    StatusShown(False),
    OfflineRefusal(),
    StatusShown(True),
    ChooseClientPrompt(),
    WaitingForAnswer("bob"),
    InvitationArrived("alice", "127.0.0.1:55686", 60),
    InvitationArrived("alice", None, 60),
    InvitationArrived("alice", None, 60, failures=3),
    FailuresWarning("bob", 3),
    RetryPrompt("bob"),
    *(
        InvitationOver("bob", reason, outgoing, "")
        for outgoing in (True, False)
        for reason in ("declined", "expired", "withdrawn", "gone", "offline", "broker-lost")
    ),
    InvitationOver("bob", "declined", True, "not now"),
    CheckedIn(),
    ChatFailed("bob", "nothing came through from bob"),
    ChatFailed("bob", "bob shows another key than before"),
    KeyChanged("bob", KNOWN, SHOWN, "verified", f"trust bob {SHOWN}"),
    ChatHeading("bob", "direct 127.0.0.1:4242", "aes-gcm", "unverified"),
    VerifyQuestion("bob", ("peachy", "commando", "transit", "disable")),
    WordsMatched("bob"),
    WordsDiffer("bob"),
    ChatHeading("bob", "direct 127.0.0.1:4242", "aes-gcm", "verified"),
    ChatPrompt("bob"),
    PeerMessage("bob", "Awe Gee"),
    OwnMessage("sho", True),
    OwnMessage("You good? 🙂", False),
    OwnMessage("two\nlines", None),
    PeerMessage("bob", "two\n\tlines"),
    PeerMessage("bob", LONG_TEXT),
    OwnMessage(LONG_TEXT, True),
    PeerMessage("bob", "\x1b[2Jevil \u202etxt.exe"),
    MessageDelivered("You good? 🙂"),
    MessageNotSent("a plugin did not let it out", "sho"),
    PeerSilent("bob", 45, False),
    PeerSilent("bob", 90, True),
    PeerHeard("bob"),
    FileNamePrompt(),
    FileWaiting("bob", "Von.mp3"),
    FileSending("bob", "Von.mp3", 5_300_000),
    FileSent("Von.mp3", 5_300_000, 1.2, "direct"),
    FileQuestion("bob", "Sprinter.mp3", 5_300_000, "/home/alice/Downloads"),
    FileQuestion("bob", "Sprinter.mp3", 5_300_000, "/home/alice", ("Sprinter.mp3",), free_bytes=12_300_000_000),
    FileQuestion("bob", "photos and 1 more", 0, "/home", ("photos",), 12, ("photos/", "photos/a.jpg"), 12, 12_300),
    FileQuestion("bob", "photos and 4 more", 5_300, "/home", ("photos", "b"), 12, ("photos/", "b")),
    FileReceived("photos and 4 more", "/home/alice", 5_300_000, 185.0, "direct", 12),
    FilesThrough(("photos/a.jpg", "photos/b.jpg"), sent=True),
    FileSent("photos", 5_300_000, 1.2, "direct", 12),
    FileReceiving("bob", "Sprinter.mp3", 5_300_000),
    FileReceived("Sprinter.mp3", "/home/alice/Downloads/Sprinter (1).mp3", 5_300_000, 185.0, "direct"),
    FileFailed("Von.mp3", "declined", sent=True),
    FileFailed("Sprinter.mp3", "there is no space left on the device", sent=False),
    FileWithdrawn("bob", "Sprinter.mp3", "bob left the chat"),
    ChatOver("bob", "bob left the chat"),
    ChatOver("bob", ""),
    BrokerDown("the connection was reset", 2.0),
    BrokerUp(),
    BrokerGoodbye("alice connected from somewhere else"),
    Notice("This is\na notice"),
    ErrorShown("there is no client called dave; see who is here with: list"),
    HelpList((("list", "who is here"), ("connect NAME", "ask somebody for a chat"), ("sendf", "send a file"))),
    PluginTable(
        (
            PluginRow("lutho", "ud2p", "0.1.0", "on", ("theme lutho",)),
            PluginRow("ud2p-broken", "ud2p-broken", "1.0", "failed", (), "ImportError: there is no module nothing"),
            PluginRow("one.py", "", "", "off", ("cipher one", "command two")),
        )
    ),
    PluginTable(()),
    ThemeList((("lutho", "as in a messaging app"), ("roanda", "professional, minimal")), "roanda"),
    StatusBar("alice", True, True, "127.0.0.1:17280"),
    StatusBar("alice", False, False, "127.0.0.1:17280"),
    StatusBar("alice", True, True, "127.0.0.1:17280", "bob", "direct 127.0.0.1:4242", "aes-gcm", "unverified"),
    StatusBar("alice", True, True, "127.0.0.1:17280", "bob", "direct 127.0.0.1:4242", "aes-gcm", "verified"),
    StatusBar(
        "alice", True, True, "127.0.0.1:17280", "bob", "direct 127.0.0.1:4242", "aes-gcm", "unverified", "carol", 42, 3
    ),
    Goodbye(),
)
"""Every kind of event, in the order of a session, on both sides of it."""

# fmt: off
HOSTILE_PIECES = (
    "\x1b[31m", "\x1b]52;c;aGk=\x07", "\x1b]8;;http://evil\x1b\\", "\x9b2J", "\r", "\n", "\r\n", "\t", "\x00", "\x7f",
    "\u202e", "\u2066", "\u200b", "\u200d", "\u200c", "\u2028", "\u2029", "\ufeff", "\u00ad", "\ufe0f", "\u0903",
    "\u0301" * 12, "\ud800", "\U000e0041", "\U0010eeee", "\u3164", "\u115f", "🏴\U000e0067\U000e0062\U000e0065",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "👩‍👩‍👧", "🏽", "🇩🇪", "1️⃣", "中文字", "ᄒᄒᄒ",
    "한", "می\u200cخواهم", "क्\u200dष", "{e.peer}", "{", "%s", "\\x1b", "<", ">", "You > sho", "x" * 100, " ",
)
# fmt: on

hostile_text = st.lists(st.sampled_from(HOSTILE_PIECES) | st.text(st.characters(), max_size=4), max_size=8).map("".join)
"""Text that somebody else controls."""


def _of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field."""
    if hint is str:
        return hostile_text
    if hint is int:
        return st.integers(0, 2**63)
    if hint is float:
        return st.floats(0, 1e9)
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of([_of(choice) for choice in get_args(hint)])
    if get_origin(hint) is tuple:
        first, *rest = get_args(hint)
        return st.lists(_of(first), max_size=3).map(tuple) if rest == [...] else st.tuples(_of(first), *map(_of, rest))
    return events_of(hint) if dataclasses.is_dataclass(hint) else st.from_type(hint)


def events_of(kind: Any) -> st.SearchStrategy[Any]:
    """Events of one kind."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: _of(hints[each.name]) for each in dataclasses.fields(kind)})


hostile_events: st.SearchStrategy[ScreenEvent] = st.one_of([events_of(kind) for kind in SCREEN_EVENT_TYPES])
"""Events of every kind, with hostile text in every field that holds any."""


def filled(kind: type[Any], text: str) -> Any:
    """An event of a kind with this text wherever somebody else's may stand, and large numbers."""
    hints = get_type_hints(kind)
    return kind(**{each.name: _filled(hints[each.name], text) for each in dataclasses.fields(kind)})


def _filled(hint: Any, text: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(choice for choice in get_args(hint) if choice is not type(None))
    if get_origin(hint) is tuple:
        first, *rest = get_args(hint)
        return tuple(_filled(each, text) for each in ([first] * 3 if rest == [...] else [first, *rest]))
    if dataclasses.is_dataclass(hint):
        return filled(hint, text)  # type: ignore[arg-type]
    return {str: text, int: 2**40, float: 1e9, bool: True}[hint]
