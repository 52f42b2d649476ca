"""Which files and folders may be offered and written together.

Both sides check: the sender before it offers, the receiver before its user is asked. Every name keeps the rules of
:mod:`ud2p.names`, so that no path leaves the folder that it is written to; a folder stands before what is in it, and no
two paths are the same where upper and lower case are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from ud2p.contracts import FileEntry
from ud2p.errors import UnsafeName
from ud2p.names import check_file_name
from ud2p.text import gate, truncate

MAX_ENTRIES = 20_000
"""Files and folders of one offer: ten thousand files, and the folders that they are in."""
MAX_DEPTH = 32
"""Names in one path."""
MAX_TOTAL_BYTES = 2**62 - 1


class EntryRules:
    """Checks the entries of one offer, one after the other."""

    def __init__(self) -> None:
        self._folders: set[str] = set()
        self._taken: set[str] = set()
        self._total_bytes = 0

    def check(self, entry: FileEntry) -> FileEntry:
        """The entry with its path in Unicode's composed form, if it may stand behind those that were checked before.

        :raises UnsafeName: with a sentence that is fit to be shown
        """
        folder, slash, name = entry.path.rpartition("/")
        name = check_file_name(name)
        if slash and folder not in self._folders:
            raise UnsafeName(f"{_shown(entry.path)} is in a folder that is not offered; send the folder")
        path = f"{folder}/{name}" if folder else name
        if path.count("/") >= MAX_DEPTH:
            raise UnsafeName(f"{_shown(path)} is more than {MAX_DEPTH} folders deep; send a folder that is in it")
        self._count(path, entry)
        return entry if path == entry.path else dataclasses.replace(entry, path=path)

    def _count(self, path: str, entry: FileEntry) -> None:
        same = path.casefold()
        if same in self._taken:
            raise UnsafeName(f"there are two of {_shown(path)}, if upper and lower case are the same; rename one")
        self._taken.add(same)
        if len(self._taken) > MAX_ENTRIES:
            raise UnsafeName(f"it is more than {MAX_ENTRIES:,} files and folders; send an archive of them")
        if entry.is_folder:
            self._folders.add(path)
        self._total_bytes += entry.size_bytes
        if not 0 <= entry.size_bytes <= self._total_bytes <= MAX_TOTAL_BYTES or (entry.is_folder and entry.size_bytes):
            raise UnsafeName(f"{_shown(path)} has an impossible size")


def check_entries(entries: Sequence[FileEntry]) -> list[FileEntry]:
    """All entries of an offer, as :meth:`EntryRules.check` returns them."""
    rules = EntryRules()
    return [rules.check(entry) for entry in entries]


def _shown(path: str) -> str:
    return f'"{truncate(gate(path), 80)}"'
