"""What happens around the menu: being connected, our status, who else is there."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class StatusChoice:
    """What :class:`~ud2p.screen.prompts.ChooseStatusPrompt` is about to ask; shown right before it. A theme that
    asks it all in the prompt shows nothing here."""
