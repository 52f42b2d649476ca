"""An offer in controls, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.contracts import FileEntry
from ud2p.entries import MAX_ENTRIES
from ud2p.errors import UnsafeName
from ud2p.protocol.controls import Entry, EntryKind, MoreEntries, Offer, decode_control, encode_control
from ud2p.protocol.frames import MAX_MESSAGE_BYTES
from ud2p.protocol.manifest import MAX_MANIFEST_BYTES, Manifest, make_offer

ID = "ab" * 16
FILES = st.builds(
    FileEntry,
    path=st.uuids().map(str),
    size_bytes=st.integers(0, 2**50),
    is_folder=st.just(False),
    is_executable=st.booleans(),
    modified_ns=st.none() | st.integers(0, 2**63 - 1),
)


def wire(entry: FileEntry) -> Entry:
    """As it travels."""
    return Entry(entry.path, EntryKind.FOLDER if entry.is_folder else EntryKind.FILE, entry.size_bytes, None)


def carried(entries: list[FileEntry]) -> Manifest:
    """Over the wire."""
    made, more = make_offer(ID, "tcp", 3, entries)
    assert made.is_whole
    offer = decode_control(encode_control(made.control))
    assert isinstance(offer, Offer)
    manifest = Manifest(offer)
    for piece in more:
        assert not manifest.is_whole
        data = encode_control(piece)
        assert len(data) <= MAX_MESSAGE_BYTES
        decoded = decode_control(data)
        assert isinstance(decoded, MoreEntries)
        manifest.add(decoded)
    assert manifest.is_whole
    assert manifest.digest == made.digest
    return manifest


@given(st.lists(FILES, min_size=1, max_size=30, unique_by=lambda entry: entry.path))
def test_what_is_offered_arrives(files: list[FileEntry]) -> None:
    entries = [FileEntry("a", is_folder=True, modified_ns=7), *files]
    manifest = carried(entries)
    offer = manifest.offer
    assert (offer.id, offer.transfer, list(offer.entries)) == (ID, "tcp", entries)
    assert manifest.digest == carried(entries).digest
    assert manifest.digest != carried(entries[:-1]).digest


def test_as_many_as_there_may_be_with_names_as_long_as_they_may_be() -> None:
    entries = [FileEntry(f"{n:05}" + "ü" * 60, 1) for n in range(MAX_ENTRIES)]
    assert len(carried(entries).offer.entries) == MAX_ENTRIES


def test_names_that_take_too_much_are_refused() -> None:
    folders = ["x" * 250 + f"/{'y' * 250}" * n for n in range(31)]
    entries = [FileEntry(path, is_folder=True) for path in folders]
    entries += [FileEntry(f"{folders[-1]}/{n}") for n in range(1000)]
    with pytest.raises(UnsafeName, match="more than 4 MiB"):
        make_offer(ID, "tcp", 0, entries)
    manifest = Manifest(Offer(ID, "tcp", 0, len(entries), [wire(entries[0])]))
    with pytest.raises(UnsafeName, match="more than 4 MiB"):
        for at in range(1, len(entries), 100):
            manifest.add(MoreEntries(ID, [wire(entry) for entry in entries[at : at + 100]]))
    assert manifest._size_bytes < MAX_MANIFEST_BYTES + 100 * 10_000


def test_one_that_says_too_much_or_nothing() -> None:
    entry = Entry("a", EntryKind.FILE, 1, None)
    with pytest.raises(UnsafeName, match="more than 20,000"):
        Manifest(Offer(ID, "tcp", 0, MAX_ENTRIES + 1, [entry]))
    with pytest.raises(UnsafeName, match="not as many files"):
        Manifest(Offer(ID, "tcp", 0, 1, [entry, Entry("b", EntryKind.FILE, 1, None)]))
    with pytest.raises(UnsafeName, match="not as many files"):
        Manifest(Offer(ID, "tcp", 0, 1, []))
    manifest = Manifest(Offer(ID, "tcp", 0, 2, [entry]))
    with pytest.raises(UnsafeName, match="not as many files"):
        manifest.add(MoreEntries(ID, []))
