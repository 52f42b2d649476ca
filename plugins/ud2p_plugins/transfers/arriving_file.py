"""A file that arrives, and what becomes of it when it does not arrive whole: kept for another time, or removed."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.folder import Folder
from ud2p_plugins.transfers.journal import Journal, Part
from ud2p_plugins.transfers.part_file import PartFile


class ArrivingFile:
    """The part that an earlier transfer of the same file by the same sender left, or a new one, in the journal."""

    def __init__(self, folder: Folder, path: str, name: str, size_bytes: int, peer_key: str) -> None:
        """
        :param path: the folder's, absolute
        :param name: checked already
        :param peer_key: the sender's fingerprint; empty where nothing is to be kept
        :raises TransferFailed: when there is no room for it, or the folder can't be written
        """
        self._journal = Journal()
        self._entry: Part | None = None
        self.how = ""
        """What a person should know of how it came."""
        found = self._find(folder, path, name, size_bytes, peer_key) if peer_key else None
        self.part = found or PartFile(folder, name, size_bytes)
        if self._entry is None and peer_key and size_bytes:
            entry = self.part.entry(peer_key, path, size_bytes)
            self._entry = entry if self._journal.add(entry) else None
        self.is_kept = self._entry is not None
        """Whether it may be gone on with should it not arrive whole."""

    def goes_on(self) -> None:
        """What is here is the beginning of the sender's file."""
        self.how = f", went on from {self.part.size_bytes / 1e6:,.1f} MB"

    def start_over(self) -> None:
        """What is here is not the beginning of the sender's file.

        :raises TransferFailed: when the disk does not let go of it
        """
        self.part.start_over()
        self.how = ", started over: the file has changed since its unfinished part came"

    def publish(self) -> str:
        """See :meth:`PartFile.publish`."""
        name = self.part.publish()
        self._forget()
        return name

    def close(self) -> None:
        """Keep what is worth it, remove the rest. Never raises; twice is once."""
        if self.is_kept and self.part.size_bytes:
            self.part.keep()
        else:
            self.part.discard()
            self._forget()

    def _find(self, folder: Folder, path: str, name: str, size_bytes: int, peer_key: str) -> PartFile | None:
        for entry in self._journal.find(peer_key, name, size_bytes, path):
            part = PartFile.reopen(folder, entry)
            if part is not None:
                self._entry = entry
                return part
        return None

    def _forget(self) -> None:
        if self._entry is not None:
            self._journal.remove(self._entry)
            self._entry = None
        self.is_kept = False


def discard_all() -> list[Path]:
    """Remove every part in the journal that is still what it was and that nobody is at.

    :returns: what was removed
    """
    journal, removed = Journal(), []
    for entry in journal.parts():
        try:
            folder = Folder(Path(entry.folder))
        except TransferFailed:  # The folder is gone, or on a disk that is not there now.
            continue
        with contextlib.closing(folder):
            part = PartFile.reopen(folder, entry, needs_room=False)
            if part is not None:
                part.discard()
                removed.append(Path(entry.folder, entry.part))
                journal.remove(entry)
    return removed
