"""``ud2p identity`` and ``ud2p peers``: the program, its files and its exit codes."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.home import UD2P
from tests.e2e.world import World

from ud2p.identity import fingerprint, parse_identity

KEY, OTHER = (fingerprint(bytes([number]) * 32) for number in (1, 2))


class Program:
    """The installed program with folders of its own, run again and again."""

    def __init__(self, world: World) -> None:
        self._home = world.home("me")
        self.folder = self._home.folder
        self.state = self._home.state

    def __call__(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end, its input being ``given``."""
        done = subprocess.run(
            [UD2P, *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
            env={**self._home.environment, "PATH": ""},
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == (1 if done.returncode else 0), done.stderr
        return done

    def refuses(self, *arguments: str, given: str = "") -> str:
        """Run it and expect that it is refused, as usage or settings are.

        :returns: the sentence
        """
        done = self(*arguments, given=given)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert done.stderr.startswith("ud2p: ")
        return done.stderr


@pytest.fixture
def ud2p(empty_world: World) -> Program:
    return Program(empty_world)


def test_it_is_made_once_and_shown(ud2p: Program) -> None:
    first = ud2p("identity", "--name", "alice")
    assert ud2p("identity", "show", "--name", "ALICE").stdout.split()[1] == first.stdout.split()[1]
    shown = json.loads(ud2p("--name", "alice", "identity", "show", "--json").stdout)
    place = ud2p.state / "identities" / "alice"
    assert shown == {"name": "alice", "fingerprint": first.stdout.split()[1], "file": str(place)}
    assert parse_identity(place.read_text()).fingerprint == shown["fingerprint"]
    assert ud2p("identity", "--name", "bob").stdout.split()[1] != shown["fingerprint"]


def test_without_a_name_it_is_the_remembered_one(ud2p: Program) -> None:
    assert "--name NAME" in ud2p.refuses("identity")
    (ud2p.state / "state.json").write_text('{"name": "carol"}')
    assert ud2p("identity").stdout.startswith("carol  SHA256:")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions otherwise")
def test_an_export_is_its_owners_alone_and_written_over_nothing(ud2p: Program) -> None:
    ud2p("identity", "--name", "alice")
    done = ud2p("identity", "export", "--name", "alice", "away")
    path = ud2p.folder / "away"
    assert "can pass for alice" in done.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert content == (ud2p.state / "identities" / "alice").read_bytes()
    path.write_bytes(b"something else")
    assert "away is there already" in ud2p.refuses("identity", "export", "away", "--name", "alice")
    assert path.read_bytes() == b"something else"
    ud2p("identity", "export", "--name", "alice")
    assert (ud2p.folder / "alice.ud2p-identity").read_bytes() == content


def test_an_export_goes_to_standard_output_only_when_asked(ud2p: Program) -> None:
    ud2p("identity", "--name", "alice")
    kept = (ud2p.state / "identities" / "alice").read_text()
    secret = kept.splitlines()[1].split()[1]
    for arguments in (["show"], ["show", "--json"], ["export", "away"], ["export", "again", "--json"]):
        assert secret not in ud2p("identity", *arguments, "--name", "alice").stdout
    assert ud2p("identity", "export", "-", "--name", "alice").stdout == kept


def test_what_is_not_there_is_not_exported(ud2p: Program) -> None:
    assert "alice has no identity yet" in ud2p.refuses("identity", "export", "away", "--name", "alice")
    assert not (ud2p.folder / "away").exists()


def test_it_moves_to_another_machine(ud2p: Program) -> None:
    ud2p("identity", "--name", "alice")
    text = ud2p("identity", "export", "-", "--name", "alice").stdout
    (ud2p.folder / "brought").write_text(text)
    assert parse_identity(text).fingerprint in ud2p("identity", "import", "brought", "--name", "bob").stdout
    assert ud2p("identity", "import", "-", "--name", "carol", given=text).returncode == 0
    assert ud2p("identity", "import", "--name", "carol", "brought").returncode == 0  # it is there already
    assert {(ud2p.state / "identities" / name).read_text() for name in ("alice", "bob", "carol")} == {text}


def test_an_import_writes_over_no_other_and_says_what_to_do(ud2p: Program) -> None:
    ud2p("identity", "export", "-", "--name", "alice")
    for name in ("alice", "bob"):
        ud2p("identity", "--name", name)
    ud2p("identity", "export", "away", "--name", "alice")
    before = (ud2p.state / "identities" / "bob").read_bytes()
    sentence = ud2p.refuses("identity", "import", "away", "--name", "bob")
    assert "bob has an identity already" in sentence
    assert "move that file away first" in sentence
    assert (ud2p.state / "identities" / "bob").read_bytes() == before


@pytest.mark.parametrize(
    "given", ["", "hello\n", "ud2p identity 1\nsession x\nlogin y\nfingerprint z\n", "é", "x" * 9999]
)
def test_what_is_none_is_not_imported(ud2p: Program, given: str) -> None:
    assert "identity" in ud2p.refuses("identity", "import", "-", "--name", "bob", given=given)
    assert not (ud2p.state / "identities" / "bob").exists()


def test_a_broken_one_is_reported_and_stays(ud2p: Program) -> None:
    place = ud2p.state / "identities" / "alice"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"ud2p identity 1\nsession \x1b[2J\n")
    for arguments in (["show"], ["export", "away"], ["import", "-"]):
        ud2p.refuses("identity", *arguments, "--name", "alice")
    assert place.read_bytes() == b"ud2p identity 1\nsession \x1b[2J\n"
    assert not (ud2p.folder / "away").exists()


@pytest.mark.parametrize("name", ["../alice", "1alice", "\x1b[2J", "", "a" * 33])
def test_what_is_no_name_has_no_identity(ud2p: Program, name: str) -> None:
    assert "\x1b" not in ud2p.refuses("identity", "--name", name)
    assert not list(ud2p.state.glob("**/alice"))


def known(ud2p: Program, *, name: str = "bob", broker: str = "localhost:17280", **more: object) -> None:
    peer = {"broker": broker, "name": name, "key": KEY, **more}
    (ud2p.state / "peers.json").write_text(json.dumps({"version": 1, "peers": [peer]}))


def test_peers_are_listed(ud2p: Program) -> None:
    assert ud2p("peers").stdout == ""
    known(ud2p, verified=True)
    assert ud2p("peers").stdout == f"bob  localhost:17280  verified    {KEY}\n"
    (peer,) = json.loads(ud2p("peers", "--json").stdout)
    assert peer == {
        "broker": "localhost:17280",
        "name": "bob",
        "key": KEY,
        "verified": True,
        "blocked": False,
        "trust": "verified",
    }


def test_a_key_is_replaced_by_the_one_that_is_named(ud2p: Program) -> None:
    known(ud2p, verified=True)
    assert "by which key?" in ud2p.refuses("peers", "replace", "bob")
    assert "is not a fingerprint" in ud2p.refuses("peers", "replace", "bob", OTHER[:-1])
    assert "nobody called carol" in ud2p.refuses("peers", "replace", "carol", OTHER)
    assert ud2p("peers").stdout == f"bob  localhost:17280  verified    {KEY}\n"
    assert ud2p("peers", "replace", "BOB", OTHER).stdout == f"bob  localhost:17280  unverified  {OTHER}\n"
    assert ud2p("peers").stdout == f"bob  localhost:17280  unverified  {OTHER}\n"


def test_a_peer_is_known_at_one_broker(ud2p: Program) -> None:
    known(ud2p, broker="chat.example:443")
    assert "nobody called bob is known at localhost:17280" in ud2p.refuses("peers", "forget", "bob")
    assert ud2p("peers", "forget", "--broker", "Chat.Example:443", "bob").stdout == ""
    assert ud2p("peers").stdout == ""


def test_blocking_and_unblocking(ud2p: Program) -> None:
    assert "blocked" in ud2p("peers", "block", "mallory").stdout
    assert "blocked" in ud2p("peers").stdout
    assert ud2p("peers", "unblock", "MALLORY").stdout == ""
    assert "mallory is not blocked" in ud2p.refuses("peers", "unblock", "mallory")
    assert "takes a name and nothing else" in ud2p.refuses("peers", "block", "bob", KEY)
    assert "is no name" in ud2p.refuses("peers", "block", "\x1b[2Jbob")


def test_a_file_of_peers_that_is_broken_is_reported_and_stays(ud2p: Program) -> None:
    path: Path = ud2p.state / "peers.json"
    path.write_text('{"version": 1, "peers": [{"broker": "localhost:17280", "name": "\\u001b[2Jbob"}]}')
    before = path.read_bytes()
    for arguments in (["list"], ["block", "bob"], ["replace", "bob", KEY]):
        sentence = ud2p.refuses("peers", *arguments)
        assert str(path) in sentence
        assert "\x1b" not in sentence
    assert path.read_bytes() == before
