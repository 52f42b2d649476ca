"""What other people wrote: commands, gatekeepers, observers and themes, installed as packages."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from tests.e2e.home import python_path
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.world import World, meet
from tests.support.packages import Packages

from ud2p import MessageReceived

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
    assert set(table) == {"loud", *(point.name for point in entry_points(group="ud2p"))}
    assert table["loud"]["registers"] == ["theme loud"]
    assert table["lutho"]["state"] == "off"
    assert not piped.errors
