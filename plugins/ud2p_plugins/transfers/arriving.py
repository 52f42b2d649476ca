"""What arrives, and what becomes of it when it does not arrive whole: kept for another time, or removed."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Protocol

from ud2p.contracts import FileEntry, FileOffer
from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.folder import Folder
from ud2p_plugins.transfers.journal import Journal, Part, entries_hash
from ud2p_plugins.transfers.part_file import PartFile, reopen_file
from ud2p_plugins.transfers.part_tree import PartTree, reopen_staging

STILL_COMES_S = 1.0
"""So long without a byte, and a transfer gives way to another one of the same files."""
CLOSES_WITHIN_S = 5.0


class Unfinished(Protocol):
    """A :class:`PartFile` or a :class:`PartTree`: what has come so far, and what can be done with it."""

    size_bytes: int

    def journal_entry(self, peer_key: str, folder: str) -> Part: ...
    def digest(self, stop: Callable[[], None]) -> bytes: ...
    def start_over(self) -> None: ...
    def write(self, data: memoryview) -> None: ...
    def take_done(self) -> list[FileEntry]: ...
    def publish(self) -> str: ...
    def keep(self) -> None: ...
    def discard(self) -> None: ...
    def path_of(self, name: str) -> Path: ...


class Arriving:
    """What an earlier transfer of the same files by the same sender left, or something new, in the journal."""

    _running: ClassVar[dict[tuple[int, int], Arriving]] = {}
    """Those of this program that may be gone on with, by the device and inode of their part."""

    def __init__(
        self, folder: Folder, path: str, offer: FileOffer, peer_key: str, give_way: Callable[[], None]
    ) -> None:
        """
        :param path: the folder's, absolute
        :param offer: its entries are checked already
        :param peer_key: the sender's fingerprint; empty where nothing is to be kept
        :param give_way: ends the transfer for another one; for any thread
        :raises TransferFailed: when there is no room for it, or the folder can't be written
        """
        self._give_way = give_way
        self._closed = threading.Event()
        self._journal = Journal()
        self._entry: Part | None = None
        self.how = ""
        """What a person should know of how it came."""
        found = self._find(folder, path, offer, peer_key) if peer_key else None
        self.part = found or _begin(folder, offer)
        if self._entry is None and peer_key and offer.size_bytes:
            entry = self.part.journal_entry(peer_key, path)
            self._entry = entry if self._journal.add(entry) else None
        self.is_kept = self._entry is not None
        """Whether it may be gone on with should it not arrive whole."""
        if self._entry is not None:
            self._running[self._entry.device, self._entry.inode] = self

    def goes_on(self) -> None:
        """What is here is the beginning of what the sender has."""
        self.how = f", went on from {self.part.size_bytes / 1e6:,.1f} MB"

    def start_over(self) -> None:
        """What is here is not the beginning of what the sender has.

        :raises TransferFailed: when the disk does not let go of it
        """
        self.part.start_over()
        self.how = ", started over: it has changed since its unfinished part came"

    def publish(self) -> str:
        """See :meth:`PartFile.publish`."""
        name = self.part.publish()
        self._forget()
        return name

    def close(self) -> None:
        """Keep what is worth it, remove the rest. Never raises; twice is once."""
        if self.is_kept and self.part.size_bytes:
            self._stop_running()
            self.part.keep()
        else:
            self.part.discard()
            self._forget()
        self._closed.set()

    def give_way(self) -> None:
        """End this transfer for one of the same files that has begun, unless bytes still come: their sender may have
        been killed, and this end waits for it in vain."""
        had_bytes = self.part.size_bytes
        if self._closed.wait(STILL_COMES_S) or self.part.size_bytes > had_bytes:
            return
        self._give_way()
        self._closed.wait(CLOSES_WITHIN_S)

    def _find(self, folder: Folder, path: str, offer: FileOffer, peer_key: str) -> Unfinished | None:
        entries = "" if offer.is_single_file else entries_hash(offer.entries)
        for entry in self._journal.find(peer_key, offer.entries[0].path, offer.size_bytes, path, entries):
            part = _reopen(folder, offer, entry)
            running = self._running.get((entry.device, entry.inode))
            if part is None and running is not None:
                running.give_way()
                part = _reopen(folder, offer, entry)
            if part is not None:
                self._entry = entry
                return part
        return None

    def _stop_running(self) -> None:
        if self._entry is not None:
            self._running.pop((self._entry.device, self._entry.inode), None)

    def _forget(self) -> None:
        self._stop_running()
        if self._entry is not None:
            self._journal.remove(self._entry)
            self._entry = None
        self.is_kept = False


def _begin(folder: Folder, offer: FileOffer) -> Unfinished:
    if offer.is_single_file:
        return PartFile(folder, offer.entries[0])
    return PartTree(folder, offer.entries)


def _reopen(folder: Folder, offer: FileOffer, entry: Part) -> Unfinished | None:
    if offer.is_single_file:
        return PartFile.reopen(folder, offer.entries[0], entry)
    return PartTree.reopen(folder, offer.entries, entry)


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
            if _remove(folder, entry):
                removed.append(Path(entry.folder, entry.part))
                journal.remove(entry)
    return removed


def _remove(folder: Folder, entry: Part) -> bool:
    """Remove a part; whether it was there and was ours alone."""
    try:
        if entry.entries:
            staging = reopen_staging(folder, entry)
            if staging is None:
                return False
            with contextlib.closing(staging):
                folder.remove_tree(entry.part)
        else:
            file = reopen_file(folder, entry)
            if file is None:
                return False
            try:
                folder.remove(entry.part)
            finally:
                os.close(file)
    except OSError:
        return False
    return True
