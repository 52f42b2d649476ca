from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from ud2p.errors import ConfigError
from ud2p.state import State, load_state, remember_disabled, remember_name


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"UD2P_STATE_DIR": str(tmp_path / "not" / "there" / "yet")}


def path_in(environ: dict[str, str]) -> Path:
    return Path(environ["UD2P_STATE_DIR"]) / "state.json"


def put(environ: dict[str, str], content: bytes) -> Path:
    path = path_in(environ)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_nothing_is_remembered_at_first(environ: dict[str, str]) -> None:
    assert load_state(environ) == State(None)
    assert not path_in(environ).parent.exists()


def test_a_name_is_remembered_and_changed(environ: dict[str, str]) -> None:
    remember_name("alice", environ)
    assert load_state(environ) == State("alice")
    remember_name("bob", environ)
    assert load_state(environ) == State("bob")
    assert os.listdir(path_in(environ).parent) == ["state.json"]


def test_plugins_that_are_off_for_good_are_remembered(environ: dict[str, str]) -> None:
    remember_disabled(["sparkle", "lutho"], environ)
    remember_name("alice", environ)
    assert load_state(environ) == State("alice", ("sparkle", "lutho"))
    remember_disabled([], environ)
    assert load_state(environ) == State("alice")


@pytest.mark.parametrize("value", [b"3", b'"sparkle"', b"[3]", b"null"])
def test_disabled_plugins_that_are_no_names_are_a_sentence(environ: dict[str, str], value: bytes) -> None:
    path = put(environ, b'{"disabled_plugins": ' + value + b"}")
    with pytest.raises(ConfigError, match='"disabled_plugins" is not a list of names') as raised:
        load_state(environ)
    assert str(path) in str(raised.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions otherwise")
def test_only_the_owner_may_read_it(environ: dict[str, str]) -> None:
    old = os.umask(0)
    try:
        remember_name("alice", environ)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path_in(environ).stat().st_mode) == 0o600
    assert stat.S_IMODE(path_in(environ).parent.stat().st_mode) == 0o700


def test_what_a_later_version_keeps_there_stays(environ: dict[str, str]) -> None:
    path = put(environ, b'{"name": "alice", "of-tomorrow": [1, {"a": "\xc3\xa9"}]}')
    remember_name("bob", environ)
    assert json.loads(path.read_text(encoding="utf-8")) == {"name": "bob", "of-tomorrow": [1, {"a": "é"}]}


def test_the_same_name_again_writes_nothing(environ: dict[str, str]) -> None:
    path = put(environ, b'{"name":"alice"}')
    remember_name("alice", environ)
    assert path.read_bytes() == b'{"name":"alice"}'


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"alice"', b"\xff\xfe", b'{"name": "al', b"[" * 100_000])
def test_a_damaged_file_is_reported_and_not_replaced(environ: dict[str, str], content: bytes) -> None:
    path = put(environ, content)
    with pytest.raises(ConfigError, match="damaged") as caught:
        load_state(environ)
    assert str(path) in str(caught.value)
    with pytest.raises(ConfigError, match="damaged"):
        remember_name("alice", environ)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["3", '""', "[]"])
def test_a_name_that_is_none_is_reported(environ: dict[str, str], name: str) -> None:
    put(environ, b'{"name": %s}' % name.encode())
    with pytest.raises(ConfigError, match="user name"):
        load_state(environ)


def test_a_folder_that_can_not_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"state\.json can't be"):
        remember_name("alice", {"UD2P_STATE_DIR": str(tmp_path / "file" / "state")})


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_name("alice", environ)

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(ConfigError, match="No space left on device"):
        remember_name("bob", environ)
    monkeypatch.undo()
    assert load_state(environ) == State("alice")
    assert os.listdir(path_in(environ).parent) == ["state.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_link_stays_a_link(environ: dict[str, str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}")
    path_in(environ).parent.mkdir(parents=True)
    path_in(environ).symlink_to(elsewhere)
    remember_name("alice", environ)
    assert path_in(environ).is_symlink()
    assert json.loads(elsewhere.read_text()) == {"name": "alice"}
