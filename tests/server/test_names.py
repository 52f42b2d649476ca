from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ud2p.contracts.directory import Claim, NameStore
from ud2p.errors import ConfigError
from ud2p.testing.name_store import ALICE, BOB, NameStoreConformance, claim
from ud2p_server.names import FILE_NAME, OwnedNames


class TestOwnedNames(NameStoreConformance):
    def make(self) -> NameStore:
        return OwnedNames(None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not" / "yet" / FILE_NAME


async def test_names_outlive_the_broker(path: Path) -> None:
    names = OwnedNames(path)
    await claim(names, "alice", ALICE)
    await names.close()
    again = OwnedNames(path)
    assert await claim(again, "Alice", BOB) is Claim.TAKEN
    assert await claim(again, "Alice", ALICE) is Claim.OWNED
    await again.close()


async def test_two_processes_see_the_same_names(path: Path) -> None:
    here = OwnedNames(path)
    await claim(here, "alice", ALICE)
    there = OwnedNames(path)
    assert await claim(there, "alice", BOB) is Claim.TAKEN
    assert await there.release("alice")
    assert await here.owner("alice") is None
    assert await claim(there, "alice", BOB) is Claim.OWNED
    assert await claim(here, "alice", ALICE) is Claim.TAKEN
    await here.close()
    await there.close()


async def test_nothing_but_names_and_keys_is_kept(path: Path) -> None:
    names = OwnedNames(path)
    await claim(names, "Alice", ALICE)
    await names.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT * FROM names").fetchall() == [("alice", ALICE)]
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert tables == [("names",)]
    database.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
async def test_only_its_owner_reads_it(path: Path) -> None:
    names = OwnedNames(path)
    await claim(names, "alice", ALICE)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    await names.close()


async def test_a_process_that_is_killed_loses_no_name(path: Path) -> None:
    program = (
        "import asyncio, os, sys; from pathlib import Path; from ud2p_server.names import OwnedNames\n"
        "names = OwnedNames(Path(sys.argv[1]))\n"
        "asyncio.run(names.claim('alice', b'a' * 32, most=8, most_in_all=8))\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False, timeout=60).returncode == 9
    names = OwnedNames(path)
    assert await names.owner("alice") == ALICE
    await names.close()


def test_a_broken_file_is_reported_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"garbage" * 200)
    with pytest.raises(ConfigError, match=r"can't be used .* put a copy back, or move it away"):
        OwnedNames(path)
    assert path.read_bytes() == b"garbage" * 200


def test_a_file_of_a_later_version(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 7")
    database.close()
    with pytest.raises(ConfigError, match="a later version of ud2p wrote it"):
        OwnedNames(path)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"can't be opened .* make its folder writable"):
        OwnedNames(tmp_path / "file" / FILE_NAME)
