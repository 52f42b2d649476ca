"""The directory contract: where a broker keeps who is connected and Online.

Names are unique without regard to case; pages are ordered by the casefolded name, so that a cursor stays
valid while people come and go. Provisional: ``memory`` is the only built-in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class DirectoryInfo:
    """What a plugin registers for a directory."""

    name: str
    make: Callable[[], Directory]
    summary: str = ""
    never_waits: bool = False
    """Promises that no call ever suspends; a broker then asks without a task for each question."""
