"""Several files and folders in one transfer: what arrives, what is never written over, and what is gone on with."""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.file_link import PairedLink, link_pair
from tests.support.transfers import Transfer, cancel_and_hold, fill_up, outcome, settled

from ud2p.contracts import FileEntry, FileOffer, Receipt, Source
from ud2p.errors import TransferFailed
from ud2p_plugins.transfers import meter, write_behind
from ud2p_plugins.transfers.arriving import discard_all
from ud2p_plugins.transfers.journal import Journal

ALICE = "SHA256:alice"
MODIFIED_NS = 1_700_000_000_123_456_789
BIG = 6_000_000


@pytest.fixture(autouse=True)
def _tell_of_each_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "REPORT_EVERY_S", 0)


def links(peer_key: str = ALICE) -> tuple[PairedLink, PairedLink]:
    sender, receiver = link_pair()
    receiver.peer_key = peer_key
    return sender, receiver


def make(folder: Path) -> list[Path]:
    """A folder with all there can be in it, and a file beside it."""
    photos = folder / "photos"
    for name in ("a/deep/er", "empty", "z"):
        (photos / name).mkdir(parents=True)
    (photos / "a" / "nothing").touch()
    (photos / "a" / "deep" / "er" / "big").write_bytes(secrets.token_bytes(BIG))
    (photos / "a" / "deep" / "small").write_bytes(b"small")
    (photos / "run.sh").write_bytes(b"#!/bin/sh")
    (photos / "run.sh").chmod(0o755)
    (photos / "z" / "second").write_bytes(secrets.token_bytes(BIG))
    (photos / "z" / "zero").touch()
    (folder / "notes.txt").write_bytes(b"notes")
    for path in sorted(photos.rglob("*"), reverse=True):
        os.utime(path, ns=(5, MODIFIED_NS))
    os.utime(photos, ns=(5, MODIFIED_NS))
    return [photos, folder / "notes.txt"]


def tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Everything in a folder: its bytes, and whether it may be run."""
    return {
        str(path.relative_to(folder)): (
            b"folder" if path.is_dir() else path.read_bytes(),
            path.is_file() and bool(path.stat().st_mode & stat.S_IXUSR),
        )
        for path in folder.rglob("*")
    }


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    found = Transfer(tmp_path, b"", links=links())
    found.source.unlink()
    found.take_instead(*make(found.source.parent))
    return found


def again(before: Transfer) -> Transfer:
    """The same, offered anew."""
    later = Transfer(before.folder, b"", links=links())
    later.source.unlink()
    later.take_instead(before.source.parent / "photos", before.source.parent / "notes.txt")
    return later


async def went(transfer: Transfer) -> tuple[Receipt, Receipt]:
    sent, received = await transfer.run()
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    return sent, received


async def cut(transfer: Transfer, at_bytes: int) -> None:
    """Cancel a transfer on its way."""
    loop = asyncio.get_running_loop()
    receiving: asyncio.Task[Receipt]

    def stop() -> None:
        if sum(transfer.receiving_bar.moved) >= at_bytes:
            transfer.receiving_bar.at_advance = lambda: None
            cancel_and_hold(loop, lambda: receiving)

    transfer.receiving_bar.at_advance = stop
    sending, receiving = transfer.send(), transfer.receive()
    await settled(sending, receiving)
    assert receiving.cancelled(), outcome(receiving)


def staging(transfer: Transfer) -> Path:
    (part,) = (path for path in transfer.into.iterdir() if path.name.endswith(".part"))
    return part


async def test_everything_arrives_as_it_was(transfer: Transfer) -> None:
    sent, received = await went(transfer)
    assert tree(transfer.into) == tree(transfer.source.parent)
    for path in transfer.into.rglob("*"):
        if path.name != "notes.txt":
            assert path.stat().st_mtime_ns == MODIFIED_NS, path
    assert sent.name == received.name == "photos and 1 more"
    assert sent.n_files == received.n_files == 7
    assert sent.size_bytes == received.size_bytes == 2 * BIG + len(b"small#!/bin/shnotes")
    assert received.path == transfer.into
    assert sent.path == transfer.source.parent
    names = [source.name for source in transfer.sources if not source.entry.is_folder]
    assert transfer.sending_bar.paths == transfer.receiving_bar.paths == names
    assert Journal().parts() == []


@pytest.mark.parametrize("paths", [["a/"], ["a/", "a/b"], ["a/", "a/b/", "c/"], ["a", "b"]])
async def test_nothing_in_it(tmp_path: Path, paths: list[str]) -> None:
    transfer = Transfer(tmp_path, b"", links=links())
    transfer.source.unlink()
    roots = []
    for path in paths:
        place = transfer.source.parent / path
        place.mkdir() if path.endswith("/") else place.touch()
        if path.rstrip("/").count("/") == 0:
            roots.append(place)
    transfer.take_instead(*roots)
    sent, _ = await went(transfer)
    assert tree(transfer.into) == tree(transfer.source.parent)
    assert sent.size_bytes == 0


async def test_nothing_is_written_over(transfer: Transfer) -> None:
    (transfer.into / "photos").mkdir()
    (transfer.into / "photos" / "mine").write_bytes(b"mine")
    (transfer.into / "photos (1)").symlink_to("/etc")
    (transfer.into / "notes.txt").write_bytes(b"mine")
    (transfer.into / "photos.part").mkdir()
    sent, received = await went(transfer)
    assert sent.name == received.name == "photos (2) and 1 more"
    assert (transfer.into / "notes.txt").read_bytes() == (transfer.into / "photos" / "mine").read_bytes() == b"mine"
    assert (transfer.into / "notes (1).txt").read_bytes() == b"notes"
    assert tree(transfer.into / "photos (2)") == tree(transfer.source.parent / "photos")
    assert sorted(os.listdir(transfer.into)) == [
        "notes (1).txt",
        "notes.txt",
        "photos",
        "photos (1)",
        "photos (2)",
        "photos.part",
    ]


async def test_an_empty_folder_of_another_program_is_not_taken(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"", links=links())
    (transfer.source.parent / "photos").mkdir()
    (transfer.into / "photos").mkdir()
    theirs = (transfer.into / "photos").stat().st_ino
    transfer.take_instead(transfer.source.parent / "photos")
    await went(transfer)
    assert (transfer.into / "photos").stat().st_ino == theirs
    assert sorted(os.listdir(transfer.into)) == ["photos", "photos (1)"]


async def test_nobody_else_sees_it_before_it_is_whole(transfer: Transfer) -> None:
    modes: list[int] = []
    transfer.receiving_bar.at_start = lambda: modes.append(stat.S_IMODE(staging(transfer).stat().st_mode))
    await went(transfer)
    assert modes == [0o700]


@pytest.mark.parametrize("at_bytes", [1, BIG - 10, BIG, BIG + 3, 2 * BIG])
async def test_a_later_transfer_goes_on(transfer: Transfer, at_bytes: int) -> None:
    await cut(transfer, at_bytes)
    had = sum(path.stat().st_size for path in staging(transfer).rglob("*") if path.is_file())
    assert len(Journal().parts()) == 1
    later = again(transfer)
    sent, received = await went(later)
    assert sum(later.sending_bar.moved) == sum(later.receiving_bar.moved) == sent.size_bytes - had
    assert sent.route == received.route == f"direct, went on from {had / 1e6:,.1f} MB"
    assert tree(later.into) == tree(later.source.parent)
    for path in (later.into / "photos").rglob("*"):
        assert path.stat().st_mtime_ns == MODIFIED_NS, path
    assert Journal().parts() == []


def lose_a_small_one(transfer: Transfer) -> None:
    (staging(transfer) / "photos" / "a" / "nothing").unlink()


def lose_a_folder(transfer: Transfer) -> None:
    (staging(transfer) / "photos" / "a" / "nothing").unlink()
    (staging(transfer) / "photos" / "a" / "deep").rename(staging(transfer) / "away")


def add_behind(transfer: Transfer) -> None:
    (staging(transfer) / "photos" / "z").mkdir(exist_ok=True)
    (staging(transfer) / "photos" / "z" / "zero").write_bytes(b"x" * 100)


def add_a_stranger(transfer: Transfer) -> None:
    (staging(transfer) / "photos" / "stranger").write_bytes(b"x" * 100)


@pytest.mark.parametrize("change", [lose_a_small_one, lose_a_folder, add_behind])
async def test_what_is_missing_or_too_much_is_mended(transfer: Transfer, change: Callable[[Transfer], None]) -> None:
    await cut(transfer, BIG + 100)
    change(transfer)
    later = again(transfer)
    await went(later)
    assert tree(later.into / "photos") == tree(later.source.parent / "photos")
    left = later.into / "photos.part"  # What is not ours stays.
    assert (os.listdir(left) == ["away"]) if change is lose_a_folder else not left.exists()


async def test_what_is_not_the_senders_starts_over_and_says_so(transfer: Transfer) -> None:
    await cut(transfer, BIG + 100)
    with (staging(transfer) / "photos" / "a" / "deep" / "er" / "big").open("r+b") as file:
        file.write(b"tampered")
    add_a_stranger(transfer)
    later = again(transfer)
    sent, received = await went(later)
    assert "started over" in sent.route
    assert "started over" in received.route
    assert tree(later.into) == tree(later.source.parent)


async def test_other_files_do_not_go_on_with_it(transfer: Transfer) -> None:
    await cut(transfer, BIG + 100)
    later = again(transfer)
    (later.source.parent / "photos" / "one more").touch()
    later.take_instead(later.source.parent / "photos", later.source.parent / "notes.txt")
    sent, _ = await went(later)
    assert sent.route == "direct"
    assert len(Journal().parts()) == 1


@pytest.mark.parametrize("planted", ["link to a folder", "link to a file", "second name", "pipe"])
async def test_what_was_planted_in_it_is_not_written_to(transfer: Transfer, tmp_path: Path, planted: str) -> None:
    await cut(transfer, BIG + 100)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "second").write_bytes(b"theirs")
    z = staging(transfer) / "photos" / "z"
    if planted == "link to a folder":
        if z.exists():
            z.rename(tmp_path / "away")
        z.symlink_to(outside)
    else:
        z.mkdir(exist_ok=True)
        (z / "second").unlink(missing_ok=True)
        if planted == "link to a file":
            (z / "second").symlink_to(outside / "second")
        elif planted == "pipe":
            os.mkfifo(z / "second")
        else:
            os.link(outside / "second", z / "second")
    sent, received = await again(transfer).run()
    assert isinstance(sent, TransferFailed)
    assert isinstance(received, TransferFailed)
    if "link" not in planted:
        assert "another program put something among the receiver's unfinished files" in str(received)
    part = staging(transfer)
    assert discard_all() == [part]
    sent, _ = await went(again(transfer))
    assert sent.route == "direct"
    assert os.listdir(outside) == ["second"]
    assert (outside / "second").read_bytes() == b"theirs"


async def test_a_folder_that_turns_into_a_link_on_the_way(transfer: Transfer, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()

    def swap() -> None:
        if not outside.joinpath("was").exists() and sum(transfer.receiving_bar.moved) > BIG // 2:
            (staging(transfer) / "photos").rename(outside / "was")
            (staging(transfer) / "photos").symlink_to(outside)

    transfer.receiving_bar.at_advance = swap
    await transfer.run()
    assert os.listdir(outside) == ["was"]
    assert not (outside / "z").exists()
    assert not (outside / "run.sh").exists()


async def test_the_folder_itself_is_swapped_on_the_way(transfer: Transfer, tmp_path: Path) -> None:
    def swap() -> None:
        staging(transfer).rename(tmp_path / "was")
        (transfer.into / "photos.part").mkdir()
        (transfer.into / "photos.part" / "photos").mkdir()
        (transfer.into / "photos.part" / "photos" / "evil").touch()

    transfer.receiving_bar.at_start = swap
    _, received = await transfer.run()
    assert "another program took away the unfinished files" in str(received)
    assert os.listdir(transfer.into) == ["photos.part"]
    assert os.listdir(transfer.into / "photos.part" / "photos") == ["evil"]


async def test_discard_removes_what_is_in_the_journal(transfer: Transfer) -> None:
    await cut(transfer, BIG)
    part = staging(transfer)
    (transfer.into / "other.part").mkdir()
    assert discard_all() == [part]
    assert os.listdir(transfer.into) == ["other.part"]
    assert Journal().parts() == []


async def test_discard_leaves_what_somebody_else_put_there(transfer: Transfer) -> None:
    await cut(transfer, BIG)
    part = staging(transfer)
    part.rename(transfer.folder / "was")
    part.mkdir(mode=0o700)
    assert discard_all() == []
    assert part.is_dir()


async def test_a_refusal_leaves_nothing(transfer: Transfer) -> None:
    entries = (*transfer.offer.entries, FileEntry("huge", 1 << 61))
    transfer.offer = FileOffer(transfer.offer.id, "tcp", entries)
    receiving = transfer.receive()
    await settled(receiving)
    assert "MB left; make room" in str(outcome(receiving))
    assert os.listdir(transfer.into) == []


@pytest.mark.parametrize("change", ["grow", "link", "remove", "touch"])
async def test_a_file_that_changes_before_its_turn(transfer: Transfer, change: str) -> None:
    second = transfer.source.parent / "photos" / "z" / "second"

    def act() -> None:
        transfer.sending_bar.at_advance = lambda: None
        if change == "grow":
            second.write_bytes(bytes(BIG + 1))
        elif change == "touch":
            os.utime(second)
        else:
            second.rename(second.parent.parent.parent / "away")
            if change == "link":
                second.symlink_to("../../away")

    transfer.sending_bar.at_start = act
    sent, received = await transfer.run()
    assert str(sent).startswith("photos/z/second ")
    assert str(sent) in str(received)
    assert [path.name for path in transfer.into.iterdir()] == ["photos.part"]


async def test_the_disk_is_written_while_more_comes(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_behind, "WRITE_BEHIND_BYTES", 1000)
    await went(transfer)
    assert tree(transfer.into) == tree(transfer.source.parent)


async def test_a_disk_that_fills_up_on_the_way(transfer: Transfer) -> None:
    """It is kept, and goes on when there is room again."""

    def fill() -> None:
        if sum(transfer.receiving_bar.moved) > BIG // 2:
            transfer.receiving_bar.at_advance = lambda: None
            fill_up(staging(transfer) / "photos" / "a" / "deep" / "er" / "big")

    transfer.receiving_bar.at_advance = fill
    sent, received = await transfer.run()
    assert str(received) == "no space is left for it on the receiver's disk; make room and send it again"
    assert str(received) in str(sent)
    assert [path.name for path in transfer.into.iterdir()] == ["photos.part"]
    later = again(transfer)
    sent, _ = await went(later)
    assert "went on from" in sent.route
    assert tree(later.into) == tree(later.source.parent)


async def test_more_bytes_than_there_are_files_for_are_refused(transfer: Transfer) -> None:
    longer = Source(transfer.source, FileEntry("more", 10))
    transfer.source.write_bytes(bytes(10))
    transfer.sources = [*transfer.sources, longer]
    _, received = await transfer.run()
    assert "not as large as it was offered" in str(received)
    assert os.listdir(transfer.into) == []
