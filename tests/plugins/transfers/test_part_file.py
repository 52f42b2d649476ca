"""Files on their way into a real folder."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.contracts import FileEntry
from ud2p.errors import TransferFailed
from ud2p_plugins.transfers import numbered as numbered_names
from ud2p_plugins.transfers import part_file, write_behind
from ud2p_plugins.transfers.folder import Folder, folder_problem
from ud2p_plugins.transfers.numbered import numbered
from ud2p_plugins.transfers.part_file import PartFile


@pytest.fixture
def into(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.close()
    folder.close()


def write(part: PartFile, data: bytes) -> None:
    part.write(memoryview(data))


def test_it_gets_its_name_when_it_is_whole(tmp_path: Path, into: Folder) -> None:
    part = PartFile(into, FileEntry("a.txt", 6))
    write(part, b"abc")
    assert os.listdir(tmp_path) == ["a.txt.part"]
    write(part, b"def")
    assert part.publish() == "a.txt"
    part.discard()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"abcdef"}
    assert (tmp_path / "a.txt").stat().st_nlink == 1
    assert part.path_of("a.txt") == tmp_path / "a.txt"


def test_what_is_given_up_is_gone(tmp_path: Path, into: Folder) -> None:
    part = PartFile(into, FileEntry("a.txt", 6))
    write(part, b"abc")
    part.discard()
    part.discard()
    assert os.listdir(tmp_path) == []


def test_what_another_program_put_there_is_not_removed(tmp_path: Path, into: Folder) -> None:
    part = PartFile(into, FileEntry("a.txt", 6))
    (tmp_path / "a.txt.part").unlink()
    (tmp_path / "a.txt.part").write_bytes(b"theirs")
    part.discard()
    assert (tmp_path / "a.txt.part").read_bytes() == b"theirs"


def test_what_another_program_took_away_is_missed(tmp_path: Path, into: Folder) -> None:
    part = PartFile(into, FileEntry("a.txt", 6))
    (tmp_path / "a.txt.part").rename(tmp_path / "elsewhere")
    with pytest.raises(TransferFailed, match="took away"):
        part.publish()
    part.discard()
    assert os.listdir(tmp_path) == ["elsewhere"]


def test_a_swap_between_two_calls_is_noticed(tmp_path: Path, into: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    part = PartFile(into, FileEntry("a.txt", 6))
    rename = into.rename_to_new

    def swap_and_rename(name: str, new: str) -> None:
        (tmp_path / name).unlink()
        (tmp_path / name).write_bytes(b"evil")
        rename(name, new)

    monkeypatch.setattr(into, "rename_to_new", swap_and_rename)
    with pytest.raises(TransferFailed, match="replaced"):
        part.publish()
    part.discard()


def test_much_is_written_behind_and_comes_out_the_same(
    tmp_path: Path, into: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_behind, "WRITE_BEHIND_BYTES", 1000)
    chunks = [bytes([n]) * 333 for n in range(50)]
    part = PartFile(into, FileEntry("a", 50 * 333))
    for chunk in chunks:
        write(part, chunk)
    part.publish()
    assert (tmp_path / "a").read_bytes() == b"".join(chunks)


def test_a_disk_that_fails_behind_is_noticed(tmp_path: Path, into: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(write_behind, "WRITE_BEHIND_BYTES", 10)
    monkeypatch.setattr(part_file, "_write_out", fail)
    part = PartFile(into, FileEntry("a", 100))
    write(part, bytes(50))
    with pytest.raises(TransferFailed, match="Input/output error"):
        write(part, bytes(50))
    part.discard()
    part = PartFile(into, FileEntry("a", 100))
    write(part, bytes(50))
    with pytest.raises(TransferFailed, match="Input/output error"):
        part.publish()
    part.discard()
    assert os.listdir(tmp_path) == []


def test_without_hard_links(tmp_path: Path, into: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a memory stick with FAT."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "a").write_bytes(b"old")
    part = PartFile(into, FileEntry("a", 3))
    write(part, b"new")
    assert part.publish() == "a (1)"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "a (1)": b"new"}


def test_without_modes(tmp_path: Path, into: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As there too."""

    def refuse(*args: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    part = PartFile(into, FileEntry("a", 3))
    write(part, b"new")
    assert part.publish() == "a"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_another_failure_of_links_is_told(into: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", refuse)
    part = PartFile(into, FileEntry("a", 3))
    with pytest.raises(TransferFailed, match="Input/output error"):
        part.publish()
    part.discard()


def test_too_many_of_a_name(tmp_path: Path, into: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbered_names, "_MOST_NAMES", 3)
    for name in ("a", "a (1)", "a (2)"):
        (tmp_path / name).touch()
    part = PartFile(into, FileEntry("a", 3))
    with pytest.raises(TransferFailed, match="too many files"):
        part.publish()
    for name in ("a (1).part", "a (2).part"):
        (tmp_path / name).touch()
    with pytest.raises(TransferFailed, match="too many unfinished"):
        PartFile(into, FileEntry("a", 3))
    part.discard()


def test_the_longest_names_fit(tmp_path: Path, into: Folder) -> None:
    name = "ä" * 125 + ".text"
    assert len(name.encode()) == 255
    for expected in (name, "ä" * 123 + " (1).text"):
        part = PartFile(into, FileEntry(name, 0))
        assert part.publish() == expected
    assert len(list(tmp_path.iterdir())) == 2


@given(
    st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=255), st.data()
)
def test_numbered_names_are_all_different_and_all_fit(name: str, data: st.DataObject) -> None:
    name = name.encode()[:255].decode(errors="ignore")
    ending = data.draw(st.sampled_from(["", ".part"]))
    names = [each for each, _ in zip(numbered(name, ending), range(30), strict=False)]
    assert len(set(names)) == 30
    assert all(len(each.encode()) <= 255 for each in names)
    assert names[0] == name + ending or len((name + ending).encode()) > 255


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("a", "a (1)"),
        ("a.txt", "a (1).txt"),
        (".bashrc", ".bashrc (1)"),
        ("a.tar.gz", "a (1).tar.gz"),
        ("a.", "a (1)."),
        ("a (1).txt", "a (1) (1).txt"),
        ("a." + "b" * 40, "a." + "b" * 40 + " (1)"),
    ],
)
def test_the_number_stands_before_the_extension(name: str, second: str) -> None:
    names = numbered(name)
    assert next(names) == name
    assert next(names) == second


def test_a_file_larger_than_allowed_ends_with_a_sentence(tmp_path: Path, into: Folder) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    part = PartFile(into, FileEntry("a", 1_000_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(TransferFailed, match="larger than the receiver's system lets a file grow"):
            write(part, bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    part.discard()
    assert os.listdir(tmp_path) == []


def test_modes_follow_the_folders_own_rules(tmp_path: Path, into: Folder) -> None:
    part = PartFile(into, FileEntry("a", 0))
    assert stat.S_IMODE((tmp_path / "a.part").stat().st_mode) == 0o600
    part.publish()
    (tmp_path / "plain").touch(0o644)
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_folders_that_can_not_tell_their_room_are_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Folder(Path("/proc")).free_bytes() is None
    folder = Folder(tmp_path)
    assert (folder.free_bytes() or 0) > 0
    folder.close()
    assert folder.free_bytes() is not None


def test_every_problem_is_a_sentence() -> None:
    for code in errno.errorcode:
        sentence = str(folder_problem(OSError(code, os.strerror(code))))
        assert sentence[0].islower()
        assert ";" in sentence
