"""The broker's key as people meet it: told once, kept, a hard stop when it changes, replaced by the command shown."""

from __future__ import annotations

import shlex
from pathlib import Path

from tests.e2e.library_peer import LibraryPeer
from tests.e2e.world import World
from tests.support.identities import identity_of


def test_the_first_contact_is_told_once(empty_world: World) -> None:
    broker = empty_world.broker()
    empty_world.key = ""  # nobody has met it
    for is_first in (True, False):
        piped = empty_world.piped("exit\n", "--broker", broker.address, "--name", "alice", name="alice")
        assert piped.wait() == 0
        told = " ".join(piped.output.split())
        assert ("First contact" in told) is is_first
        assert (broker.key in told) is is_first
    known = (empty_world.home("alice").state / "known_brokers").read_text()
    assert f"{broker.address} pinned {broker.key}\n" in known


def test_a_changed_key_stops_and_the_command_that_is_shown_replaces_it(empty_world: World) -> None:
    broker = empty_world.broker()
    home = empty_world.home("alice")
    _lose_the_key(empty_world, home.state / "known_brokers", broker.key)
    piped = empty_world.piped("exit\n", "--broker", broker.address, "--name", "alice", name="alice")
    assert piped.wait() == 5
    assert piped.errors.count("\n") == 1
    assert "has changed" in piped.errors
    assert not piped.output
    command = shlex.split(piped.errors[piped.errors.index("ud2p --broker") :].strip())
    assert command == ["ud2p", "--broker", broker.address, "--trust-broker", broker.key]
    for arguments in (command[1:], ["--broker", broker.address]):
        piped = empty_world.piped("exit\n", *arguments, "--name", "alice", name="alice")
        assert piped.wait() == 0, piped.errors
        assert "First contact" not in piped.output


def _lose_the_key(world: World, known: Path, key: str) -> None:
    """Alice remembers another key than the broker has."""
    other = "SHA256:" + "A" * 43
    known.write_text(known.read_text().replace(key, other))
    world.key = ""


def test_a_name_is_freed_while_the_broker_runs(empty_world: World) -> None:
    broker = empty_world.broker()
    with LibraryPeer(empty_world, "zed", identity=identity_of("another")):
        pass
    arguments = ("--broker", broker.address, "--name", "zed")
    refused = empty_world.piped("exit\n", *arguments)
    assert refused.wait() == 1
    assert "the name zed is taken" in refused.errors
    freed = empty_world.piped("", "serve", "--release", "ZED", name="broker")
    assert freed.wait() == 0, freed.errors
    assert freed.output == "The name ZED is free: whoever logs in under it next owns it\n"
    assert empty_world.piped("exit\n", *arguments, name="again").wait() == 0


def test_plain_text_on_this_machine(empty_world: World) -> None:
    broker = empty_world.broker("--plaintext")
    assert broker.key == ""
    piped = empty_world.piped("list\nexit\n", "--plaintext", "--broker", broker.address, "--name", "alice")
    assert piped.wait() == 0
    assert "Connected to server" in piped.output
    without = empty_world.piped("exit\n", "--broker", broker.address, "--name", "alice")
    assert without.wait() == 3
    assert "speaks plain text" in without.errors
    assert without.errors.count("\n") == 1
