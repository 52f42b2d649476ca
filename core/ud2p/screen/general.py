"""What can be shown anywhere: notices, errors, tables, the status bar."""

from __future__ import annotations

from dataclasses import dataclass, field

from ud2p.screen.gating import MULTILINE


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know, in a sentence or some lines."""

    text: str = field(metadata=MULTILINE)


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
    kinds: tuple[str, ...] = ()
    """What it is, by its hooks: ``cipher``, ``gatekeeper`` and so on."""
    file: str = ""
    """Where it is, of a single-file plugin."""


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
