"""Invitations, both ways, until both have said yes."""

from __future__ import annotations

from dataclasses import dataclass


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
    failures: int = 0
    """How many introductions with this name failed in a row; 0 where that is nothing to be warned of."""


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
