"""What gatekeeper hooks are asked, and what they may answer. The strictest answer of all plugins wins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Veto:
    """The message must not leave; ``reason`` is shown to the user who typed it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The broker must refuse; ``reason`` is sent to the client as a sentence."""

    reason: str


class Decision(Enum):
    """What to do with an invitation; DECLINE is stricter than ASK, ASK than ACCEPT."""

    ACCEPT = "accept"
    ASK = "ask"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class InvitationRequest:
    """Somebody wants to chat with this client."""

    peer: str


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A client wants to log in to this broker."""

    name: str
    address: str
    """``IP:port`` that it comes from."""


@dataclass(frozen=True, slots=True)
class InviteRequest:
    """A client of this broker wants to invite another."""

    inviter: str
    target: str
