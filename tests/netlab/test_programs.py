"""The installed program in real terminals, on hosts behind routers."""

from __future__ import annotations

import os

from tests.e2e.home import UD2P
from tests.e2e.shell import Shell
from tests.e2e.world import World, meet
from tests.netlab.internet import Host, Internet
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
    alice, bob = at_homes(world, *(internet.router(Nat.PORT_RESTRICTED).host() for _ in range(2)))
    send_a_file(alice, bob)
    for shell in (alice, bob):
        shown = " ".join(" ".join(shell.body).split())
        assert "no direct connection comes about; going through the chat's own path, which is slower" in shown
        assert "s, through the chat's own path, which is slower" in shown


def test_a_file_to_somebody_behind_a_router(internet: Internet, world: World) -> None:
    """The sender can't connect to the receiver, so that the receiver connects to the sender; then the other way."""
    alice, bob = at_homes(world, internet.host(), internet.router(Nat.PORT_RESTRICTED).host())
    send_a_file(alice, bob)
    shown = " ".join(" ".join(alice.body).split())
    assert "direct, by a connection from the receiver" in shown
    send_a_file(bob, alice, "back")
    assert "chat's own path" not in " ".join(" ".join(bob.body).split())


def at_homes(world: World, *hosts: Host) -> list[Shell]:
    """Two people, each on a host, in a chat."""
    shells = [
        world.shell(name, command=host.namespace.command(UD2P))
        for name, host in zip(("alice", "bob"), hosts, strict=True)
    ]
    for shell in shells:
        shell.at_menu()
    meet(*shells)
    return shells


def send_a_file(sender: Shell, receiver: Shell, name: str = "Von.mp3") -> None:
    """Two megabytes, which arrive."""
    content = os.urandom(2_000_000)
    (sender.folder / name).write_bytes(content)
    sender.enter(f"sendf {name}")
    receiver.sees(f"wants to send {name} (")
    receiver.enter("y")
    sender.sees("File sent ✓")
    receiver.sees("File received ✓")
    assert (receiver.folder / name).read_bytes() == content
