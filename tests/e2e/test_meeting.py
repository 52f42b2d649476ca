"""Invitations between two shells: asked, answered, taken back, too late, and in the way of what is being typed."""

from __future__ import annotations

import re

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import THEMES, Shell
from tests.e2e.world import World

from ud2p import Invited

ASKS = {
    "lutho": "alice (127.0.0.1:",
    "chulumanco": "alice would like to chat with you!",
    "roanda": "alice wants to chat. Accept (Y) / decline (N)?",
}
CHOOSE = {
    "lutho": "Enter the number of the client to connect to (or Q to cancel):",
    "chulumanco": "Which friend? Enter the number (or Q to go back):",
    "roanda": "Enter the number of the client to connect to (or Q to cancel):",
}


def is_asked_by(name: str, shell: Shell) -> None:
    """Wait until the shell shows ``name``'s invitation, and counts down."""
    shell.wait_until(lambda: re.search(rf"{name} w.* \(y/n\) \d+ s", shell.status_bar))


@pytest.mark.parametrize("theme", THEMES)
def test_connect_by_number(world: World, theme: str) -> None:
    alice, bob = world.people("alice", "bob", theme=theme)
    alice.enter("2")
    alice.at(CHOOSE[theme])
    alice.enter("1")
    bob.sees(ASKS[theme])
    bob.at_menu()
    bob.enter("Y")
    for shell, peer in ((alice, "bob"), (bob, "alice")):
        shell.sees(f"Connected to {peer}!")
        shell.in_chat()
        assert f"{shell.name} <<Online>>  {peer}  direct, aes-gcm, unverified" in shell.status_bar


def test_q_cancels_and_so_does_ctrl_c(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    for cancel in ("q\r", "Q\r", "\r", "\x03", "\x04"):
        alice.enter("2")
        alice.at(CHOOSE["roanda"])
        alice.send(cancel)
        alice.at_menu()
    alice.enter("2")
    alice.at(CHOOSE["roanda"])
    alice.enter("2")
    alice.sees("the list has the numbers 1 to 1; type list, then the number or the name")
    alice.at_menu()
    assert "alice wants" not in bob.status_bar


def test_a_number_means_the_list_last_shown(world: World) -> None:
    alice, _, zoe = world.people("alice", "bob", "zoe")
    assert "no list was shown yet; type list, then the number or the name" in alice.run("connect 1")
    alice.run("list z")
    alice.enter("connect 1")
    is_asked_by("alice", zoe)


def test_accept_by_name_and_decline_with_a_reason(world: World) -> None:
    alice, bob, carol = world.people("alice", "bob", "carol")
    alice.enter("connect carol")
    is_asked_by("alice", carol)
    bob.enter("connect carol")
    # The second question waits behind the first: it is not to be seen, and may still be on its way.
    while any("bob has asked nothing" in line for line in carol.run("decline bob later, please")):
        pass
    carol.sees("You declined the request from bob")
    bob.sees("bob declined your request: later, please".replace("bob", "carol", 1))
    bob.at_menu()
    carol.enter("accept Alice")
    for shell in (alice, carol):
        shell.in_chat()


@pytest.mark.parametrize("answer", ["n", "N", "decline"])
def test_decline(world: World, answer: str) -> None:
    alice, bob = world.people("alice", "bob")
    alice.enter("connect BOB")
    is_asked_by("alice", bob)
    bob.enter(answer)
    bob.sees("You declined the request from alice")
    alice.sees("BOB declined your request")
    for shell in (alice, bob):
        shell.at_menu()


def test_ctrl_c_takes_an_invitation_back(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    alice.enter("connect bob")
    is_asked_by("alice", bob)
    alice.send("\x03")
    alice.sees("Your request to bob was cancelled")
    alice.at_menu()
    bob.sees("alice does not want to chat any more")
    bob.holds("ud2p>")
    assert "nobody waits for an answer" in bob.run("accept")
    alice.enter("connect bob")  # and again, as if nothing had been
    is_asked_by("alice", bob)
    bob.enter("y")
    alice.in_chat()


def test_an_invitation_expires(empty_world: World) -> None:
    empty_world.broker_with("invitation_s=1.0")
    alice, bob = empty_world.people("alice", "bob")
    alice.enter("connect bob")
    bob.sees(ASKS["roanda"])
    alice.sees("bob did not answer in time")
    bob.sees("The request from alice has expired")
    alice.at_menu()
    assert "there is no command y; help shows the commands" in bob.run("y")


def test_the_one_who_asked_leaves(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    alice.enter("connect bob")
    is_asked_by("alice", bob)
    alice.kill()
    assert alice.wait_for_end() == 143
    bob.sees(re.compile("alice (is not connected|does not want)"))
    assert "nobody waits for an answer" in bob.run("accept")


def test_who_can_not_be_asked(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    bob.run("status offline")
    assert_one_sentence(alice, "connect bob", "bob is offline")
    assert_one_sentence(alice, "connect nobody", "nobody")
    assert_one_sentence(alice, "connect alice", "that is your own name; choose another client")
    assert_one_sentence(alice, "connect ../etc", "")
    assert_one_sentence(alice, "connect " + "x" * 60, "")
    bob.run("status online")
    alice.enter("connect bob")
    is_asked_by("alice", bob)


def assert_one_sentence(shell: Shell, line: str, part: str) -> None:
    """The command is refused in words, and the shell goes on."""
    shown = [row for row in shell.run(line)[1:] if not row.startswith("Waiting for")]
    assert shown, shell.picture()
    assert part in " ".join(shown), shown
    assert not shell.body[-1].startswith("Checked in")


def test_a_half_typed_line_survives_an_invitation(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    bob.types("status off")
    bob.send("\x1b[D\x1b[D")  # two to the left
    alice.enter("connect bob")
    is_asked_by("alice", bob)
    bob.holds("ud2p> status off")
    assert bob.cursor[0] == len("ud2p> status o")
    bob.send("X")
    bob.holds("ud2p> status oXff")
    alice.send("\x03")
    bob.sees("alice does not want to chat any more")
    bob.holds("ud2p> status oXff")


def test_an_answer_begun_before_the_question_is_none(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    bob.types("y")
    alice.enter("connect bob")
    is_asked_by("alice", bob)
    bob.enter("")
    bob.sees("there is no command y; help shows the commands")
    is_asked_by("alice", bob)  # still
    bob.enter("y")
    bob.in_chat()


def test_crossing_invitations_meet(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    alice.enter("connect bob")
    is_asked_by("alice", bob)
    bob.enter("connect alice")
    for shell in (alice, bob):
        shell.in_chat()


def test_accepting_another_leaves_the_present_chat_first(world: World) -> None:
    alice, bob = world.chatting()
    with LibraryPeer(world, "carol") as carol:
        inviting = carol.start(carol.client.invite("bob"))
        is_asked_by("carol", bob)
        bob.types("half a message")
        bob.send("\x15")  # Ctrl-U: the line is empty again
        bob.in_chat()
        bob.enter("y")
        bob.sees("Connected to carol!")
        alice.sees("bob left the chat")
        alice.at_menu()
        assert carol.wait(inviting).peer == "bob"
        bob.in_chat()
        assert "carol" in bob.status_bar


def test_an_invitation_while_chatting_may_be_declined(world: World) -> None:
    alice, bob = world.chatting()
    with LibraryPeer(world, "carol") as carol:
        inviting = carol.start(carol.client.invite("bob"))
        is_asked_by("carol", bob)
        bob.enter("n")
        bob.sees("You declined the request from carol")
        with pytest.raises(Exception, match="bob declined"):
            carol.wait(inviting)
    bob.in_chat()
    bob.enter("still here")
    alice.sees("still here < bob")


def test_a_bot_may_invite_a_shell(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bot") as bot:
        inviting = bot.start(bot.client.invite("alice"))
        is_asked_by("bot", alice)
        alice.enter("y")
        bot.wait(inviting)
        alice.in_chat()
        alice.run("X")
        alice.enter("connect bot")
        invited = bot.hears(Invited)
        bot.do(bot.client.answer(invited.invitation, accept=False, reason="busy"))
        alice.sees("bot declined your request: busy")
        alice.at_menu()


def test_what_is_typed_while_waiting_is_kept(world: World) -> None:
    alice, bob = world.people("alice", "bob")
    alice.enter("connect bob")
    is_asked_by("alice", bob)
    alice.sees("Waiting for bob")
    alice.send("hi bob, are you th")
    bob.enter("y")
    alice.holds("You > hi bob, are you th")
    alice.enter("ere?")
    bob.sees("hi bob, are you there? < alice")


def test_two_questions_at_once(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob") as bob, LibraryPeer(world, "carol") as carol:
        asking = bob.start(bob.client.invite("alice"))
        is_asked_by("bob", alice)
        inviting = carol.start(carol.client.invite("alice"))
        alice.run("list")
        alice.enter("accept carol")
        carol.wait(inviting)
        alice.in_chat()
        is_asked_by("bob", alice)
        alice.enter("n")
        with pytest.raises(Exception, match="alice declined"):
            bob.wait(asking)
        alice.in_chat()
        assert "carol" in alice.status_bar
