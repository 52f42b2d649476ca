"""All kinds of screen events, and what holds them together. Importing this module imports every one."""

from __future__ import annotations

from typing import TypeAlias, get_args

from ud2p.screen.broker import BrokerDown, BrokerGoodbye, BrokerUp
from ud2p.screen.chat import (
    ChatFailed,
    ChatHeading,
    ChatOver,
    MessageDelivered,
    MessageNotSent,
    OwnMessage,
    PeerHeard,
    PeerMessage,
    PeerSilent,
)
from ud2p.screen.files import (
    FileFailed,
    FileQuestion,
    FileReceived,
    FileReceiving,
    FileSending,
    FileSent,
    FilesThrough,
    FileWaiting,
    FileWithdrawn,
)
from ud2p.screen.gating import gated
from ud2p.screen.general import ErrorShown, Goodbye, HelpList, Notice, PluginRow, PluginTable, StatusBar, ThemeList
from ud2p.screen.invitations import CheckedIn, InvitationArrived, InvitationOver, WaitingForAnswer
from ud2p.screen.menu import (
    ClientList,
    ListedPerson,
    Menu,
    OfflineRefusal,
    StatusChoice,
    StatusShown,
    Updating,
    Welcome,
)
from ud2p.screen.prompts import (
    ChatPrompt,
    ChooseClientPrompt,
    ChooseStatusPrompt,
    FileNamePrompt,
    MenuPrompt,
    RetryPrompt,
    UsernamePrompt,
)
from ud2p.screen.trust import FailuresWarning, KeyChanged, VerifyQuestion, WordsDiffer, WordsMatched

Prompt: TypeAlias = (
    MenuPrompt | ChatPrompt | FileNamePrompt | UsernamePrompt | ChooseClientPrompt | ChooseStatusPrompt | RetryPrompt
)

ScreenEvent: TypeAlias = (
    Prompt
    | Welcome
    | Menu
    | StatusShown
    | StatusChoice
    | Updating
    | ClientList
    | OfflineRefusal
    | WaitingForAnswer
    | InvitationArrived
    | InvitationOver
    | CheckedIn
    | ChatHeading
    | ChatFailed
    | OwnMessage
    | MessageDelivered
    | MessageNotSent
    | PeerMessage
    | PeerSilent
    | PeerHeard
    | ChatOver
    | VerifyQuestion
    | WordsMatched
    | WordsDiffer
    | KeyChanged
    | FailuresWarning
    | FileQuestion
    | FileWithdrawn
    | FileWaiting
    | FileSending
    | FileReceiving
    | FileSent
    | FilesThrough
    | FileReceived
    | FileFailed
    | BrokerDown
    | BrokerUp
    | BrokerGoodbye
    | Notice
    | ErrorShown
    | HelpList
    | PluginTable
    | ThemeList
    | StatusBar
    | Goodbye
)

PROMPT_TYPES: tuple[type[Prompt], ...] = get_args(Prompt)
"""Every kind of prompt."""

SCREEN_EVENT_TYPES: tuple[type[ScreenEvent], ...] = get_args(ScreenEvent)
"""Every kind of screen event, prompts included."""

__all__ = [
    "PROMPT_TYPES",
    "SCREEN_EVENT_TYPES",
    "BrokerDown",
    "BrokerGoodbye",
    "BrokerUp",
    "ChatFailed",
    "ChatHeading",
    "ChatOver",
    "ChatPrompt",
    "CheckedIn",
    "ChooseClientPrompt",
    "ChooseStatusPrompt",
    "ClientList",
    "ErrorShown",
    "FailuresWarning",
    "FileFailed",
    "FileNamePrompt",
    "FileQuestion",
    "FileReceived",
    "FileReceiving",
    "FileSending",
    "FileSent",
    "FileWaiting",
    "FileWithdrawn",
    "FilesThrough",
    "Goodbye",
    "HelpList",
    "InvitationArrived",
    "InvitationOver",
    "KeyChanged",
    "ListedPerson",
    "Menu",
    "MenuPrompt",
    "MessageDelivered",
    "MessageNotSent",
    "Notice",
    "OfflineRefusal",
    "OwnMessage",
    "PeerHeard",
    "PeerMessage",
    "PeerSilent",
    "PluginRow",
    "PluginTable",
    "Prompt",
    "RetryPrompt",
    "ScreenEvent",
    "StatusBar",
    "StatusChoice",
    "StatusShown",
    "ThemeList",
    "Updating",
    "UsernamePrompt",
    "VerifyQuestion",
    "WaitingForAnswer",
    "Welcome",
    "WordsDiffer",
    "WordsMatched",
    "gated",
]
