"""The directory ``memory``: a broker's presence in its own process.

Beside the entries by casefolded name stand two sorted lists, of everybody and of those who are Online, so that a page
costs two binary searches and a slice however many are connected. Keeping a list sorted moves its tail: 25 µs at
100,000 names. A cursor is the last name of the page before; it stays good when that one leaves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import replace

from ud2p.contracts.directory import DirectoryInfo, DirectoryPage, Entry
from ud2p.hookspecs import impl

_AFTER_ALL = "\U0010ffff"


class MemoryDirectory:
    """Keeps :class:`ud2p.Directory`; everything ends with the process. None of its calls ever waits."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._everybody: list[str] = []
        self._online: list[str] = []

    async def put(self, entry: Entry) -> bool:
        """See :meth:`ud2p.Directory.put`."""
        key = entry.name.casefold()
        if key in self._entries:
            return False
        self._entries[key] = entry
        insort(self._everybody, key)
        if entry.online:
            insort(self._online, key)
        return True

    async def remove(self, name: str, route: str) -> bool:
        """See :meth:`ud2p.Directory.remove`."""
        key = name.casefold()
        entry = self._entries.get(key)
        if entry is None or entry.route != route:
            return False
        del self._entries[key]
        _discard(self._everybody, key)
        if entry.online:
            _discard(self._online, key)
        return True

    async def set_status(self, name: str, route: str, online: bool) -> bool:
        """See :meth:`ud2p.Directory.set_status`."""
        key = name.casefold()
        entry = self._entries.get(key)
        if entry is None or entry.route != route:
            return False
        if entry.online is not online:
            self._entries[key] = replace(entry, online=online)
            if online:
                insort(self._online, key)
            else:
                _discard(self._online, key)
        return True

    async def find(self, name: str) -> Entry | None:
        """See :meth:`ud2p.Directory.find`."""
        return self._entries.get(name.casefold())

    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        """See :meth:`ud2p.Directory.page`."""
        names = self._online if only_online else self._everybody
        first, end = 0, len(names)
        if prefix:
            prefix = prefix.casefold()
            first, end = bisect_left(names, prefix), bisect_left(names, prefix + _AFTER_ALL)
        start = max(first, bisect_right(names, cursor)) if cursor else first
        keys = names[start : min(start + limit, end)]
        is_last = start + limit >= end
        entries = tuple([self._entries[key] for key in keys])
        return DirectoryPage(entries, None if is_last else keys[-1], end - first)

    async def close(self) -> None:
        """See :meth:`ud2p.Directory.close`."""
        self._entries.clear()
        self._everybody.clear()
        self._online.clear()


def _discard(names: list[str], name: str) -> None:
    """Take a name out of a sorted list that holds it."""
    del names[bisect_left(names, name)]


@impl
def ud2p_register_directories() -> Sequence[DirectoryInfo]:
    """The directory ``memory``."""
    return [
        DirectoryInfo("memory", MemoryDirectory, "in the broker's own process, gone when it ends", never_waits=True)
    ]
