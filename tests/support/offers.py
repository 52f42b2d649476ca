"""Offers on the wire, as a program that keeps to no rule may make them."""

from __future__ import annotations

from ud2p.protocol.controls import Entry, EntryKind, Offer


def file_entry(path: str, size_bytes: int = 0) -> Entry:
    """A file."""
    return Entry(path, EntryKind.FILE, size_bytes, None)


def folder_entry(path: str) -> Entry:
    """A folder."""
    return Entry(path, EntryKind.FOLDER, 0, None)


def offer_of_file(offer_id: str, name: str, size_bytes: int, transfer: str = "tcp", epoch: int = 0) -> Offer:
    """One file."""
    return Offer(offer_id, transfer, epoch, 1, [file_entry(name, size_bytes)])
