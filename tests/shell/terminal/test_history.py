"""The file of command lines."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ud2p_shell.terminal.history import MAX_ENTRIES, HistoryFile


def test_lines_come_back_in_order_and_nobody_else_may_read_them(tmp_path: Path) -> None:
    path = tmp_path / "not yet" / "there"
    history = HistoryFile(path)
    assert history.load() == []
    for entry in ("list", "connect bob", "sendf Größe 文字", "two\nlines", "", "  ", " secret"):
        history.append(entry)
    assert HistoryFile(path).load() == ["list", "connect bob", "sendf Größe 文字", "two lines"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_broken_file_costs_no_more_than_its_broken_lines(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b"list\nbad \xff\n\n\nexit")
    assert HistoryFile(path).load() == ["list", "bad \ufffd", "exit"]


def test_a_file_that_grew_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"command {number}\n" for number in range(2 * MAX_ENTRIES + 1)))
    latest = [f"command {number}" for number in range(MAX_ENTRIES + 1, 2 * MAX_ENTRIES + 1)]
    assert HistoryFile(path).load() == latest
    assert path.read_text().splitlines() == latest
    assert os.listdir(tmp_path) == ["history"]


@pytest.mark.parametrize("place", ["a file/history", "a folder"])
def test_where_nothing_can_be_kept_nothing_is_kept(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "a folder").mkdir()
    history = HistoryFile(tmp_path / place)
    history.append("list")
    assert history.load() == []


def test_two_programs_may_append_at_once(tmp_path: Path) -> None:
    def append(name: str) -> None:
        history = HistoryFile(tmp_path / "history")
        for number in range(200):
            history.append(f"{name} {number}")

    threads = [threading.Thread(target=append, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = HistoryFile(tmp_path / "history").load()
    for name in ("a", "b"):
        assert [line for line in lines if line.startswith(name)] == [f"{name} {number}" for number in range(200)]
