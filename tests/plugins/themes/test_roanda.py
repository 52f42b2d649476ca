from __future__ import annotations

from tests.support.seed_words import OwnThemeConformance

from ud2p.rendering import safe_render
from ud2p.screen import (
    ChatHeading,
    ChatOver,
    ChatPrompt,
    CheckedIn,
    ChooseClientPrompt,
    ChooseStatusPrompt,
    ClientList,
    FileNamePrompt,
    FileSending,
    FileSent,
    Goodbye,
    InvitationArrived,
    ListedPerson,
    Menu,
    MenuPrompt,
    OfflineRefusal,
    OwnMessage,
    PeerMessage,
    ScreenEvent,
    StatusChoice,
    StatusShown,
    Updating,
    UsernamePrompt,
    WaitingForAnswer,
    Welcome,
)
from ud2p.testing.terminal import plain_text
from ud2p_plugins.themes import roanda
from ud2p_plugins.themes.roanda import Roanda

BOB = ListedPerson(1, "bob", True, "127.0.0.1:55687", "")

# The design's walk, with the event behind each line and what is typed at a prompt.
WALK: tuple[tuple[ScreenEvent, str], ...] = (
    (UsernamePrompt(), "alice"),
    (Welcome("127.0.0.1", 17280, "alice"), ""),
    (Menu(True), ""),
    (MenuPrompt(True), "1"),
    (Updating(), ""),
    (ClientList((BOB,), 1, more=False, only_available=False), ""),
    (MenuPrompt(True), "3"),
    (StatusChoice(), ""),
    (ChooseStatusPrompt(), "2"),
    (StatusShown(False), ""),
    (MenuPrompt(False), "connect bob"),
    (OfflineRefusal(), ""),
    (MenuPrompt(False), "2"),
    (ClientList((BOB,), 1, more=False, only_available=True), ""),
    (ChooseClientPrompt(), "1"),
    (WaitingForAnswer("bob"), ""),
    (InvitationArrived("alice", "127.0.0.1:55686", 60), ""),
    (CheckedIn(), ""),
    (ChatHeading("bob", "direct 127.0.0.1:4242", "aes-gcm", "unverified"), ""),
    (OwnMessage("sho", True), ""),
    (PeerMessage("bob", "Awe Gee"), ""),
    (ChatPrompt("bob"), "sendf"),
    (FileNamePrompt(), "Von.mp3"),
    (FileSending("bob", "Von.mp3", 5_300_000), ""),
    (FileSent("Von.mp3", 5_300_000, 1.2, "direct"), ""),
    (ChatPrompt("bob"), "X"),
    (ChatOver("bob", ""), ""),
    (StatusShown(True), ""),
    (MenuPrompt(True), "4"),
    (Goodbye(), ""),
)

SHOWN = """\
Enter your username: alice
Connected to server (host: 127.0.0.1, port: 17280)
List of commands
<<Online>>
1. List available clients
2. Connect to a client
3. Change active status
4. Exit
ud2p> 1
List of clients connected to server:
1. bob     Online   127.0.0.1:55687
ud2p> 3
Choose active status (1) Online (2) Offline: 2
<<Offline>>
ud2p> connect bob
You cannot connect to another client while offline
ud2p> 2
Clients available for connection:
1. bob
Enter the number of the client to connect to (or Q to cancel): 1
Waiting for bob to accept/decline...
alice wants to chat. Accept (Y) / decline (N)?
Checked in with server, waiting for peer...
Connected to bob!  direct, aes-gcm, unverified
Note: (1) To send a file type sendf (2) To exit chat, type X
You > sho ✓
Awe Gee < bob
You > sendf
Enter filename > Von.mp3
File sent ✓  5.30 MB, 1.2 s, direct
You > X
<<Online>>
ud2p> 4
"""


class TestRoandaConforms(OwnThemeConformance):
    info = roanda.ud2p_register_themes()[0]


def test_it_is_registered() -> None:
    (info,) = roanda.ud2p_register_themes()
    assert info.name == "roanda"
    assert isinstance(info.make(), Roanda)


def test_the_walk_is_the_designs_word_for_word() -> None:
    shown = ""
    for event, typed in WALK:
        lines = safe_render(Roanda(), event, 80).lines
        shown += plain_text(lines) + (f"{typed}\n" if lines else "")
    assert shown == SHOWN
