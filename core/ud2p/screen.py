"""Everything the shell shows, as values: what happened, never how it looks. Themes turn them into lines.

The shell makes an event from whatever it knows, with names, messages and reasons as they came, and
:func:`gated` passes every string in it through the one gate (:func:`ud2p.text.gate`). Fields marked
``_MULTILINE`` may hold newlines; all others come out as one line.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, get_args

from ud2p.text import gate

_MULTILINE = {"multiline": True}
"""Metadata of a field of text that may have several lines."""


# --- the menu ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """The broker knows us: "Connected to server"."""

    host: str
    port: int
    name: str
    """Our own name there."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The list of commands, 1 to 4, under our status."""

    online: bool


@dataclass(frozen=True, slots=True)
class StatusShown:
    """We are Online or Offline now."""

    online: bool


@dataclass(frozen=True, slots=True)
class Updating:
    """A list was asked for and is on its way."""


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One line of :class:`ClientList`."""

    number: int
    """What the user types to mean this person; counts on over pages."""
    name: str
    online: bool
    address: str | None
    """``IP:port``, where the broker shows addresses."""
    trust: str
    """``unverified`` and the like; empty when nothing is known."""


@dataclass(frozen=True, slots=True)
class ClientList:
    """A page of the people at the broker; ``people`` is empty when there is nobody."""

    people: tuple[ListedPerson, ...]
    total: int
    """How many there are in all, over all pages."""
    more: bool
    """Whether another page follows."""
    only_available: bool
    """True for those who can be connected to (Online), False for everybody."""
    prefix: str = ""
    """What the names were asked to begin with."""


@dataclass(frozen=True, slots=True)
class OfflineRefusal:
    """We tried to connect to somebody while Offline."""


# --- prompts: one line each, whose last span ends with a space -----------------------------------------------


@dataclass(frozen=True, slots=True)
class MenuPrompt:
    """Where commands are typed."""

    online: bool


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """Where messages are typed."""

    peer: str


@dataclass(frozen=True, slots=True)
class FileNamePrompt:
    """Which file to send?"""


@dataclass(frozen=True, slots=True)
class UsernamePrompt:
    """Who are you? (on the first start)"""


@dataclass(frozen=True, slots=True)
class ChooseClientPrompt:
    """Which number of the list to connect to?"""


@dataclass(frozen=True, slots=True)
class ChooseStatusPrompt:
    """Online (1) or Offline (2)? The only prompt that may have lines above its last one."""


# --- invitations ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaitingForAnswer:
    """We invited ``peer``, who has not answered yet."""

    peer: str


@dataclass(frozen=True, slots=True)
class InvitationArrived:
    """Somebody wants to chat with us."""

    peer: str
    address: str | None
    """``IP:port``, where the broker shows addresses."""
    expires_s: int
    """Seconds left to answer."""


@dataclass(frozen=True, slots=True)
class InvitationOver:
    """An invitation came to nothing."""

    peer: str
    reason: str
    """The wire's word: ``declined``, ``expired``, ``withdrawn``, ``gone``, ``offline``, ``broker-lost``, ..."""
    outgoing: bool
    """True for ours to ``peer``, False for theirs to us."""
    text: str
    """The other side's own words, or a sentence; may be empty."""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """Both said yes; the way to the peer is being made."""


# --- a chat --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChatHeading:
    """A chat is open."""

    peer: str
    path: str
    """``direct 127.0.0.1:4242`` or another way."""
    cipher: str
    trust: str
    """``unverified`` and the like."""


@dataclass(frozen=True, slots=True)
class ChatFailed:
    """Both said yes, and no chat came of it."""

    peer: str
    reason: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """What we wrote."""

    text: str = field(metadata=_MULTILINE)
    delivered: bool | None
    """True: the peer has it (a tick); False: it is on its way; None: say nothing of it."""


@dataclass(frozen=True, slots=True)
class MessageDelivered:
    """A message that was shown as being on its way has arrived."""

    text: str = field(metadata=_MULTILINE)


@dataclass(frozen=True, slots=True)
class MessageNotSent:
    """A message of ours was not let out, or the chat ended before the peer had it."""

    reason: str
    """A sentence."""
    text: str = field(metadata=_MULTILINE)


@dataclass(frozen=True, slots=True)
class PeerMessage:
    """What the peer wrote."""

    peer: str
    text: str = field(metadata=_MULTILINE)


@dataclass(frozen=True, slots=True)
class PeerSilent:
    """Nothing was heard from the peer for a while; it is still tried."""

    peer: str
    silent_s: int
    lost: bool
    """False at first, True when there is little hope."""


@dataclass(frozen=True, slots=True)
class PeerHeard:
    """The peer is heard again."""

    peer: str


@dataclass(frozen=True, slots=True)
class ChatOver:
    """The chat has ended."""

    peer: str
    reason: str
    """A sentence; empty when we left ourselves."""


# --- files ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """The peer offers a file; the next line y or n answers."""

    peer: str
    name: str
    size_bytes: int
    into: str
    """The folder it would be written to."""
    exists: bool
    """Whether a file of that name is there already (it is never overwritten)."""


@dataclass(frozen=True, slots=True)
class FileWithdrawn:
    """A file that was offered to us can't be accepted any more."""

    peer: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileSending:
    """A file of ours is on its way."""

    peer: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileReceiving:
    """A file of the peer's is on its way."""

    peer: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileSent:
    """The peer has the whole file."""

    name: str
    size_bytes: int
    seconds: float
    route: str
    """``direct`` or what else a person should know of the way."""


@dataclass(frozen=True, slots=True)
class FileReceived:
    """We have the whole file."""

    name: str
    path: str
    """Where it is now."""
    size_bytes: int
    seconds: float
    route: str


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file did not get through, or was refused."""

    name: str
    reason: str
    sent: bool
    """True for one of ours, False for one of the peer's."""


# --- the broker ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BrokerDown:
    """The connection to the broker ended; it is tried again, chats go on."""

    reason: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class BrokerUp:
    """The broker is back."""


@dataclass(frozen=True, slots=True)
class BrokerGoodbye:
    """The broker sent us away for good."""

    reason: str


# --- all around ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know, in a sentence or some lines."""

    text: str = field(metadata=_MULTILINE)


@dataclass(frozen=True, slots=True)
class ErrorShown:
    """Something did not work; ``text`` says what to do."""

    text: str


@dataclass(frozen=True, slots=True)
class HelpList:
    """The commands, each with its summary."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PluginRow:
    """One line of :class:`PluginTable`."""

    name: str
    distribution: str
    version: str
    state: str
    """``on``, ``off`` or ``failed``."""
    registers: tuple[str, ...]
    """Such as ``cipher aes-gcm``."""
    problem: str = ""
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class PluginTable:
    """The plugins that were found."""

    rows: tuple[PluginRow, ...]


@dataclass(frozen=True, slots=True)
class ThemeList:
    """The themes, each with its summary."""

    themes: tuple[tuple[str, str], ...]
    current: str


@dataclass(frozen=True, slots=True)
class StatusBar:
    """The row below the input: one line."""

    name: str
    online: bool
    connected: bool
    """Whether the broker is there."""
    broker: str
    """``host:port``."""
    chat: str | None = None
    """The peer of the chat on the screen; the next three fields are about it."""
    path: str = ""
    cipher: str = ""
    trust: str = ""
    invitation: str | None = None
    """Who waits for our answer."""
    invitation_s: int = 0
    """Seconds left to answer."""
    undelivered: int = 0
    """Messages that the peer has not acknowledged yet."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The shell ends."""


Prompt: TypeAlias = MenuPrompt | ChatPrompt | FileNamePrompt | UsernamePrompt | ChooseClientPrompt | ChooseStatusPrompt

ScreenEvent: TypeAlias = (
    Prompt
    | Welcome
    | Menu
    | StatusShown
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
    | FileQuestion
    | FileWithdrawn
    | FileSending
    | FileReceiving
    | FileSent
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

_E = TypeVar("_E")


def gated(event: _E) -> _E:
    """The same event with every string in it, however deep, passed through the gate. Idempotent."""
    changes = {
        each.name: _gated_value(getattr(event, each.name), bool(each.metadata.get("multiline")))
        for each in dataclasses.fields(event)  # type: ignore[arg-type]  # every screen event is a dataclass
    }
    return dataclasses.replace(event, **changes)  # type: ignore[type-var]


def _gated_value(value: Any, multiline: bool) -> Any:
    if isinstance(value, str):
        return gate(value, multiline=multiline)
    if isinstance(value, tuple):
        return tuple(_gated_value(item, multiline) for item in value)
    return gated(value) if dataclasses.is_dataclass(value) else value
