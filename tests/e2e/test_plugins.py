"""Plugins that are left out, that break, and that other people wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.world import World, meet, words_in
from tests.support.packages import Packages

from ud2p import MessageReceived

BUILT_IN = ("aes-gcm", "fernet", "xchacha20", "lutho", "chulumanco", "roanda", "udp", "tcp", "memory")


def python_path(folder: Path) -> dict[str, str]:
    """The environment in which packages in ``folder`` are installed."""
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{before}" if before else str(folder)}


@pytest.fixture
def installed(tmp_path: Path) -> Packages:
    """Where a test installs packages for the programs that it starts."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return Packages(folder)


@pytest.mark.parametrize("plugin", BUILT_IN)
def test_the_shell_starts_without(world: World, plugin: str) -> None:
    alice = world.shell("alice", "--no-plugin", plugin, theme="plain" if plugin == "roanda" else "roanda")
    if plugin == "roanda":
        alice.wait_for(lambda screen: "there is no theme roanda" in " ".join(screen))
    alice.at_menu()
    shown = alice.run("plugins")
    assert any(line.split()[:2] == [plugin, "off"] for line in shown), shown
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        if plugin == "udp":
            alice.sees("there is no transport udp")
            alice.at_menu()
            return
        alice.in_chat()
        assert bool(plugin != "aes-gcm") == ("aes-gcm" in alice.status_bar)
        alice.run("hello")
        assert bob.hears(MessageReceived).text == "hello"
        (alice.folder / "notes.txt").write_text("notes")
        if plugin == "tcp":
            alice.run("sendf notes.txt")
            alice.sees("there is no file transfer plugin tcp")
            alice.in_chat()


def test_an_invitation_without_a_transport(world: World) -> None:
    alice = world.shell("alice", "--no-plugin", "udp")
    alice.at_menu()
    with LibraryPeer(world, "bob") as bob:
        inviting = bob.start(bob.client.invite("alice"))
        alice.wait_until(lambda: "bob wants" in alice.status_bar)
        alice.enter("y")
        alice.sees("there is no transport udp")
        alice.at_menu()
        with pytest.raises(Exception, match="alice declined: no transport to chat over"):
            bob.wait(inviting)


def test_without_any_theme(world: World) -> None:
    alice = world.shell("alice", *(f"--no-plugin={name}" for name in ("lutho", "chulumanco", "roanda")), theme="plain")
    alice.at_menu()
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        bob.says("plain and simple")
        alice.sees("plain and simple < bob")


def test_no_cipher_in_common(world: World) -> None:
    ours = ("aes-gcm", "xchacha20")
    alice = world.shell("alice", *(f"--no-plugin={name}" for name in ours))
    bob = world.shell("bob", "--cipher", ",".join(ours))
    for shell in (alice, bob):
        shell.at_menu()
    alice.enter("connect bob")
    bob.wait_until(lambda: "alice wants" in bob.status_bar)
    bob.enter("y")
    for shell, other in ((alice, "bob"), (bob, "alice")):
        shell.wait_until(lambda shell=shell: words_in(["have", "no", "cipher", "in", "common"], shell.body))  # type: ignore[misc]
        shell.wait_until(lambda shell=shell: words_in(["fernet"], shell.body))  # type: ignore[misc]
        shell.at_menu()
        assert words_in(["No", "chat", "with", other], shell.body)


@pytest.mark.parametrize("cipher", ["fernet", "xchacha20"])
def test_the_inviter_chooses_the_cipher(world: World, cipher: str) -> None:
    alice = world.shell("alice", "--cipher", f"{cipher},aes-gcm")
    (bob,) = world.people("bob")
    alice.at_menu()
    meet(alice, bob)
    for shell in (alice, bob):
        assert f"direct, {cipher}, unverified" in shell.status_bar
    (alice.folder / "notes.txt").write_bytes(b"notes" * 10_000)
    alice.enter("sendf notes.txt")
    bob.sees("notes.txt")
    bob.in_chat()
    bob.enter("y")
    alice.sees("File sent ✓")
    assert (bob.folder / "notes.txt").read_bytes() == b"notes" * 10_000


@pytest.mark.parametrize("plugin", BUILT_IN)
def test_the_broker_starts_without(empty_world: World, plugin: str) -> None:
    if plugin == "memory":
        piped = empty_world.piped("", "serve", "--port", "0", "--no-plugin", "memory")
        assert piped.wait() == 1
        assert 'no directory is called "memory"; there are: none' in piped.errors
        assert piped.errors.count("\n") == 1
        return
    empty_world.broker("--no-plugin", plugin)


def test_a_cipher_that_is_not_there(world: World) -> None:
    piped = world.piped("", "--broker", world.address, "--name", "alice", "--cipher", "rot13")
    assert piped.wait() == 1
    assert "rot13" in piped.errors
    assert "aes-gcm" in piped.errors
    assert piped.errors.count("\n") == 1


def test_a_package_that_breaks_is_named_and_survived(world: World, installed: Packages) -> None:
    world.may_complain = True  # it says what was raised
    installed.install("raises", "1.2", {"bang": "raise RuntimeError('bang\\x1b]0;HACK\\x07')"})
    installed.install("leaves", "1.0", {"exits": "raise SystemExit(7)"})
    installed.install("wrong", "2.0", {"odd": "@impl\ndef ud2p_register_themes():\n    return [1, 2]"})
    installed.install("unknown", "3.0", {"hook": "@impl\ndef ud2p_read_minds(): pass"})
    alice = world.shell("alice", env=python_path(installed.folder))
    alice.at_menu()
    text = "".join(alice.body)
    for part in ('"bang" (raises 1.2)', '"exits" (leaves 1.0)', "odd", '"hook" (unknown 3.0)', "ud2p_read_minds"):
        assert part in text, text
    assert b"\x1b]0;HACK" not in alice.output
    with LibraryPeer(world, "bob", auto_accept=True):
        alice.enter("connect bob")
        alice.in_chat()
    silenced = world.piped(
        "exit\n",
        *("--broker", world.address, "--name", "carol", "--no-plugin=bang", "--no-plugin=exits", "--no-plugin=odd"),
        "--no-plugin=hook",
        env=python_path(installed.folder),
    )
    assert silenced.wait() == 0
    assert not silenced.errors
    safe = world.piped(
        "exit\n",
        *("--broker", world.address, "--name", "carol", "--safe-mode"),
        name="safe",
        env=python_path(installed.folder),
    )
    assert safe.wait() == 0
    assert not safe.errors


def test_a_broker_survives_broken_packages(empty_world: World, installed: Packages) -> None:
    empty_world.may_complain = True
    installed.install("raises", "1.2", {"bang": "raise RuntimeError('bang')"})
    empty_world.broker(env=python_path(installed.folder))
    empty_world.people("alice")


COMMAND = """
    from ud2p.contracts import CommandInfo
    from ud2p.errors import UsageError

    def wave(context, arguments):
        if arguments == "badly":
            raise UsageError("wave to somebody; name them")
        if arguments == "wrongly":
            raise ZeroDivisionError("by zero")
        if context.chat is not None:
            context.wait(post(context.chat, f"* {context.client.name} waves *"))
        context.say(f"you waved \\x1b]0;HACK\\x07 {arguments}")

    async def post(chat, text):
        await chat.post(text).delivered()

    @impl
    def ud2p_register_commands():
        return [CommandInfo("wave", wave, "wave to the other one")]
"""


def test_a_command_of_somebody_else(world: World, installed: Packages) -> None:
    world.may_complain = True
    installed.install("waving", "0.1", {"wave": COMMAND})
    alice = world.shell("alice", env=python_path(installed.folder), rows=40)
    alice.at_menu()
    assert any(line.startswith("you waved \\x1b]0;HACK\\x07 at all") for line in alice.run("wave at all"))
    assert any(line.startswith("wave ") and "wave to the other one" in line for line in alice.run("help"))
    assert "there is no command wawe; did you mean wave?" in alice.run("wawe")
    assert "wave to somebody; name them" in alice.run("WAVE badly")
    assert any("by zero" in line for line in alice.run("wave wrongly"))
    (bob,) = world.people("bob")
    meet(alice, bob)
    alice.run("/wave")
    bob.sees("* alice waves * < alice")
    assert b"\x1b]0;HACK" not in alice.output


GATEKEEPER = """
    from ud2p import Decision, Veto

    @impl
    def ud2p_message_sending(chat, text):
        if "password" in text:
            return Veto("that looks like a password")
        return text.replace("teh", "the")

    @impl
    def ud2p_invitation(invitation):
        return {"spammer": Decision.DECLINE, "friend": Decision.ACCEPT}.get(invitation.peer)
"""


def test_gatekeepers(world: World, installed: Packages) -> None:
    installed.install("careful", "0.1", {"gate": GATEKEEPER})
    alice = world.shell("alice", env=python_path(installed.folder))
    alice.at_menu()
    with LibraryPeer(world, "spammer") as spammer, pytest.raises(Exception, match="alice declined"):
        spammer.do(spammer.client.invite("alice"))
    with LibraryPeer(world, "friend") as friend:
        friend.do(friend.client.invite("alice"))
        alice.sees("Connected to friend!")
        alice.in_chat()
        alice.run("my password is 1234")
        alice.sees("Message not sent: that looks like a password")
        alice.run("that is teh end")
        assert friend.hears(MessageReceived).text == "that is the end"
        assert not any("spammer" in line for line in alice.body)


OBSERVER = """
    import os

    def note(text):
        with open(os.environ["NOTES"], "a") as file:
            file.write(text + "\\n")

    @impl
    def ud2p_chat_opened(chat):
        note(f"opened {chat.peer}")

    @impl
    def ud2p_message_received(chat, text):
        note(f"received {text}")

    @impl
    def ud2p_chat_closed(chat, reason):
        note(f"closed {reason}")
"""
BROKEN_OBSERVER = """
    @impl
    def ud2p_message_received(chat, text):
        raise ValueError("I can't watch this")
"""


def test_observers(world: World, installed: Packages, tmp_path: Path) -> None:
    world.may_complain = True
    installed.install("diary", "0.1", {"notes": OBSERVER})
    installed.install("squeamish", "0.2", {"faints": BROKEN_OBSERVER})
    notes = tmp_path / "notes"
    alice = world.shell("alice", env={**python_path(installed.folder), "NOTES": str(notes)})
    alice.at_menu()
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        for text in ("one", "two"):
            bob.says(text)
            alice.sees(f"{text} < bob")
        alice.run("X")
        alice.at_menu()
    assert notes.read_text().splitlines() == ["opened bob", "received one", "received two", "closed you left the chat"]
    named = [line for line in alice.body if "squeamish 0.2" in line or "faints" in line]
    assert len(named) == 1, alice.picture()


BROKER_GATE = """
    from ud2p import Refuse

    @impl
    def ud2p_broker_login(login):
        return Refuse("go away, troll") if login.name.startswith("troll") else None

    @impl
    def ud2p_broker_invite(invite):
        return Refuse("the king sleeps") if invite.target == "king" else None
"""


def test_gatekeepers_of_a_broker(empty_world: World, installed: Packages) -> None:
    installed.install("bouncer", "0.1", {"door": BROKER_GATE})
    empty_world.broker(env=python_path(installed.folder))
    troll = empty_world.shell("troll")
    assert troll.wait_for_end() == 1
    assert any("go away, troll" in line for line in troll.screen)
    alice, king = empty_world.people("alice", "king")
    assert "the king sleeps" in alice.run("connect king")
    king.enter("connect alice")
    alice.wait_until(lambda: "king wants" in alice.status_bar)


THEME = """
    from ud2p.contracts import ThemeInfo

    class Loud:
        def render(self, event, width):
            name = type(event).__name__
            if name == "PeerMessage":
                return [[(event.text.upper() + "!", "bold magenta")]]
            if name == "OwnMessage":
                raise RuntimeError("shy")
            if name == "StatusShown":
                return [[("\\x1b]0;HACK\\x07", "")]]
            return None

    @impl
    def ud2p_register_themes():
        return [ThemeInfo("loud", Loud, "LOUD")]
"""


def test_a_theme_of_somebody_else(world: World, installed: Packages) -> None:
    installed.install("loudness", "0.1", {"loud": THEME})
    alice = world.shell("alice", theme="plain", env=python_path(installed.folder))
    world.may_complain = True
    alice.wait_for("ud2p>")
    alice.run("theme loud")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        bob.says("whisper")
        alice.sees("WHISPER!")
        assert alice.style("WHISPER!")["fg"] == "magenta"
        alice.run("hello")
        alice.sees("You > hello")
        alice.run("X")
        alice.sees("<<Online>>")
    assert len([line for line in alice.body if "the theme loud failed" in line]) == 1
    assert b"\x1b]0;HACK" not in alice.output


def test_the_table_for_programs(world: World, installed: Packages) -> None:
    installed.install("loudness", "0.1", {"loud": THEME})
    piped = world.piped("", "plugins", "--json", "--no-plugin", "lutho", env=python_path(installed.folder))
    assert piped.wait() == 0
    table = {row["name"]: row for row in json.loads(piped.output)}
    assert set(table) == {*BUILT_IN, "loud"}
    assert table["loud"]["registers"] == ["theme loud"]
    assert table["lutho"]["state"] == "off"
    assert not piped.errors


def test_a_plugin_turned_off_in_the_settings(world: World) -> None:
    home = world.home("piper")
    (home.config / "config.toml").write_text('no_plugin = ["fernet"]\n')
    piped = world.piped("", "plugins", "--no-plugin", "xchacha20", env={"UD2P_NO_PLUGIN": "aes-gcm"})
    assert piped.wait() == 0
    off = {line.split()[0] for line in piped.output.splitlines() if line.split()[1:2] == ["off"] and line[0] != " "}
    assert off == {"fernet", "xchacha20", "aes-gcm"}
