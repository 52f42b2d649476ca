from __future__ import annotations

import json
import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.errors import ConfigError, PeerNotTrusted, UsageError
from ud2p.identity import fingerprint
from ud2p.known_peers import KnownPeers, broker_entry
from ud2p.peer_book import Standing, Trust

HERE = "localhost:17280"
K1, K2 = (fingerprint(bytes([number]) * 32) for number in (1, 2))


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"UD2P_STATE_DIR": str(tmp_path / "not" / "there" / "yet")}


def path_in(environ: dict[str, str]) -> Path:
    return Path(environ["UD2P_STATE_DIR"]) / "peers.json"


def put(environ: dict[str, str], content: bytes) -> Path:
    path = path_in(environ)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def entry(**members: Any) -> bytes:
    known = {"broker": HERE, "name": "bob", "key": K1}
    return json.dumps({"version": 1, "peers": [{**known, **members}]}).encode()


def test_nobody_is_known_at_first_and_looking_makes_no_file(environ: dict[str, str]) -> None:
    assert KnownPeers.load(environ).look_up(HERE, "bob", K1) == Trust(Standing.NEW)
    assert not path_in(environ).parent.exists()


def test_what_was_said_is_known_at_the_next_start(environ: dict[str, str]) -> None:
    peers = KnownPeers.load(environ)
    assert peers.pin(HERE, "Bob", K1).standing is Standing.NEW
    assert peers.pin(HERE, "bob", K1).standing is Standing.PINNED
    assert peers.pin(HERE, "bob", K2).standing is Standing.CHANGED
    peers.verify(HERE, "bob", K1)
    peers.block(HERE, "carol")
    again = KnownPeers.load(environ)
    assert again.look_up(HERE, "bob", K1).standing is Standing.VERIFIED
    assert again.look_up(HERE, "carol", K2).standing is Standing.BLOCKED
    assert json.loads(path_in(environ).read_bytes()) == {
        "version": 1,
        "peers": [
            {"broker": HERE, "name": "Bob", "key": K1, "verified": True},
            {"broker": HERE, "name": "carol", "blocked": True},
        ],
    }
    again.replace(HERE, "bob", K2)
    again.unblock(HERE, "carol")
    again.forget(HERE, "bob")
    assert KnownPeers.load(environ).book.peers == {}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions otherwise")
def test_only_the_owner_may_read_it(environ: dict[str, str]) -> None:
    old = os.umask(0)
    try:
        KnownPeers.load(environ).pin(HERE, "bob", K1)
    finally:
        os.umask(old)
    assert {stat.S_IMODE(each.stat().st_mode) for each in path_in(environ).parent.iterdir()} == {0o600}
    assert stat.S_IMODE(path_in(environ).parent.stat().st_mode) == 0o700


def test_two_shells_see_and_keep_what_the_other_says(environ: dict[str, str]) -> None:
    one, other = KnownPeers.load(environ), KnownPeers.load(environ)
    one.pin(HERE, "bob", K1)
    other.pin(HERE, "carol", K2)
    one.verify(HERE, "carol", K2)
    assert other.look_up(HERE, "carol", K2).standing is Standing.VERIFIED
    assert other.look_up(HERE, "bob", K1).standing is Standing.PINNED


def test_many_at_once_lose_nobody(environ: dict[str, str]) -> None:
    names = [f"peer{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: KnownPeers.load(environ).pin(HERE, name, K1), names))
    assert {peer.name for peer in KnownPeers.load(environ).book.peers.values()} == set(names)


def test_of_two_first_contacts_at_once_one_is_changed(environ: dict[str, str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        pinned = list(pool.map(lambda key: (key, KnownPeers.load(environ).pin(HERE, "bob", key)), [K1, K2] * 4))
    (first,) = [key for key, trust in pinned if trust.standing is Standing.NEW]
    assert {trust.standing for key, trust in pinned if key != first} == {Standing.CHANGED}


BROKEN = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"version": 1}',
    b'{"version": 2, "peers": []}',
    b'{"version": 1, "peers": {}}',
    b'{"version": 1, "peers": [], "revoked": []}',
    entry(key=K1[:-1]),
    entry(key=K1[:-1] + "B"),
    entry(key="MD5:" + K1[7:]),
    entry(key=None),
    entry(verified="yes"),
    entry(key=None, verified=True, blocked=True),
    entry(expires="never"),
    entry(name="bob\n"),
    entry(name="X" * 33),
    entry(broker="http://localhost/"),
    entry(name="\x1b[2Jbob"),
    entry(broker="local\x1b]52;c;aGk=\x07host"),
    json.dumps({"version": 1, "peers": [{"broker": HERE, "name": n, "key": K1} for n in ("bob", "BOB")]}).encode(),
]


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_is_a_sentence_that_names_it_and_it_stays(environ: dict[str, str], content: bytes) -> None:
    path = put(environ, content)
    with pytest.raises(ConfigError, match="can't be understood") as caught:
        KnownPeers.load(environ)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()
    peers = KnownPeers(path)
    for act in (peers.pin, peers.verify, peers.replace, peers.look_up):
        with pytest.raises(ConfigError, match="can't be understood"):
            act(HERE, "bob", K1)
    assert path.read_bytes() == content


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_fall(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("state") / "peers.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError):
        _ = KnownPeers(path).book


def test_a_folder_in_its_place_is_a_sentence(environ: dict[str, str]) -> None:
    path_in(environ).mkdir(parents=True)
    with pytest.raises(ConfigError, match="can't be read"):
        KnownPeers.load(environ)


def test_a_folder_that_can_t_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"can't be"):
        KnownPeers(tmp_path / "file" / "peers.json").pin(HERE, "bob", K1)


def test_what_is_refused_changes_no_file(environ: dict[str, str]) -> None:
    peers = KnownPeers.load(environ)
    peers.pin(HERE, "bob", K1)
    before = path_in(environ).stat().st_mtime_ns, path_in(environ).read_bytes()
    with pytest.raises(PeerNotTrusted):
        peers.verify(HERE, "bob", K2)
    with pytest.raises(UsageError):
        peers.forget(HERE, "carol")
    peers.pin(HERE, "bob", K2)
    assert (path_in(environ).stat().st_mtime_ns, path_in(environ).read_bytes()) == before


def test_what_is_no_name_or_broker_is_never_written(environ: dict[str, str]) -> None:
    peers = KnownPeers.load(environ)
    for name in ("\x1b[2Jbob", "", "bob\n", "b" * 33, "1bob"):
        for act in (peers.pin, peers.verify):
            with pytest.raises(UsageError, match="is no name") as caught:
                act(HERE, name, K1)
            assert str(caught.value).isprintable()
    with pytest.raises(UsageError, match="is not the address of a broker"):
        peers.pin("http://localhost/", "bob", K1)
    peers.pin("LocalHost", "bob", K1)
    assert peers.look_up(HERE, "bob", K1).standing is Standing.PINNED
    assert list(peers.book.peers) == [(HERE, "bob")]


def test_in_memory_nothing_is_kept(environ: dict[str, str]) -> None:
    peers = KnownPeers()
    peers.pin(HERE, "bob", K1)
    assert peers.look_up(HERE, "bob", K2).standing is Standing.CHANGED
    assert not path_in(environ).exists()


@pytest.mark.parametrize(
    ("said", "entry"),
    [
        ("localhost", HERE),
        ("LocalHost:17280", HERE),
        ("127.0.0.1", "127.0.0.1:17280"),
        ("[::1]", "[::1]:17280"),
        ("[FE80::1%eth0]:4242", "[fe80::1%eth0]:4242"),
        ("Chat.Example:443", "chat.example:443"),
    ],
)
def test_a_broker_is_known_as_the_user_wrote_it(said: str, entry: str) -> None:
    assert broker_entry(said) == entry
    assert broker_entry(entry) == entry
