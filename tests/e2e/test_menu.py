"""The menu: lists, status, the seed's numbers, and what is typed by mistake."""

from __future__ import annotations

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import THEMES
from tests.e2e.world import World

OFFLINE_SENTENCE = {
    "lutho": "You cannot connect to another client while offline",
    "chulumanco": "You are offline just now.",
    "roanda": "You cannot connect to another client while offline",
}


def test_a_list_names_the_others_and_their_status(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    bob.run("status offline")
    listed = alice.run("list")
    assert any("1. bob     Offline" in line for line in listed)
    assert not any("alice" in line for line in listed)
    bob.run("status online")
    assert any("1. bob     Online   127.0.0.1:" in line for line in alice.run("list"))
    assert "No client's name begins with z" in alice.run("list z")
    assert any("No client's name begins with xxx" in line for line in alice.run("list " + "x" * 33))


def test_nobody_else_is_there(world: World) -> None:
    (alice,) = world.people("alice")
    assert "No other clients are connected" in alice.run("1")
    assert "No clients are available for connection" in alice.run("2")


@pytest.mark.parametrize("theme", THEMES)
def test_nobody_connects_while_offline(world: World, theme: str) -> None:
    (alice,) = world.people("alice", theme=theme)
    with LibraryPeer(world, "bob") as bob:
        assert "<<Offline>>" in alice.run("status offline")
        assert "alice <<Offline>>" in alice.status_bar
        for line in ("2", "connect bob"):
            assert any(OFFLINE_SENTENCE[theme] in shown for shown in alice.run(line))
        assert not bob.client.invitations
        assert [(one.name, one.online) for one in bob.do(bob.client.list()).clients] == [
            ("alice", False),
            ("bob", True),
        ]
        assert "<<Online>>" in alice.run("status online")
        assert [one.name for one in bob.do(bob.client.available()).clients] == ["alice"]


def test_the_numbers_do_what_the_menu_says(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    assert any("1. bob" in line for line in alice.run("1"))
    alice.enter("2")
    alice.at("Enter the number of the client to connect to (or Q to cancel):")
    assert "Clients available for connection:" in alice.body
    alice.enter("q")
    alice.at_menu()
    alice.enter("3")
    alice.at("Choose active status (1) Online (2) Offline:")
    alice.enter("2")
    alice.sees("<<Offline>>")
    alice.at_menu()
    bob.enter("4")
    assert bob.wait_for_end() == 0
    assert "No other clients are connected" in alice.run("list")


def test_a_status_that_is_none(world: World) -> None:
    (alice,) = world.people("alice")
    assert "a status is online (1) or offline (2)" in alice.run("status away")
    alice.enter("3")
    alice.at("Choose active status (1) Online (2) Offline:")
    alice.enter("")
    alice.at_menu()
    assert "alice <<Online>>" in alice.status_bar


def test_an_empty_line_does_nothing(world: World) -> None:
    (alice,) = world.people("alice")
    alice.run("list")
    before = alice.body
    alice.send("\r \r\r")
    alice.wait_until(lambda: len(alice.body) == len(before) + 3)
    assert {line.strip() for line in alice.body[len(before) :]} == {"ud2p>"}


def test_a_command_that_is_not_there(world: World) -> None:
    (alice,) = world.people("alice")
    assert "there is no command conect; did you mean connect?" in alice.run("conect bob")
    assert "there is no command qwertz; help shows the commands" in alice.run("qwertz")
    assert "there is no command !ls; help shows the commands" in alice.run("!ls")
    assert "a file goes to the one you chat with; connect to somebody first" in alice.run("sendf x")
    assert "nobody waits for an answer" in alice.run("accept")
    assert "zoe has asked nothing; check the name" in alice.run("decline zoe")
    assert "there is no more of the list; list shows it from the start" in alice.run("more")


def test_help_names_every_command(world: World) -> None:
    (alice,) = world.people("alice", rows=50)
    shown = "\n".join(alice.run("help"))
    for word in ("1", "2", "3", "4", "list", "connect", "status", "exit", "sendf", "accept", "decline", "theme"):
        assert f"\n{word} " in shown, word
    assert "\nplugins " in shown
    assert alice.run("?")[1:] == alice.run("HELP")[1:] == shown.split("\n")[1:]


def test_plugins_are_listed(world: World) -> None:
    (alice,) = world.people("alice")
    shown = alice.run("plugins")
    assert any(line.startswith("aes-gcm     on      cipher aes-gcm (ud2p ") for line in shown)
    assert any(line.startswith("memory      on      directory memory (ud2p ") for line in shown)


def test_ctrl_c_keeps_the_shell_and_ctrl_d_leaves_it(world: World) -> None:
    (alice,) = world.people("alice")
    alice.types("lis")
    alice.send("\x03")
    alice.at_menu()
    assert not alice.body[-1].startswith("Type exit")
    alice.send("\x03")
    alice.sees("Type exit, or press Ctrl-D, to leave")
    alice.at_menu()
    alice.send("\x04")
    assert alice.wait_for_end() == 0


def test_the_arrows_bring_back_what_was_typed(world: World) -> None:
    (alice,) = world.people("alice")
    alice.run("list")
    alice.run("status online")
    alice.send("\x1b[A\x1b[A")
    alice.holds("ud2p> list")
    alice.enter("")
    alice.sees("No other clients are connected", times=2)
    alice.enter("exit")
    assert alice.wait_for_end() == 0
    assert (alice.home.state / "history").read_text().split("\n")[:2] == ["list", "status online"]
    world.forget(alice)
    (again,) = world.people("alice")
    again.send("\x1b[A")
    again.holds("ud2p> exit")


def test_tab_completes_commands_and_names(world: World) -> None:
    alice, _ = world.people("alice", "bartholomew")
    alice.run("list")
    alice.send("conn\tb\t")
    alice.holds("ud2p> connect bartholomew")


def test_a_long_list_comes_in_pages(world: World) -> None:
    (alice,) = world.people("alice", rows=60)
    with LibraryPeer(world, "guest000") as guest:
        guest.brings(f"guest{number:03}" for number in range(1, 120))
        shown = alice.run("list")
        assert any(line.startswith("49. guest048 ") for line in shown)
        assert not any(line.startswith("51. ") for line in shown)
        assert "of 120" in " ".join(shown)
        shown = alice.run("more") + alice.run("more")
        assert any(line.startswith("51. guest050 ") for line in shown)
        assert any(line.startswith("120. guest119 ") for line in shown)
        assert "there is no more of the list; list shows it from the start" in alice.run("more")
        shown = alice.run("list guest09")
        assert [line.split()[1] for line in shown if ". guest" in line] == [f"guest09{number}" for number in range(10)]
        alice.enter("connect 10")
        alice.sees("Waiting for guest099")
