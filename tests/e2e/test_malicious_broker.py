"""The installed program and a broker that lies, on two screens: what each of the two users gets to read."""

from __future__ import annotations

import re

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.test_trust import leaves, words_on
from tests.e2e.world import World
from tests.support.identities import identity_of

from ud2p import KnownPeers, MessageReceived
from ud2p.identity import Identity

MALLORY = Identity.generate()


@pytest.mark.parametrize(
    ("trick", "alice_reads", "bob_reads"),
    [
        (
            "an offer without the best cipher",
            "somebody may have changed",
            "somebody may have changed",
        ),
        (
            "keys that are not theirs",
            "not the one that it signed for the broker; somebody is between",
            "gave up the introduction: what reached it is not what it must be",
        ),
        (
            "zero for a first key",
            "gave up the introduction",
            "a key that protects nothing",
        ),
        (
            "somebody who gives up with an escape code",
            "bob ended the chat: \\x1b[2Jhack",
            "did not agree on keys in 15 s",
        ),
    ],
)
def test_what_is_read_of_it(empty_world: World, trick: str, alice_reads: str, bob_reads: str) -> None:
    world = empty_world
    world.malicious_broker(trick)
    alice, bob = world.people("alice", "bob")
    alice.enter("connect bob")
    bob.wait_until(lambda: "alice w" in bob.status_bar)
    bob.enter("y")
    for shell, sentence in ((alice, alice_reads), (bob, bob_reads)):
        shell.wait_until(lambda: squeezed(sentence) in squeezed("".join(shell.body)))  # noqa: B023
        shell.at_menu()
        assert b"\x1b[2Jhack" not in shell.output
    assert alice.run("list")
    assert alice.sees("bob")


def squeezed(text: str) -> str:
    """Without what a narrow screen adds or takes."""
    return "".join(text.split())


def test_a_broker_with_two_faces(empty_world: World) -> None:
    """Mallory is Bob to Alice and Alice to Bob. Who compares the words finds out; who knows the other is told."""
    world = empty_world
    world.broker()
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob", auto_accept=True, identity=MALLORY, known_peers=KnownPeers()) as as_bob:
        alices_broker = world.address
        world.broker(env={"UD2P_STATE_DIR": str(world.folder / "another")})  # which knows no names yet
        (bob,) = world.people("bob")
        with LibraryPeer(world, "alice", identity=MALLORY, known_peers=KnownPeers()) as as_alice:
            asking = as_alice.start(as_alice.client.invite("bob"))
            bob.wait_until(lambda: "alice w" in bob.status_bar)
            bob.enter("y")
            as_alice.wait(asking)
            alice.enter("connect bob")
            for shell in (alice, bob):
                shell.in_chat()
                assert "unverified" in shell.status_bar
            alice.run("meet me at noon")
            as_alice.says(as_bob.hears(MessageReceived).text)
            assert bob.sees("meet me at noon < alice")
            for shell in (alice, bob):
                shell.run("/verify")
            assert words_on(alice) != words_on(bob)
            alice.enter("n")
            alice.at_menu()
            bob.enter("n")
            bob.at_menu()
            # Had they met before, nobody would have come in between.
            known = KnownPeers(world.home("alice").state / "peers.json")
            known.pin(alices_broker, "bob", identity_of("bob").fingerprint)
            known.verify(alices_broker, "bob", identity_of("bob").fingerprint)
            alice.enter("connect bob")
            assert alice.sees("bob shows another key than before. No chat was opened.")
            assert alice.sees(identity_of("bob").fingerprint)
            assert alice.sees(re.compile(re.escape(MALLORY.fingerprint)))
            alice.at_menu()
            leaves(alice)


def test_a_named_key_on_pipes_is_exit_code_5(empty_world: World) -> None:
    world = empty_world
    world.broker()
    with LibraryPeer(world, "bob", auto_accept=True, identity=MALLORY, known_peers=KnownPeers()) as mallory:
        wanted = identity_of("bob").fingerprint
        piped = world.piped(
            "connect bob\nthe plan\nexit\n",
            *("--broker", world.address, "--name", "alice", "--peer-key", wanted),
        )
        assert piped.wait() == 5
        text = " ".join(piped.output.split())
        assert f"bob has the key {MALLORY.fingerprint}, and the one that is wanted is {wanted}" in text
        assert mallory.run(lambda: mallory.client.chats) == ()
