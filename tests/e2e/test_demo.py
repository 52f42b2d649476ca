"""``ud2p demo``: a newcomer lists, connects, chats, sends a file and gets it back."""

from __future__ import annotations

import os
import re
import signal

import pytest
from tests.e2e.world import World


def test_a_newcomer(empty_world: World) -> None:
    you = empty_world.terminal("you", ["demo", "--name", "you"])
    you.at_menu()
    assert you.body[0].startswith("Connected to server (host: 127.0.0.1, port: ")
    assert any("1. echo    Online" in line for line in you.run("1"))
    you.enter("2")
    you.at("Enter the number of the client to connect to (or Q to cancel):")
    you.enter("1")
    you.sees("Connected to echo!")
    you.in_chat()
    you.sees("hello! I am echo")
    you.run("sho 👋 你好")
    you.sees("sho 👋 你好 < echo")
    content = os.urandom(2_000_000)
    (you.folder / "Von.mp3").write_bytes(content)
    you.enter("sendf Von.mp3")
    you.sees("File sent ✓")
    you.sees("echo wants to send Von.mp3 (2.00 MB)")
    you.in_chat()
    you.enter("y")
    you.sees("File received ✓")
    assert (you.folder / "Von (1).mp3").read_bytes() == content
    you.run("X")
    you.at_menu()
    you.enter("4")
    assert you.wait_for_end() == 0


def test_another_terminal_may_join(empty_world: World) -> None:
    you = empty_world.terminal("you", ["demo", "--name", "you", "--theme", "lutho"], theme="lutho")
    you.at_menu()
    found = re.search(r"port: (\d+)\)", "\n".join(you.body))
    assert found is not None
    empty_world.address = f"localhost:{found.group(1)}"
    (friend,) = empty_world.people("friend")
    assert [line[:9] for line in friend.run("list")[-2:]] == ["1. echo  ", "2. you   "]
    friend.enter("connect you")
    you.sees("friend (127.0.0.1:")
    you.at_menu()
    you.enter("y")
    friend.in_chat()
    you.in_chat()
    you.run("welcome")
    friend.sees("welcome < you")
    you.enter("/exit")  # and the broker with it
    assert you.wait_for_end() == 0
    friend.sees("you left the chat")
    friend.sees("Connection to server lost")
    friend.at_menu()


def test_one_demo_after_another(empty_world: World) -> None:
    """Names and keys outlive a demo, and the next one is at home with them."""
    for _ in range(2):
        piped = empty_world.piped("connect echo\nsho\nX\n", "demo", "--name", "you")
        assert piped.wait() == 0, piped.errors
        assert "Connected to echo!" in piped.output


def test_the_demo_on_pipes(empty_world: World) -> None:
    piped = empty_world.piped("list\nconnect echo\nhello\nX\nexit\n", "demo", "--name", "alice")
    assert piped.wait() == 0
    lines = piped.output.splitlines()
    assert "Connected to echo!  direct, aes-gcm, unverified" in lines
    own, echoed = ([at for at, line in enumerate(lines) if re.match(p, line)] for p in ("You > hello", "hello < echo"))
    assert own[0] < echoed[0]
    assert b"\x1b" not in piped.raw
    assert not piped.errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_ends_when_told_to(empty_world: World, number: signal.Signals) -> None:
    you = empty_world.terminal("you", ["demo", "--name", "you"])
    you.at_menu()
    you.run("list")
    you.kill(number)
    if number is signal.SIGINT:  # means: the line, not the program
        you.sees("Type exit, or press Ctrl-D, to leave")
        you.at_menu()
        you.kill(signal.SIGTERM)
    assert you.wait_for_end() == 128 + signal.SIGTERM


def test_two_demos_at_once(empty_world: World) -> None:
    demos = [empty_world.terminal(name, ["demo", "--name", name]) for name in ("one", "two")]
    for demo in demos:
        demo.at_menu()
    ports = {re.search(r"port: (\d+)", demo.body[0]) for demo in demos}
    assert len({found.group(1) for found in ports if found}) == 2


LOUD_BOT = """
from ud2p import CipherInfo, impl
from ud2p_plugins.ciphers import aes_gcm


@impl
def ud2p_register_ciphers():
    (real,) = aes_gcm.ud2p_register_ciphers()
    return [CipherInfo("my-own", real.key_size, real.max_records, real.max_bytes, real.max_failed_opens, real.make)]


@impl
def ud2p_message_sending(text):
    return f"<{text}>"


@impl
def ud2p_message_received(chat, text):
    if "once" in text and "answered" not in text:
        chat.post("answered")
"""


def test_the_echo_is_somebody_else(empty_world: World) -> None:
    """It has what the user's plugins bring, such as ciphers; their gatekeepers and observers are the user's alone."""
    home = empty_world.home("you")
    (home.config / "plugins").mkdir()
    (home.config / "plugins" / "loud.py").write_text(LOUD_BOT)
    you = empty_world.terminal("you", ["demo", "--name", "you", "--cipher", "my-own"], rows=40)
    you.at_menu()
    you.enter("connect echo")
    you.in_chat()
    assert "my-own" in you.status_bar
    you.run("once")
    you.sees("<once> < echo")
    you.sees("<answered> < echo")
    assert not [line for line in you.body if "<<" in line.removeprefix("<<Online>>") or "answered <" in line]
