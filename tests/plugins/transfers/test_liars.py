"""Ends that speak the protocol and lie about what was begun before; and sizes beyond 4 GiB, only as numbers."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import msgspec
import pytest
from tests.support.file_link import link_pair, offer_of
from tests.support.transfers import Transfer, as_receiver, as_sender, drain, outcome, record, settled

from ud2p.contracts import FileEntry, Source
from ud2p.errors import TransferFailed
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers import conversation
from ud2p_plugins.transfers.conversation import Listening
from ud2p_plugins.transfers.departing_files import DepartingFiles
from ud2p_plugins.transfers.folder import Folder
from ud2p_plugins.transfers.journal import Journal, Part
from ud2p_plugins.transfers.part_file import require_room

CONTENT = secrets.token_bytes(3_000_000)
HALF = 1_500_000
GIB = 1 << 30


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "REASON_GRACE_S", 0.1)
    monkeypatch.setattr(conversation, "AGAIN_WITHIN_S", 0.1)


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    return Transfer(tmp_path, CONTENT)


@pytest.mark.parametrize("have_bytes", [len(CONTENT) + 1, 2**40])
async def test_a_receiver_that_has_more_than_there_is_gets_all_of_it(transfer: Transfer, have_bytes: int) -> None:
    sending = transfer.send()
    link = transfer.links[1]
    async with as_receiver(link, have_bytes=have_bytes) as impostor:
        assert await drain(impostor, link.opener(impostor.forth)) == CONTENT
    await settled(sending)


ANSWERS = {
    "a place before": (HALF - 1).to_bytes(8, "big"),
    "a place behind": (HALF + 1).to_bytes(8, "big"),
    "the end": len(CONTENT).to_bytes(8, "big"),
    "far behind": b"\xff" * 8,
    "a number of a thousand bytes": b"\x01" * 1000,
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_receiver_that_wants_to_begin_elsewhere_gets_nothing(transfer: Transfer, answer: str) -> None:
    sending = transfer.send()
    link = transfer.links[1]
    async with as_receiver(link, have_bytes=HALF) as impostor:
        opener, sealer = link.opener(impostor.forth), link.sealer(impostor.back)
        length = int.from_bytes(await impostor.reader.readexactly(4), "big")
        out = memoryview(bytearray(100))
        size, last = opener.next_into(await impostor.reader.readexactly(length), out)
        assert bytes(out[:size]) == hashlib.blake2b(CONTENT[:HALF], digest_size=32).digest()
        assert not last
        await impostor.send(record(sealer, ANSWERS[answer]))
        assert await impostor.reader.read() == b""
    await settled(sending)
    assert "asks for a place in the file that it can't have" in str(outcome(sending))


async def test_a_receiver_that_has_nothing_of_what_it_said_starts_over(transfer: Transfer) -> None:
    sending = transfer.send()
    link = transfer.links[1]
    async with as_receiver(link, have_bytes=HALF) as impostor:
        opener, sealer = link.opener(impostor.forth), link.sealer(impostor.back)
        length = int.from_bytes(await impostor.reader.readexactly(4), "big")
        opener.next_into(await impostor.reader.readexactly(length), memoryview(bytearray(100)))
        await impostor.send(record(sealer, bytes(8)))
        assert await drain(impostor, opener) == CONTENT
    await settled(sending)


HASHES = {
    "none": b"",
    "short": b"x" * 31,
    "long": b"x" * RECORD_BYTES,
    "another": b"x" * 32,
}


@pytest.mark.parametrize("kind", HASHES)
@pytest.mark.parametrize("last", [False, True])
async def test_a_sender_that_lies_about_the_beginning_starts_over(tmp_path: Path, kind: str, *, last: bool) -> None:
    transfer = await begun(tmp_path)
    receiving = transfer.receive()
    link = transfer.links[0]
    async with as_sender(link) as impostor:
        sealer = link.sealer(impostor.forth)
        await impostor.send(record(sealer, HASHES[kind], last))
        if not last and HASHES[kind]:
            await impostor.send(record(sealer, b"evil"))
            await impostor.reader.read(100)
    receiving.cancel()
    await settled(receiving)
    assert "Von.mp3" not in transfer.arrived()


async def begun(tmp_path: Path) -> Transfer:
    """A transfer whose receiver has half of the file already."""
    links = link_pair()
    links[1].peer_key = "SHA256:alice"
    transfer = Transfer(tmp_path, CONTENT, links=links)
    part = transfer.into / "Von.mp3.part"
    part.write_bytes(CONTENT[:HALF])
    part.chmod(0o600)
    status = part.stat()
    into = str(transfer.into)
    entry = Part("SHA256:alice", "Von.mp3", len(CONTENT), into, part.name, status.st_dev, status.st_ino, 0o644)
    assert Journal().add(entry)
    return transfer


def test_places_beyond_four_gibibytes(tmp_path: Path) -> None:
    """Sparse files: nothing of them is on the disk."""
    sources = []
    for number, size in enumerate((3 * GIB, 0, 5 * GIB + 7, 1)):
        path = tmp_path / f"{number}"
        with path.open("wb") as file:
            file.truncate(size)
            if size > GIB:
                file.seek(size - 3)
                file.write(b"end")
        sources.append(Source(path, FileEntry(path.name, size)))
    files = DepartingFiles(sources)
    assert files.size_bytes == 8 * GIB + 8
    for place, expected in ((3 * GIB - 3, b"end"), (8 * GIB + 4, b"end\0"), (8 * GIB + 7, b"\0"), (8 * GIB + 8, b"")):
        files.seek(place)
        space = bytearray(len(expected))
        assert files.readinto(memoryview(space)) == len(expected)
        assert bytes(space) == expected
    files.close()


def test_a_part_beyond_four_gibibytes_is_found_again(tmp_path: Path) -> None:
    entry = Part("SHA256:alice", "large", 9 * GIB, str(tmp_path), "large.part", 2**40, 2**63 - 1, 0o644)
    journal = Journal()
    assert journal.add(entry)
    assert journal.find("SHA256:alice", "large", 9 * GIB, str(tmp_path)) == [entry]
    assert journal.find("SHA256:alice", "large", 5 * GIB, str(tmp_path)) == []
    journal.remove(entry)


def test_a_receiver_may_have_terabytes() -> None:
    said = msgspec.json.encode(Listening(bytes(16), 9999, have_bytes=5 * 10**12))
    assert msgspec.json.decode(said, type=conversation.Said) == Listening(bytes(16), 9999, have_bytes=5 * 10**12)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(said.replace(b"5000000000000", b"-1"), type=conversation.Said)


def test_room_is_asked_for_as_it_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(TransferFailed, match=r"it takes 1,152,921,504,606\.8 MB"):
        require_room(folder, 1 << 60)
    folder.close()
    assert offer_of("a", 1 << 60).size_bytes == 1 << 60
    assert os.path.isdir(tmp_path)
