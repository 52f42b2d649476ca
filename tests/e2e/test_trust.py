"""Who a peer is: pinned at first contact, verified by words, stopped when its key has changed, blocked."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from tests.e2e.home import UD2P
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import THEMES, Shell
from tests.e2e.world import World, meet
from tests.support.identities import identity_of

from ud2p import ChatEnded, InvitationFailed, KnownPeers, MessageReceived
from ud2p.identity import Identity
from ud2p.protocol.words import words_for

EVERY_WORD = {word for byte in range(256) for word in words_for(bytes([byte, byte]))}


def words_on(shell: Shell) -> list[str]:
    """The four words that were last printed."""
    line = shell.sees(re.compile(r"words of this chat: \w+ \w+ \w+ \w+"))[-1]
    words = line.split(": ")[1].split()
    assert set(words) <= EVERY_WORD, words
    return words


def peers_of(world: World, name: str) -> dict[str, dict[str, object]]:
    """What somebody's file of known peers has, by name."""
    file = json.loads((world.home(name).state / "peers.json").read_text())
    return {peer["name"]: peer for peer in file["peers"]}


def becomes_somebody_else(world: World, name: str) -> None:
    """The broker frees ``name``, and whoever takes it next has another key."""
    assert world.piped("", "serve", "--release", name, name="broker").wait() == 0
    (world.home(name).state / "identities" / name).write_text(Identity.generate().export())


def leaves(shell: Shell) -> None:
    shell.enter("exit")
    assert shell.wait_for_end() == 0


def test_two_verify_each_other(world: World) -> None:
    alice, bob = world.chatting()
    for shell in (alice, bob):
        assert shell.sees("unverified")
        assert "unverified" in shell.status_bar
        shell.run("/verify")
        assert shell.sees("by voice or in person, never in this chat")
    assert words_on(alice) == words_on(bob)
    alice.run("y")
    assert alice.sees("bob is verified from now on")
    alice.wait_until(lambda: ", verified" in alice.status_bar)
    assert "unverified" in bob.status_bar
    bob.run("y")
    bob.wait_until(lambda: ", verified" in bob.status_bar)
    alice.run("still here")
    assert bob.sees("still here < alice")
    alice.enter("X")
    for shell in (alice, bob):
        shell.at_menu()
    listed = "".join(alice.run("list"))
    assert re.search(r"bob +Online.* verified", listed)
    # At the next chat both know each other, and other words stand for another handshake.
    meet(alice, bob)
    assert alice.sees(re.compile(r"Connected to bob!  direct, aes-gcm, verified"))
    assert bob.sees(re.compile(r"Connected to alice!  direct, aes-gcm, verified"))
    assert peers_of(world, "alice")["bob"]["verified"] is True


@pytest.mark.parametrize("theme", THEMES)
def test_every_theme_shows_the_words_and_takes_the_answer(world: World, theme: str) -> None:
    alice, bob = world.chatting(theme=theme)
    for shell in (alice, bob):
        shell.run("/verify")
    assert words_on(alice) == words_on(bob)
    alice.enter("y")
    alice.wait_until(lambda: ", verified" in alice.status_bar)


def test_words_that_differ_end_the_chat_and_the_key_is_forgotten(world: World) -> None:
    alice, bob = world.chatting()
    assert "bob" in peers_of(world, "alice")
    alice.run("/verify")
    alice.enter("n")
    assert alice.sees("The words differ")
    alice.at_menu()
    bob.at_menu()
    assert bob.sees("alice says that the words differ")
    assert peers_of(world, "alice") == {}


def test_what_is_typed_in_a_chat_is_an_answer_only_when_it_is_one(world: World) -> None:
    alice, bob = world.chatting()
    alice.run("/verify")
    alice.run("yes they match")
    assert bob.sees("yes they match < alice")
    assert "unverified" in alice.status_bar
    assert peers_of(world, "alice")["bob"].get("verified") is None
    alice.enter("X")
    alice.at_menu()
    assert alice.run("y")  # The question went with its chat.
    assert alice.sees("there is no command y")


def test_a_changed_key_is_stopped_on_both_screens(empty_world: World) -> None:
    world = empty_world
    world.broker()
    alice, bob = world.chatting()
    alice.run("/verify")
    alice.run("y")
    known = peers_of(world, "alice")["bob"]["key"]
    bob.enter("X")
    for shell in (alice, bob):
        shell.at_menu()
    leaves(bob)
    becomes_somebody_else(world, "bob")
    (mallory,) = world.people("bob")
    alice.enter("connect bob")
    mallory.wait_until(lambda: "alice w" in mallory.status_bar)
    mallory.enter("y")
    assert alice.sees("bob shows another key than before. No chat was opened.")
    assert alice.sees("The key that is known, verified:")
    alice.at_menu()
    shown = subprocess_fingerprint(world, "bob")
    assert alice.sees(str(known))
    assert alice.sees(shown, 2)  # once as the key, once in the command
    assert mallory.sees("No chat with alice: alice opened no chat")
    mallory.at_menu()
    assert not any(str(known) in line for line in mallory.body)
    # It does not matter who begins, and a file that names the old key lets nobody in.
    mallory.enter("connect alice")
    alice.wait_until(lambda: "bob w" in alice.status_bar)
    alice.enter("y")
    alice.sees("shows another key than before", 2)
    mallory.sees("opened no chat", 2)
    assert peers_of(world, "alice")["bob"]["key"] == known
    # The command on the screen takes that key and no other.
    command = alice.sees(re.compile(r"^ *trust bob SHA256:"))[-1].strip()
    assert command == f"trust bob {shown}"
    alice.at_menu()
    alice.run(command)
    meet(alice, mallory)
    assert alice.sees("Connected to bob!  direct, aes-gcm, unverified")
    assert peers_of(world, "alice")["bob"]["key"] == shown


def subprocess_fingerprint(world: World, name: str) -> str:
    """What ``ud2p identity`` says of somebody's key."""
    done = subprocess.run(
        [UD2P, "identity", "--json", "--name", name],
        capture_output=True,
        text=True,
        check=True,
        env=world.home(name).environment,
    )
    fingerprint = json.loads(done.stdout)["fingerprint"]
    assert isinstance(fingerprint, str)
    return fingerprint


def test_a_key_that_is_not_the_one_on_the_screen_is_stopped_again(empty_world: World) -> None:
    world = empty_world
    world.broker()
    alice, bob = world.chatting()
    bob.enter("X")
    for shell in (alice, bob):
        shell.at_menu()
    leaves(bob)
    first = Identity.generate()
    alice.run(f"trust bob {first.fingerprint}")
    becomes_somebody_else(world, "bob")
    (mallory,) = world.people("bob")
    alice.enter("connect bob")
    mallory.wait_until(lambda: "alice w" in mallory.status_bar)
    mallory.enter("y")
    assert alice.sees("shows another key than before")
    assert peers_of(world, "alice")["bob"]["key"] == first.fingerprint


def test_who_is_blocked_is_declined_unseen(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "mallory", known_peers=KnownPeers()) as mallory:
        alice.run("block mallory")
        before = alice.body
        with pytest.raises(InvitationFailed, match="alice declined"):
            mallory.do(mallory.client.invite("alice"))
        alice.run("list")
        assert not any("mallory wants" in line for line in alice.body)
        assert alice.body[: len(before)] == before
        assert alice.sees(re.compile(r"mallory +Online.* blocked"))
        alice.run("connect mallory")
        assert alice.sees("mallory is blocked")
        alice.run("unblock mallory")
        asking = mallory.start(mallory.client.invite("alice"))
        alice.wait_until(lambda: "mallory w" in alice.status_bar)
        alice.enter("y")
        mallory.wait(asking)
        alice.in_chat()
        alice.enter("/block mallory")
        assert mallory.hears(ChatEnded).by_peer
        alice.at_menu()


def piped_chat(world: World, *arguments: str) -> tuple[int, str]:
    """A chat of alice's with bob on pipes."""
    piped = world.piped(
        "connect bob\nfor bob alone\nX\nexit\n", "--broker", world.address, "--name", "alice", *arguments
    )
    code = piped.wait()
    assert not piped.errors
    return code, " ".join(piped.output.split())


def test_a_wanted_key_on_pipes(world: World) -> None:
    him = identity_of("bob")
    with LibraryPeer(world, "bob", auto_accept=True, identity=him, known_peers=KnownPeers()) as bob:
        code, output = piped_chat(world, "--peer-key", him.fingerprint)
        assert (code, bob.hears(MessageReceived).text) == (0, "for bob alone")
        other = Identity.generate().fingerprint
        code, output = piped_chat(world, "--peer-key", other)
        assert code == 5
        assert f"bob has the key {him.fingerprint}, and the one that is wanted is {other}" in output
        assert "for bob alone" not in output
        assert bob.run(lambda: bob.client.chats) == ()


def test_what_is_no_key_is_usage(world: World) -> None:
    piped = world.piped("exit\n", "--broker", world.address, "--name", "alice", "--peer-key", "SHA256:x")
    assert piped.wait() == 2
    assert "--peer-key" in piped.errors
    assert "is not a fingerprint" in piped.errors


def test_only_verified_peers_on_pipes(world: World) -> None:
    him = identity_of("bob")
    with LibraryPeer(world, "bob", auto_accept=True, identity=him, known_peers=KnownPeers()) as bob:
        code, output = piped_chat(world, "--require-verified")
        assert code == 5
        assert "bob is not verified" in output
        assert "for bob alone" not in output
        known = KnownPeers(world.home("piper").state / "peers.json")
        known.verify(world.address, "bob", him.fingerprint)
        code, output = piped_chat(world, "--require-verified")
        assert (code, bob.hears(MessageReceived).text) == (0, "for bob alone")
        assert "Connected to bob! direct, aes-gcm, verified" in output
        known.replace(world.address, "bob", Identity.generate().fingerprint)
        assert piped_chat(world, "--require-verified")[0] == 5


def test_a_changed_key_on_pipes(world: World) -> None:
    known = KnownPeers(world.home("piper").state / "peers.json")
    known.pin(world.address, "bob", Identity.generate().fingerprint)
    him = identity_of("bob")
    with LibraryPeer(world, "bob", auto_accept=True, identity=him, known_peers=KnownPeers()):
        code, output = piped_chat(world)
    assert code == 5
    assert "for bob alone" not in output
    assert f"trust bob {him.fingerprint}" in output


def test_a_broken_file_of_peers_is_reported_at_the_start(world: World) -> None:
    path = world.home("piper").state / "peers.json"
    path.write_text("{")
    piped = world.piped("list\n", "--broker", world.address, "--name", "alice")
    assert piped.wait() == 2
    assert piped.errors.startswith(f"ud2p: {path} can't be understood")
    assert path.read_text() == "{"
