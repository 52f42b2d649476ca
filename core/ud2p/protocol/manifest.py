"""What an offer is made of: as many controls as its entries take, and the hash over all of them.

An offer with few entries is one control, ``file-offer``. What does not fit follows in ``file-entries``, until there are
as many as the first one says. The hash goes into every key of the transfer (:mod:`ud2p.protocol.transfer`): both ends
mean the same files, or nothing opens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from ud2p.contracts import FileEntry, FileOffer
from ud2p.entries import MAX_ENTRIES, EntryRules
from ud2p.errors import UnsafeName
from ud2p.protocol.controls import Entry, EntryKind, MoreEntries, Offer, encode_control

PIECE_BYTES = 32 * 1024
"""Of entries in one control."""
MAX_MANIFEST_BYTES = 4 << 20
"""Of entries in one offer."""


class Manifest:
    """The entries of one offer, as they come in."""

    def __init__(self, offer: Offer) -> None:
        """:raises UnsafeName: the offer must not be shown to the user"""
        if offer.n_entries > MAX_ENTRIES:
            raise UnsafeName(f"it is more than {MAX_ENTRIES:,} files and folders; send an archive of them")
        self.control = offer
        self._rules = EntryRules()
        self._entries: list[FileEntry] = []
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._take(offer)

    @property
    def is_whole(self) -> bool:
        """Whether all entries are there."""
        return len(self._entries) == self.control.n_entries

    @property
    def offer(self) -> FileOffer:
        """What is offered; all entries must be there."""
        return FileOffer(self.control.id, self.control.transfer, tuple(self._entries))

    @property
    def digest(self) -> bytes:
        """SHA-256 over the controls, 32 bytes."""
        return self._hash.digest()

    def add(self, more: MoreEntries) -> None:
        """Take the next entries.

        :raises UnsafeName: the offer must not be shown to the user
        """
        self._take(more)

    def _take(self, control: Offer | MoreEntries) -> None:
        data = encode_control(control)
        self._hash.update(data)
        self._size_bytes += len(data)
        if self._size_bytes > MAX_MANIFEST_BYTES:
            raise UnsafeName("the names of its files take more than 4 MiB; send an archive of them")
        for entry in control.entries:
            self._entries.append(self._rules.check(_from_wire(entry)))
        if len(self._entries) > self.control.n_entries or (not control.entries and not self.is_whole):
            raise UnsafeName("it has not as many files as it says; offer it again")


def make_offer(
    offer_id: str, transfer: str, epoch: int, entries: Sequence[FileEntry]
) -> tuple[Manifest, list[MoreEntries]]:
    """An offer: its manifest, whose control is the first to be sent, and the controls that follow it.

    :raises UnsafeName: no receiver would take it
    """
    pieces = list(_pieces([_to_wire(entry) for entry in entries]))
    manifest = Manifest(Offer(offer_id, transfer, epoch, len(entries), pieces[0]))
    more = [MoreEntries(offer_id, piece) for piece in pieces[1:]]
    for control in more:
        manifest.add(control)
    return manifest, more


def _pieces(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    piece: list[Entry] = []
    size_bytes = 0
    for entry in entries:
        entry_bytes = 64 + len(entry.path.encode())
        if piece and size_bytes + entry_bytes > PIECE_BYTES:
            yield piece
            piece, size_bytes = [], 0
        piece.append(entry)
        size_bytes += entry_bytes
    yield piece


def _to_wire(entry: FileEntry) -> Entry:
    kind = EntryKind.FOLDER if entry.is_folder else EntryKind.PROGRAM if entry.is_executable else EntryKind.FILE
    return Entry(entry.path, kind, entry.size_bytes, entry.modified_ns)


def _from_wire(entry: Entry) -> FileEntry:
    is_folder, is_executable = entry.kind is EntryKind.FOLDER, entry.kind is EntryKind.PROGRAM
    return FileEntry(entry.path, entry.size_bytes, is_folder, is_executable, entry.modified_ns)
