from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ud2p.whole_file import locked, write_whole


def test_it_is_written_over_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "file"
    for content in (b"one", b"another"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert os.listdir(path.parent) == ["file"]


def test_what_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"before")

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["file"]


def count(path: Path, times: int) -> None:
    """Add one to the number in a file, again and again: a change is lost whenever two of these do so at once."""
    for _ in range(times):
        with locked(path):
            write_whole(path, b"%d" % (int(path.read_bytes()) + 1))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody move a file over one that is being read")
def test_no_change_is_lost_between_threads_and_programs(tmp_path: Path) -> None:
    path = tmp_path / "number"
    write_whole(path, b"0")
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from pathlib import Path; from tests.core.test_whole_file import count\n"
        f"count(Path({str(path)!r}), 20)"
    )
    others = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: count(path, 20), range(3)))
    assert [other.wait(60) for other in others] == [0, 0]
    assert path.read_bytes() == b"100"
