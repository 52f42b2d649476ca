"""A chat between two shells: what is typed, what arrives, and how it ends."""

from __future__ import annotations

import re

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import THEMES, Shell, words_in
from tests.e2e.world import World, meet

from ud2p import ChatEnded, ChatOpened, MessageReceived

MESSAGES = [
    "Awe Gee",
    "emoji 👋 🎉 and a family 👨‍👩‍👧",
    "wide 你好世界 ハンバーガー 안녕하세요",
    "combining e\u0301 n\u0303 and Zalgo t\u0336e\u0336x\u0336t\u0336",
    "مرحبا שלום",
    "quotes \"'` $HOME \\n %s {e.peer} <b>&amp;</b>",
]


def hears(shell: Shell, text: str, name: str, since: int) -> None:
    """Wait until ``name``'s message is on the screen, below the row ``since``."""
    shell.wait_until(lambda: words_in(text.split(), shell.body[since:]) and words_in([name], shell.body[since:]))


@pytest.mark.parametrize("theme", THEMES)
def test_messages_go_both_ways(world: World, theme: str) -> None:
    alice, bob = world.chatting(theme=theme)
    for shell, other in ((alice, bob), (bob, alice)):
        for text in MESSAGES:
            before = len(other.body)
            shown = shell.run(text)
            assert words_in(["You", ">", *text.split()], shown), shown
            hears(other, text, shell.name, before)


def test_a_delivery_shows_a_tick(world: World) -> None:
    alice, bob = world.chatting()
    alice.enter("sho")
    alice.sees(re.compile("sho ✓|✓  ?sho"))
    bob.sees("sho < alice")


def test_a_very_long_message_arrives_whole(world: World) -> None:
    alice, bob = world.chatting()
    words = [f"w{number:04}" for number in range(2_000)]
    alice.paste(" ".join(words))
    alice.wait_for(lambda screen: screen[-2].endswith(words[-1]))
    alice.enter("")
    for shell in (bob, alice):
        shell.wait_until(lambda shell=shell: re.findall(r"w\d{4}", "\n".join(shell.body)) == words)  # type: ignore[misc]
    bob.run("and back")
    alice.sees("and back < bob")


def test_a_message_may_be_too_long(world: World) -> None:
    alice, bob = world.chatting()
    alice.paste("long " * 14_000 + "end")
    alice.wait_for(lambda screen: screen[-2].endswith("end"))
    alice.enter("")
    alice.sees("a message may hold at most 64 KiB; send it as a file with sendf")
    alice.in_chat()
    alice.run("short")
    bob.sees("short < alice")
    assert not any("long" in line for line in bob.body)


def test_a_paste_of_several_lines_is_one_message(world: World) -> None:
    alice, bob = world.chatting()
    alice.paste("roses\n  are red\nviolets")
    alice.wait_until(lambda: "violets" in "\n".join(alice.screen))
    assert not any("roses" in line for line in bob.body)
    alice.enter("")
    bob.wait_until(lambda: words_in(["roses", "are", "red", "violets", "<", "alice"], bob.body))
    assert len([line for line in bob.body if "alice" in line and "<" in line]) == 1


def test_nearly_everything_is_a_message(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        for typed in ("EOF", "exit", "list", "4", "?x", "!ls", "x", "help", "y", "n", "sendfile", "X ", "\\"):
            alice.enter(typed)
            assert bob.hears(MessageReceived).text == typed
        alice.in_chat()


def test_what_must_be_said_to_be_a_message(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        for typed, sent in (("//list", "/list"), (" X", "X"), (" sendf x", "sendf x"), ("///", "//")):
            alice.enter(typed)
            assert bob.hears(MessageReceived).text == sent
        assert "there is no command /lst; did you mean /list?" in alice.run("/lst")
        assert alice.run("/") == ["You > /"]
        assert any("1. bob     Online" in line for line in alice.run("/list"))
        assert "you are in a chat; leave it with X, then connect" in alice.run("/connect zoe")
        assert any(line.startswith("sendf FILE") for line in alice.run("/help"))
        alice.run("that is all")
        assert bob.hears(MessageReceived).text == "that is all"


def test_an_empty_line_is_no_message(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        before = alice.in_chat()
        alice.send("\r\r")
        alice.enter("after")
        assert bob.hears(MessageReceived).text == "after"
        alice.in_chat()
        assert len(alice.body) == len(before) + 1


def test_a_half_typed_line_survives_what_arrives(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob") as bob:
        inviting = bob.start(bob.client.invite("alice"))
        alice.wait_until(lambda: "bob wants" in alice.status_bar)
        alice.enter("y")
        chat = bob.wait(inviting)
        alice.in_chat()
        alice.types("I was about to")
        for number in range(100):
            bob.run(lambda number=number: chat.post(f"message {number}"))  # type: ignore[misc]
            alice.send("?" if number % 10 == 0 else "x\x7f")
        alice.sees("message 99 <")
        alice.holds("You > I was about to" + "?" * 10)
        shown = [line for line in alice.body if "message" in line]
        assert shown == [f"message {number} < bob" for number in range(100)]
        alice.enter("")
        assert bob.hears(MessageReceived).text == "I was about to" + "?" * 10


def test_x_leaves_and_the_other_is_told(world: World) -> None:
    alice, bob = world.chatting()
    bob.types("half a")
    assert "<<Online>>" in alice.run("X")
    alice.at_menu()
    bob.sees("alice left the chat")
    bob.sees("Message not sent: the chat is over")
    bob.sees(re.compile("^half a$"))
    bob.at_menu()
    assert not any("half" in line for line in alice.body)
    meet(bob, alice)  # both can begin anew
    bob.run("again")
    alice.sees("again < bob")


def test_exit_leaves_chat_and_program(world: World) -> None:
    alice, bob = world.chatting()
    alice.enter("/exit")
    assert alice.wait_for_end() == 0
    bob.sees("alice left the chat")
    assert "No other clients are connected" in bob.run("list")


def test_ctrl_d_leaves_the_chat_and_once_more_the_program(world: World) -> None:
    alice, bob = world.chatting()
    alice.enter("last words")
    alice.in_chat()
    alice.send("\x04")
    alice.at_menu()
    bob.sees("last words < alice")
    bob.sees("alice left the chat")
    bob.at_menu()
    alice.send("\x04")
    assert alice.wait_for_end() == 0


def test_ctrl_c_clears_the_line_and_says_how_to_leave(world: World) -> None:
    alice, bob = world.chatting()
    alice.types("regrettable")
    alice.send("\x03")
    alice.in_chat()
    alice.send("\x03")
    alice.sees("Type X, or press Ctrl-D, to leave the chat")
    alice.in_chat()
    alice.run("kind")
    bob.sees("kind < alice")
    assert not any("regrettable" in line for line in bob.body)


def test_status_and_theme_change_within_a_chat(world: World) -> None:
    alice, bob = world.chatting()
    alice.run("/status offline")
    assert "alice <<Offline>>" in alice.status_bar
    alice.run("/theme lutho")
    bob.run("still there?")
    alice.sees(re.compile(r"│ still there\? < bob │"))
    alice.enter("X")
    alice.theme = "lutho"
    alice.at_menu()
    assert "<<Offline>>" in "\n".join(alice.body[-3:])


def test_a_bot_and_a_shell(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bot", auto_accept=True) as bot:
        alice.enter("connect bot")
        bot.hears(ChatOpened)
        alice.in_chat()
        bot.says("line one\nline two\n\ttabbed")
        alice.wait_until(lambda: words_in(["line", "one", "line", "two", "tabbed", "<", "bot"], alice.body))
        bot.do(bot.chat.leave())
        alice.sees("bot left the chat")
        alice.at_menu()
        alice.enter("connect bot")
        bot.hears(ChatOpened)
        alice.in_chat()
        alice.enter("X")
        assert bot.hears(ChatEnded).by_peer


def in_order(shell: Shell, *lines: str) -> None:
    """Wait until these lines stand in that order."""
    shell.wait_until(lambda: words_in(" ".join(lines).split(), shell.body))


def test_an_answer_stands_below_what_it_answers(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "parrot", auto_accept=True) as parrot:
        alice.enter("connect parrot")
        chat = parrot.hears(ChatOpened).chat
        alice.in_chat()
        for number in range(5):
            alice.enter(f"question{number}")
            parrot.hears(MessageReceived)
            parrot.run(lambda number=number: chat.post(f"answer{number}"))  # type: ignore[misc]
            alice.sees(f"answer{number} <")
        in_order(alice, *(f"question{number} answer{number}" for number in range(5)))
