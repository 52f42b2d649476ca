"""``ud2p`` without a terminal: commands in order, deliveries awaited, nothing but text."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from tests.e2e.home import UD2P
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.world import World

from ud2p import ChatEnded, Invited, MessageReceived


def test_commands_run_in_order(world: World) -> None:
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        piped = world.piped(
            "list\nconnect bob\nhello 👋 你好\n\nsecond\nX\nstatus offline\nconnect bob\nexit\nnever\n",
            *("--broker", world.address, "--name", "alice"),
        )
        assert piped.wait() == 1, "the last connect failed"
        assert bob.hears(MessageReceived).text == "hello 👋 你好"
        assert bob.hears(MessageReceived).text == "second"
        assert bob.hears(ChatEnded).by_peer
    lines = piped.output.splitlines()
    wanted = [
        "Connected to server (host: ",
        "List of clients connected to server:",
        "1. bob     Online",
        "Waiting for bob to accept/decline...",
        "Connected to bob!  direct, aes-gcm, unverified",
        "You > hello 👋 你好",
        "You > second",
        "<<Offline>>",
        "You cannot connect to another client while offline",
    ]
    places = [next(at for at, line in enumerate(lines) if line.startswith(part)) for part in wanted]
    assert places == sorted(places), piped.output
    assert b"\x1b" not in piped.raw
    assert not piped.errors


def test_the_end_of_the_input_waits_for_deliveries(world: World) -> None:
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        script = "connect bob\n" + "".join(f"message {number}\n" for number in range(200)) + "no newline at the end"
        piped = world.piped(script, "--broker", world.address, "--name", "alice")
        assert piped.wait() == 0
        texts = [bob.hears(MessageReceived).text for _ in range(201)]
    assert texts == [*(f"message {number}" for number in range(200)), "no newline at the end"]


def test_a_file_that_fails_at_once_holds_nothing_up(world: World) -> None:
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        script = "connect bob\nsendf /nowhere/at/all\nstill here\nX\nexit\n"
        piped = world.piped(script, "--broker", world.address, "--name", "alice")
        assert piped.wait() == 0
        assert bob.hears(MessageReceived).text == "still here"
    assert "there is no file" in piped.output


def test_the_readme_example(world: World) -> None:
    (bob,) = world.people("bob")
    piped = world.piped("connect bob\nsee you at eight\nX\nexit\n", "--broker", world.address, "--name", "alice")
    bob.wait_until(lambda: "alice wants" in bob.status_bar)
    bob.enter("y")
    bob.sees("see you at eight < alice")
    bob.sees("alice left the chat")
    assert piped.wait() == 0


def test_a_file_through_pipes(world: World) -> None:
    (bob,) = world.people("bob")
    piped_home = world.home("piper")
    content = os.urandom(3_000_000)
    (piped_home.folder / "Von.mp3").write_bytes(content)
    piped = world.piped("connect bob\nsendf Von.mp3\nX\n", "--broker", world.address, "--name", "alice")
    bob.wait_until(lambda: "alice wants" in bob.status_bar)
    bob.enter("y")
    bob.sees("wants to send Von.mp3")
    bob.in_chat()
    bob.enter("y")
    bob.sees("File received ✓")
    assert piped.wait() == 0
    assert "File sent ✓" in piped.output
    assert (bob.folder / "Von.mp3").read_bytes() == content
    assert b"\x1b" not in piped.raw
    assert "100%" in piped.errors  # tqdm's bar


def test_without_a_name(world: World) -> None:
    piped = world.piped("list\n", "--broker", world.address)
    assert piped.wait() == 2
    assert piped.errors == "ud2p: who are you? start with --name NAME, or once in a terminal\n"
    assert not piped.output


def test_a_name_that_is_none(world: World) -> None:
    names = ("1alice", "Q", "a" * 33, "\x1b[31mHACK")
    for piped in [world.piped("", "--broker", world.address, "--name", name, name=f"n{len(name)}") for name in names]:
        assert piped.wait() == 2
        assert piped.errors.startswith("ud2p: ")
        assert piped.errors.count("\n") == 1
        assert "\x1b" not in piped.errors


def test_what_follows_a_connect_that_fails_is_not_taken_for_commands(world: World) -> None:
    script = "connect nobody\nexit is what I wanted to say\nlist\n"
    piped = world.piped(script, "--broker", world.address, "--name", "alice")
    assert piped.wait() == 1
    assert "nobody named nobody is connected; list shows who is" in piped.output
    assert "there is no command" not in piped.output
    assert "No other clients" not in piped.output


def test_a_connect_that_is_declined(world: World) -> None:
    with LibraryPeer(world, "bob") as bob:
        piped = world.piped("connect bob\nhello\n", "--broker", world.address, "--name", "alice")
        bob.do(bob.client.answer(bob.hears(Invited).invitation, accept=False))
        assert piped.wait() == 4
    assert "bob declined" in piped.output
    assert not piped.errors


def test_what_is_named_and_not_there_is_said_before_anything_else(world: World) -> None:
    for option in ("--cipher", "--transport", "--file-transfer"):
        piped = world.piped("list\n", "--broker", world.address, "--name", "alice", option, "nosuch")
        assert piped.wait() == 2
        assert re.fullmatch(r'ud2p: no [a-z ]+ is called "nosuch"; there are: .*\n', piped.errors)
        assert not piped.output


def test_an_answer_on_a_pipe(world: World) -> None:
    with LibraryPeer(world, "bob") as bob:
        process = subprocess.Popen(
            [UD2P, "--broker", world.address, "--name", "alice"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **world.home("alice").environment},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            read_until(process, "4. Exit")
            asking = bob.start(bob.client.invite("alice"))
            read_until(process, "bob wants to chat. Accept (Y) / decline (N)?")
            print("y", file=process.stdin, flush=True)
            bob.wait(asking)
            read_until(process, "Note: (1) To send a file")
            print("hello", file=process.stdin, flush=True)
            assert bob.hears(MessageReceived).text == "hello"
            process.stdin.close()
            assert bob.hears(ChatEnded).by_peer
            assert process.wait(60) == 0


def read_until(process: subprocess.Popen[str], part: str) -> None:
    """Read lines until one begins with ``part``."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(part):
            return
    raise AssertionError(f"the output ended before {part!r}")


def test_a_reader_that_goes_away(world: World) -> None:
    script = "help\n" * 2_000 + "exit\n"
    with subprocess.Popen(
        [UD2P, "--broker", world.address, "--name", "alice"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **world.home("alice").environment},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        try:
            process.stdin.write(script)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.wait(60) in (0, 1)
        assert process.stderr.read() == ""


@pytest.mark.parametrize("term", ["dumb"])
def test_a_dumb_terminal_gets_no_escape_codes(world: World, term: str) -> None:
    alice = world.shell("alice", env={"TERM": term})
    alice.wait_for("ud2p>")
    alice.enter("list")
    alice.wait_for("No other clients are connected")
    alice.enter("exit")
    assert alice.wait_for_end() == 0
    assert b"\x1b" not in alice.output
