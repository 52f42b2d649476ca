from __future__ import annotations

import stat
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from ud2p.errors import ConfigError
from ud2p.identity import fingerprint
from ud2p.known_brokers import KnownBroker, KnownBrokers, Vouched

ONE = KnownBroker(Vouched.PINNED, fingerprint(b"one"))
TWO = KnownBroker(Vouched.AUTHORITY, fingerprint(b"two"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "not" / "yet" / "known_brokers"


def test_nobody_is_known_at_first(path: Path) -> None:
    assert KnownBrokers(path).find("localhost:17280") is None
    assert not path.parent.exists()


def test_what_is_remembered_is_found_again(path: Path) -> None:
    KnownBrokers(path).remember("Chat.Example:17280", ONE)
    KnownBrokers(path).remember("[::1]:4242", TWO)
    known = KnownBrokers(path)
    assert known.find("chat.example:17280") == ONE
    assert known.find("CHAT.EXAMPLE:17280") == ONE
    assert known.find("[::1]:4242") == TWO
    assert known.find("chat.example:17281") is None
    known.remember("chat.example:17280", TWO)
    assert KnownBrokers(path).find("chat.example:17280") == TWO


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_reads_it(path: Path) -> None:
    KnownBrokers(path).remember("localhost:17280", ONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_comments_and_empty_lines(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"# mine\n\nlocalhost:17280   pinned {ONE.fingerprint}\n")
    assert KnownBrokers(path).find("localhost:17280") == ONE


@pytest.mark.parametrize(
    "line",
    [
        "localhost:17280 pinned",
        f"localhost:17280 trusted {ONE.fingerprint}",
        "localhost:17280 pinned SHA256:short",
        f"localhost:17280 pinned {ONE.fingerprint} more",
        f"localhost:17280 pinned {ONE.fingerprint[7:]}",
    ],
)
def test_a_line_that_can_not_be_understood_is_reported_and_left_alone(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(f"# first\n{line}\n")
    with pytest.raises(ConfigError, match="line 2: that is not"):
        KnownBrokers(path).find("x:1")
    with pytest.raises(ConfigError, match="line 2: that is not"):
        KnownBrokers(path).remember("x:1", ONE)
    assert path.read_text() == f"# first\n{line}\n"


def test_a_file_that_is_no_text(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not text"):
        KnownBrokers(path).find("x:1")


def test_a_file_that_can_not_be_read_or_written(tmp_path: Path) -> None:
    folder = tmp_path / "known_brokers"
    folder.mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        KnownBrokers(folder).find("x:1")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"can't be (read|written)"):
        KnownBrokers(tmp_path / "file" / "known_brokers").remember("x:1", ONE)


def _remember(path: Path, number: int) -> None:
    for each in range(10):
        KnownBrokers(path).remember(f"host{number}:{each + 1}", ONE)


def test_starts_at_the_same_moment_lose_nothing(path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(_remember, path, number) for number in range(4)]:
            done.result(60)
    known = KnownBrokers(path)
    assert all(known.find(f"host{number}:{each + 1}") == ONE for number in range(4) for each in range(10))
