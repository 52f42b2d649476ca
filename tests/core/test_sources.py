"""What is to be sent, looked at on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.nobody import as_nobody

from ud2p.contracts import FileEntry
from ud2p.entries import MAX_ENTRIES
from ud2p.errors import TransferError, UnsafeName
from ud2p.sources import inspect_sources


def make(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def test_a_folder_and_files_in_the_order_in_which_they_are_sent(tmp_path: Path) -> None:
    make(tmp_path, "photos/b.jpg", "photos/a/deep/c", "photos/run.sh", "notes.txt")
    (tmp_path / "photos" / "empty").mkdir()
    (tmp_path / "photos" / "run.sh").chmod(0o755)
    os.utime(tmp_path / "notes.txt", ns=(5, 1_700_000_000_123_456_789))
    os.utime(tmp_path / "photos" / "b.jpg", ns=(5, -1_000_000_000))
    sources = inspect_sources([tmp_path / "photos", tmp_path / "notes.txt"])
    found = [(source.entry.path, source.entry.size_bytes, source.entry.is_folder) for source in sources]
    assert found == [
        ("photos", 0, True),
        ("photos/a", 0, True),
        ("photos/a/deep", 0, True),
        ("photos/a/deep/c", 15, False),
        ("photos/b.jpg", 12, False),
        ("photos/empty", 0, True),
        ("photos/run.sh", 13, False),
        ("notes.txt", 9, False),
    ]
    assert [source.path for source in sources] == [tmp_path / name for name, _, _ in found]
    assert [source.entry.path for source in sources if source.entry.is_executable] == ["photos/run.sh"]
    assert sources[-1].entry == FileEntry("notes.txt", 9, modified_ns=1_700_000_000_123_456_789)
    assert sources[4].entry.modified_ns is None  # before 1970


def test_a_folder_by_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "photos/a")
    monkeypatch.chdir(tmp_path / "photos")
    assert [source.name for source in inspect_sources([Path()])] == ["photos", "photos/a"]
    assert [source.name for source in inspect_sources([Path("..", "photos")])] == ["photos", "photos/a"]
    with pytest.raises(TransferError, match="has no name"):
        inspect_sources([Path("/")])
    with pytest.raises(TransferError, match="nothing to send"):
        inspect_sources([])


def test_a_link_in_a_folder_is_refused_by_name(tmp_path: Path) -> None:
    make(tmp_path, "photos/a")
    (tmp_path / "photos" / "way out").symlink_to("/etc")
    with pytest.raises(TransferError, match="photos/way out is a symbolic link, and links are not sent"):
        inspect_sources([tmp_path / "photos"])


def test_a_link_that_is_named_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "photos/a")
    (tmp_path / "latest").symlink_to("photos")
    assert [source.name for source in inspect_sources([tmp_path / "latest"])] == ["latest", "latest/a"]


def test_two_of_one_name(tmp_path: Path) -> None:
    make(tmp_path, "a/x", "b/X")
    with pytest.raises(UnsafeName, match='there are two of "X"'):
        inspect_sources([tmp_path / "a" / "x", tmp_path / "b" / "X"])


def test_too_deep(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    for _ in range(40):
        folder = folder / "d"
        folder.mkdir()
    with pytest.raises(UnsafeName, match="more than 32 folders deep"):
        inspect_sources([tmp_path / "deep"])


def test_too_many(tmp_path: Path) -> None:
    for number in range(MAX_ENTRIES):
        (tmp_path / f"{number}").touch()
    with pytest.raises(UnsafeName, match="more than 20,000 files and folders"):
        inspect_sources([tmp_path])


@pytest.mark.parametrize(("name", "sentence"), [("missing", "there is no file"), ("pipe", "not an ordinary file")])
def test_what_can_not_be_sent(tmp_path: Path, name: str, sentence: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TransferError, match=sentence):
        inspect_sources([tmp_path / name])


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "Sprinter.mp3"
    path.write_bytes(b"beat")
    path.chmod(0)
    with as_nobody(), pytest.raises(TransferError, match="can't be read"):
        inspect_sources([path])


def test_a_name_that_no_receiver_would_take(tmp_path: Path) -> None:
    path = tmp_path / "a\nb"
    path.write_bytes(b"")
    with pytest.raises(UnsafeName):
        inspect_sources([path])
