"""Who a peer is: words to compare, keys that changed, introductions that fail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerifyQuestion:
    """The words of the chat, to be compared by voice or in person; the user answers whether they match."""

    peer: str
    words: tuple[str, ...]
    """Four of them."""


@dataclass(frozen=True, slots=True)
class WordsMatched:
    """The user said that the words match: the peer is verified."""

    peer: str


@dataclass(frozen=True, slots=True)
class WordsDiffer:
    """The user said that the words differ: the chat is over."""

    peer: str


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """The peer showed another key than the one that is known; no chat was opened."""

    peer: str
    known: str
    """The fingerprint that is known."""
    shown: str
    """The fingerprint of the key that was shown now."""
    trust: str
    """What the known one was: ``verified`` or ``unverified``."""
    command: str
    """What to type to take the new key for the peer's from now on."""


@dataclass(frozen=True, slots=True)
class FailuresWarning:
    """Introductions with somebody failed in a row; shown before another one is begun."""

    peer: str
    failures: int
    """How many; at least three."""
