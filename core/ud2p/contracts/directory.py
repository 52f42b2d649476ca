"""The directory contract: where a broker keeps who is connected and Online, and which identity owns which name.

Names are unique without regard to case; pages are ordered by the casefolded name, so that a cursor stays
valid while people come and go. Presence ends with the connections; names are owned for good. A directory may leave
the names to the broker, which keeps them in a file of its own. Provisional: ``memory`` is the only built-in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """One connected client."""

    name: str
    online: bool
    address: str
    """``IP:port`` of its broker connection."""
    route: str
    """Opaque words by which its broker finds the connection; equal means the same connection."""


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """Part of a listing."""

    entries: tuple[Entry, ...]
    cursor: str | None
    """Where the next page begins, None at the end."""
    total: int
    """How many entries match in all."""


class Directory(Protocol):
    """Presence. Every call may be made concurrently from one event loop."""

    async def put(self, entry: Entry) -> bool:
        """Add an entry.

        :returns: False, changing nothing, when its name is taken
        """
        ...

    async def remove(self, name: str, route: str) -> bool:
        """Remove the entry, if it still belongs to ``route``.

        :returns: whether it was there
        """
        ...

    async def set_status(self, name: str, route: str, online: bool) -> bool:
        """Change the status, if the entry still belongs to ``route``.

        :returns: whether it was there
        """
        ...

    async def find(self, name: str) -> Entry | None:
        """The entry of that name, without regard to case."""
        ...

    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        """Entries whose name begins with ``prefix`` (without regard to case), ordered by casefolded name.

        :param cursor: empty for the first page, else the cursor of the page before
        :param limit: 1 to 500 entries
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class Claim(Enum):
    """What became of a name that an identity wants."""

    OWNED = "owned"
    """It is this identity's, now or since long."""
    TAKEN = "taken"
    """It is another's."""
    TOO_MANY = "too-many"
    """It is free, and this identity owns as many as it may."""
    FULL = "full"
    """It is free, and as many are owned as may be."""


class NameStore(Protocol):
    """Which identity owns which name, without regard to case. What is here outlives the broker, and nothing else of a
    client is kept beside it. Every call may be made concurrently from one event loop."""

    async def owner(self, name: str) -> bytes | None:
        """Who owns a name: a public Ed25519 key, 32 bytes; None of a free one."""
        ...

    async def claim(self, name: str, owner: bytes, *, most: int, most_in_all: int) -> Claim:
        """Take a name that is free, within the limits; of two who claim it at once one gets it.

        :param owner: a public Ed25519 key, 32 bytes
        :param most: how many names one owner may have
        :param most_in_all: how many names may be owned
        """
        ...

    async def release(self, name: str) -> bool:
        """Make a name free.

        :returns: whether it was owned
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds; what it keeps stays."""
        ...


@dataclass(frozen=True, slots=True)
class DirectoryInfo:
    """What a plugin registers for a directory."""

    name: str
    make: Callable[[], Directory]
    summary: str = ""
    never_waits: bool = False
    """Promises that no call ever suspends; a broker then asks without a task for each question."""
    names: Callable[[], NameStore] | None = None
    """Where names are owned; None leaves that to the broker."""
