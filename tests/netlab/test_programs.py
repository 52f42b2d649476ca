"""The installed program in real terminals, on hosts behind routers."""

from __future__ import annotations

import os

from tests.e2e.home import UD2P
from tests.e2e.shell import Shell
from tests.e2e.world import World, meet
from tests.netlab.internet import Internet
from tests.support.nats import Nat, forget


def says(speaker: Shell, listener: Shell, text: str) -> None:
    """A message that arrives, and is known to have arrived."""
    speaker.enter(text)
    listener.wait_for(lambda screen: any(text in row and row.rstrip().endswith(f"< {speaker.name}") for row in screen))
    speaker.wait_for(lambda screen: any(text in row and "✓" in row for row in screen))


def test_a_chat_between_two_homes_whose_routers_forget(internet: Internet, world: World) -> None:
    routers = [internet.router(Nat.PORT_RESTRICTED, six=True) for _ in range(2)]
    alice, bob = (
        world.shell(name, command=router.host().namespace.command(UD2P))
        for name, router in zip(("alice", "bob"), routers, strict=True)
    )
    for shell in (alice, bob):
        shell.at_menu()
    meet(alice, bob)
    assert any("direct" in row for row in alice.screen)
    says(alice, bob, "sho")
    says(bob, alice, "Awe Gee")
    forget(routers[0].namespace, Nat.REBOUND)
    says(alice, bob, "still there?")
    says(bob, alice, "always")


def test_a_file_between_two_homes(internet: Internet, world: World) -> None:
    """No TCP connection comes about between the two, so that the file takes the chat's own path."""
    alice, bob = (
        world.shell(name, command=internet.router(Nat.PORT_RESTRICTED).host().namespace.command(UD2P))
        for name in ("alice", "bob")
    )
    for shell in (alice, bob):
        shell.at_menu()
    meet(alice, bob)
    content = os.urandom(2_000_000)
    (alice.folder / "Von.mp3").write_bytes(content)
    alice.enter("sendf Von.mp3")
    bob.sees("wants to send Von.mp3 (")
    bob.enter("y")
    alice.sees("File sent ✓")
    bob.sees("File received ✓")
    for shell in (alice, bob):
        assert "chat's own path" in " ".join(" ".join(shell.screen).split())
    assert (bob.folder / "Von.mp3").read_bytes() == content
