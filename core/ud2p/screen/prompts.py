"""Prompts: each is shown as one line whose last span ends with a space; typing goes on behind it."""

from __future__ import annotations

from dataclasses import dataclass


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
class RetryPrompt:
    """Another introduction (y), or none? Follows a :class:`~ud2p.screen.trust.FailuresWarning`."""

    peer: str


@dataclass(frozen=True, slots=True)
class ChooseStatusPrompt:
    """Online (1) or Offline (2)? Follows a :class:`~ud2p.screen.menu.StatusChoice`."""
