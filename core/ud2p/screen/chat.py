"""A chat: its messages and how the peer is heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from ud2p.screen.gating import MULTILINE


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
    """What we wrote: a message, or a line of the chat that was none (``X``, ``sendf``, a command, an answer)."""

    text: str = field(metadata=MULTILINE)
    delivered: bool | None
    """True: the peer has it (a tick); False: it is on its way; None: it was no message."""


@dataclass(frozen=True, slots=True)
class MessageDelivered:
    """A message that was shown as being on its way has arrived."""

    text: str = field(metadata=MULTILINE)


@dataclass(frozen=True, slots=True)
class MessageNotSent:
    """A message of ours was not let out, or the chat ended before the peer had it."""

    reason: str
    """A sentence."""
    text: str = field(metadata=MULTILINE)


@dataclass(frozen=True, slots=True)
class PeerMessage:
    """What the peer wrote."""

    peer: str
    text: str = field(metadata=MULTILINE)


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
