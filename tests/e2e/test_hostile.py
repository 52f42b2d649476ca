"""Text from others never acts on the terminal: escape sequences, controls and bidi, wherever somebody can put them."""

from __future__ import annotations

import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import THEMES, Shell
from tests.e2e.world import World
from tests.support.offers import offer_of_file

from ud2p import ChatOpened, FileOffered, Invited
from ud2p.protocol.controls import Decline, Withdraw

POISON = (
    "\x1b[2JHACK\x1b]0;HACK\x07\x1b]52;c;SEFDSw==\x07\x1b]8;;http://evil\x1b\\HACK\x1b[31mHACK"
    "\x9b31mHACK\x90HACK\x9c\r\nHACK\rHACK\x08\x08HACK\u202eKCAH\u2066HACK\u200bHACK\u2028HACK\x00HACK\x7f\x0e"
)
"""Clear the screen, set the title, fill the clipboard, a link, colours, 8-bit controls, overprinting, bidi, nothing."""

NEVER = (
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b[2JHACK",
    b"\x1b[31mHACK",
    b"\xc2\x9b",
    b"\x9b3",
    b"\xc2\x90",
    b"\x07",
    b"\rHACK",
    b"\x08\x08H",
    b"\x00",
    b"\x7f",
    b"\x0e",
    "\u202e".encode(),
    "\u2066".encode(),
    "\u200b".encode(),
    "\u2028".encode(),
)


def is_unharmed(shell: Shell) -> None:
    """Wait until the poison is shown as what it is; nothing of it may have reached the terminal."""
    shell.wait_until(lambda: "\\x1b]0;HACK" in joined(shell))
    for sequence in NEVER:
        assert sequence not in shell.output, (sequence, shell.picture())


def joined(shell: Shell) -> str:
    """The body in one line, frames and wraps taken out."""
    return "".join(line.strip(" │") for line in shell.body)


@pytest.mark.parametrize("theme", [*THEMES, "plain"])
def test_messages(world: World, theme: str) -> None:
    alice = world.shell("alice", *([] if theme != "plain" else ["--theme", "none"]), theme=theme)
    alice.at_menu()
    with LibraryPeer(world, "mallory", auto_accept=True) as mallory:
        alice.enter("connect mallory")
        mallory.hears(ChatOpened)
        alice.in_chat()
        alice.types("half a")
        mallory.says(POISON)
        is_unharmed(alice)
        alice.holds("You > half a")
        mallory.says("end of it")
        alice.sees("end of it")


def test_what_is_said_about_files(world: World) -> None:
    (alice,) = world.people("alice")
    (alice.folder / "mine").write_text("mine")
    with LibraryPeer(world, "mallory", auto_accept=True) as mallory:
        alice.enter("connect mallory")
        mallory.hears(ChatOpened)
        alice.in_chat()
        for name in (POISON, "..", ".", "", "/etc/passwd", "../x", "a/b", "C:x", "a\\b", "a\u202etxt.exe", "x" * 300):
            mallory.sends_control(offer_of_file("0" * 32, name, 5, "tcp", 0))
        mallory.sends_control(offer_of_file("0" * 32, "fine.txt", 5, POISON[:32], 0))
        mallory.says("all refused")
        alice.sees("all refused")
        assert not any("wants to send" in line for line in alice.body)
        mallory.sends_control(offer_of_file("1" * 32, "y\u0301 or n 👋 你好.txt", 2**61, "tcp", 0))
        alice.sees("or n 👋 你好.txt")
        mallory.sends_control(Withdraw("1" * 32, POISON))
        is_unharmed(alice)
        alice.enter("sendf mine")
        mallory.sends_control(Decline(mallory.hears(FileOffered).offer.id, POISON))
        alice.sees("File not sent: mine:")
        is_unharmed(alice)
        alice.in_chat()


def test_reasons(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "mallory") as mallory:
        alice.enter("connect mallory")
        invited = mallory.hears(Invited)
        mallory.do(mallory.client.answer(invited.invitation, accept=False, reason=POISON))
        alice.sees("mallory declined your request:")
        is_unharmed(alice)
        alice.at_menu()
        alice.enter("connect mallory")
        invited = mallory.hears(Invited)
        mallory.do(mallory.client.answer(invited.invitation, accept=True))
        alice.in_chat()
        chat = mallory.chat
        mallory.run(lambda: chat.driver.leave(POISON))
        alice.at_menu()
        assert sum(line.count("\\x1b]0;HACK") for line in joined(alice).split("mallory")) >= 1
        is_unharmed(alice)


def test_what_the_user_pastes_or_pipes(world: World) -> None:
    poison = POISON.replace("\n", "").replace("\r", "")
    commands = ("theme ", "list ", "", "status ", "decline ", "accept ", "connect ")
    script = "".join(f"{command}{poison}\n" for command in commands)
    piped = world.piped(script, "--broker", world.address, "--name", "alice")
    assert piped.wait() == 1, "nobody is called that"
    for sequence in (*NEVER, b"\x1b"):
        assert sequence not in piped.raw
    assert "\\x1b]0;HACK" in "".join(piped.output.split())
    (alice,) = world.people("alice")
    alice.paste(poison)
    alice.wait_until(lambda: "HACK" in (alice.input or ""))
    alice.enter("")
    alice.sees("there is no command")
    for sequence in NEVER[:-4]:  # at the prompt, what has no shape stands as the user's own terminal shows it
        assert sequence not in alice.output, sequence


@contextmanager
def broker_of_mallory(lines: list[tuple[str, dict[str, Any]]], *, welcome: bool = True) -> Iterator[str]:
    """A broker that greets, says who logs in is welcome, and then says ``lines``, whatever it is asked."""

    def line(tag: str, body: dict[str, Any]) -> bytes:
        return f"{tag} {json.dumps(body)}\n".encode()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as requests:
            nonce = b64encode(bytes(32)).decode()
            connection.sendall(line("$HI$", {"version": 1, "nonce": nonce, "software": POISON}))
            number = json.loads(requests.readline().partition(b" ")[2])["id"]
            if welcome:
                fields = {"re": number, "name": "alice", "address": POISON, "udp_port": 9}
                connection.sendall(line("$HI$", fields))
                request = requests.readline()
                number = json.loads(request.partition(b" ")[2])["id"]
            for tag, body in lines:
                connection.sendall(line(tag, {key: number if value is RE else value for key, value in body.items()}))
            while requests.readline():
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
    thread.join(20)


RE: Any = object()
"""Stands for the number of the request that is answered."""

TOKEN = b64encode(b"1" * 16).decode()


def test_a_broker_that_refuses_with_poison(empty_world: World) -> None:
    refusal = ("$ERR$", {"re": RE, "code": POISON[:50], "text": POISON})
    with broker_of_mallory([refusal], welcome=False) as address:
        empty_world.address = address
        alice = empty_world.shell("alice", "--plaintext")
        assert alice.wait_for_end() == 1
        is_unharmed(alice)


def test_a_broker_that_lists_and_says_poison(empty_world: World) -> None:
    said = [
        ("$L$", {"re": RE, "clients": [{"name": "bob", "online": True, "address": POISON}], "total": 2}),
        ("$CON$", {"invitation": TOKEN, "peer": "bob", "offer": "", "expires_s": 60, "address": POISON}),
        ("$N$", {"invitation": TOKEN, "peer": "bob", "reason": POISON, "text": POISON}),
        ("$ERR$", {"code": "x", "text": POISON}),
        ("$E$", {"reason": "replaced", "text": POISON}),
    ]
    with broker_of_mallory(said) as address:
        empty_world.address = address
        alice = empty_world.shell("alice", "--plaintext", theme="lutho")
        alice.at_menu()
        alice.enter("list")
        alice.sees("Disconnected from server:")
        is_unharmed(alice)
        alice.sees("wants to chat")
        alice.at_menu()
        alice.enter("exit")
        assert alice.wait_for_end() == 0
        is_unharmed(alice)


def test_a_broker_that_speaks_nonsense(empty_world: World) -> None:
    for name in ("1bad", "a\u202eb", POISON, "x" * 100):
        listed = ("$L$", {"re": RE, "clients": [{"name": name, "online": True}], "total": 2})
        with broker_of_mallory([listed]) as address:
            options = ("--broker", address, "--plaintext", "--name", "alice")
            piped = empty_world.piped("list\nexit\n", *options, name="p" + str(len(name)))
            assert piped.wait() == 0
            for sequence in (*NEVER, b"\x1b"):
                assert sequence not in piped.raw
            assert "1. " not in piped.output.split("4. Exit")[1]
