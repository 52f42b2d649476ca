"""Files between two shells: offered, taken, refused, never over another, and compared byte for byte."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from tests.e2e.home import UD2P
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import THEMES, Shell, words_in
from tests.e2e.world import World, meet

from ud2p import ChatOpened, FileOffered, FileWithdrawn
from ud2p.contracts import FileOffer
from ud2p.errors import TransferError

FIFTY_MEGABYTES = 50_000_000


def make_file(folder: Path, name: str, size_bytes: int = 100_000) -> bytes:
    """A file of random bytes."""
    content = os.urandom(size_bytes)
    (folder / name).write_bytes(content)
    return content


def is_offered(name: str, shell: Shell, times: int = 1) -> None:
    """Wait until the shell asks about a file, for the how-manieth time."""
    shell.sees(f"wants to send {name} (", times)
    shell.in_chat()


@pytest.mark.parametrize("theme", THEMES)
def test_fifty_megabytes(world: World, theme: str) -> None:
    alice, bob = world.chatting(theme=theme)
    content = make_file(alice.folder, "Von.mp3", FIFTY_MEGABYTES)
    alice.enter("sendf")
    alice.at("Which file would you like to share?" if theme == "chulumanco" else "Enter filename >")
    alice.enter("Von.mp3")
    bob.sees("Von.mp3")
    bob.in_chat()
    bob.enter("y")
    alice.sees(re.compile(r"File sent ✓  50\.0 MB"))
    bob.sees(re.compile(r"File received ✓  50\.0 MB"))
    bob.wait_until(lambda: words_in([f"{bob.folder}/Von.mp3"], bob.body))
    for shell in (alice, bob):
        shell.in_chat()  # the bar is gone
    assert (bob.folder / "Von.mp3").read_bytes() == content
    assert os.listdir(bob.folder) == ["Von.mp3"]


def test_a_file_never_replaces_another(world: World) -> None:
    alice, bob = world.chatting()
    (bob.folder / "notes.txt").write_text("bob's own")
    for number in (1, 2):
        content = make_file(alice.folder, "notes.txt")
        alice.enter("sendf notes.txt")
        is_offered("notes.txt", bob, number)
        assert any("There is a notes.txt already" in line for line in bob.body)
        bob.enter("y")
        alice.sees("File sent ✓", times=number)
        bob.sees("File received ✓", times=number)
        assert (bob.folder / f"notes ({number}).txt").read_bytes() == content
    assert (bob.folder / "notes.txt").read_text() == "bob's own"
    assert sorted(os.listdir(bob.folder)) == ["notes (1).txt", "notes (2).txt", "notes.txt"]


@pytest.mark.parametrize(("answer", "told"), [("n", "bob declined the file"), ("/decline alice too big", "too big")])
def test_a_file_is_declined(world: World, answer: str, told: str) -> None:
    alice, bob = world.chatting()
    make_file(alice.folder, "notes.txt")
    alice.enter("sendf notes.txt")
    is_offered("notes.txt", bob)
    bob.enter(answer)
    alice.sees(f"File not sent: notes.txt: {told}")
    alice.in_chat()
    bob.in_chat()
    assert os.listdir(bob.folder) == []
    bob.run("sorry")
    alice.sees("sorry < bob")


def test_several_files_with_odd_names(world: World) -> None:
    alice, bob = world.chatting()
    names = ["two words.txt", "ünïcödé 你好 👋.txt", "empty", "-rf", "it's.txt"]
    contents = {name: make_file(alice.folder, name, 0 if name == "empty" else 1_000) for name in names}
    alice.enter("""sendf "two words.txt" ünïcödé\\ 你好\\ 👋.txt empty -rf "it's.txt" """)
    bob.sees("wants to send two words.txt and 4 more: 5 files (4.00 kB)")
    for name in names:
        bob.sees(f"  {name}")
    bob.enter("y")
    alice.sees("File sent ✓  5 files, 4.00 kB")
    for shell in (alice, bob):
        for name in names:
            shell.sees(f"  {name} ✓")
    assert {name: (bob.folder / name).read_bytes() for name in os.listdir(bob.folder)} == contents


def test_a_folder(world: World) -> None:
    alice, bob = world.chatting()
    photos = alice.folder / "photos"
    (photos / "2024" / "empty").mkdir(parents=True)
    for number in range(14):
        (photos / "2024" / f"{number:02}.jpg").write_bytes(os.urandom(5_000))
    (photos / "run").write_bytes(b"#!/bin/sh")
    (photos / "run").chmod(0o755)
    (bob.folder / "photos").mkdir()
    alice.enter("sendf photos")
    bob.sees("wants to send photos: 15 files (70.0 kB)")
    bob.sees("  photos/2024/00.jpg")
    bob.sees("  and 8 more")
    bob.sees("There is a photos already; it is kept")
    bob.sees(" free there")
    bob.enter("y")
    alice.sees("File sent ✓  15 files, 70.0 kB")
    bob.sees("  photos/run ✓")
    bob.sees("Saved in")
    found = {path.relative_to(bob.folder / "photos (1)") for path in (bob.folder / "photos (1)").rglob("*")}
    assert found == {path.relative_to(photos) for path in photos.rglob("*")}
    assert os.access(bob.folder / "photos (1)" / "run", os.X_OK)
    assert not any((bob.folder / "photos").iterdir())


def test_what_can_not_be_sent(world: World) -> None:
    alice, bob = world.chatting()
    (alice.folder / "folder").mkdir()
    (alice.folder / "folder" / "link").symlink_to("/etc/passwd")
    os.mkfifo(alice.folder / "pipe")
    for typed, sentence in (
        ("missing.txt", "there is no file missing.txt; check the name"),
        ("folder", "folder/link is a symbolic link, and links are not sent"),
        ("pipe pipe", "pipe is not an ordinary file; name one that is"),
        ("pipe", "pipe is not an ordinary file; name one that is"),
        ("/dev/zero", "/dev/zero is not an ordinary file; name one that is"),
        ("folder/../missing/x", "there is no file"),
        ("'unfinished", "unfinished"),
        ("x" * 300, "can't be read"),
    ):
        shown = alice.run(f"sendf {typed}")
        assert words_in(sentence.split(), shown), shown
    alice.enter("sendf")
    alice.at("Enter filename >")
    alice.enter("")
    alice.in_chat()
    alice.run("nothing lost")
    bob.sees("nothing lost < alice")
    assert not any("wants to send" in line for line in bob.body)


def test_a_file_that_can_not_be_read(world: World) -> None:
    command = [UD2P]
    if os.geteuid() == 0:  # who may read every file, unless that right is given up
        if shutil.which("setpriv") is None:
            pytest.skip("the superuser reads every file, and there is no setpriv (util-linux) to prevent it")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", UD2P]
    (bob,) = world.people("bob")
    alice = world.shell("alice", command=command)
    alice.at_menu()
    meet(alice, bob)
    make_file(alice.folder, "secret")
    (alice.folder / "secret").chmod(0)
    shown = alice.run("sendf secret")
    assert words_in(["secret", "can't", "be", "read;", "check", "its", "permissions"], shown), shown


def test_the_sender_takes_it_back(world: World) -> None:
    alice, bob = world.chatting()
    make_file(alice.folder, "notes.txt")
    alice.enter("sendf notes.txt")
    is_offered("notes.txt", bob)
    alice.in_chat()
    alice.send("\x03")
    alice.sees("File not sent: notes.txt: you cancelled it")
    bob.sees("notes.txt from alice can't be had any more: the sender cancelled it")
    bob.enter("y")  # is a message now
    alice.sees("y < bob")
    assert os.listdir(bob.folder) == []


def test_a_file_that_is_not_taken_yet_does_not_hold_the_chat_up(world: World) -> None:
    alice, bob = world.chatting()
    make_file(alice.folder, "notes.txt")
    alice.enter("sendf notes.txt")
    is_offered("notes.txt", bob)
    alice.run("did you see it?")
    bob.sees("did you see it? < alice")
    bob.run("wait")  # a line that is no y and no n
    alice.sees("wait < bob")
    shown = alice.run("X")
    assert "A file is still on its way; X once more leaves and cancels it" in shown
    alice.enter("X")
    alice.at_menu()
    bob.sees("alice left the chat")
    bob.at_menu()
    assert os.listdir(bob.folder) == []


def test_files_go_where_the_user_wants_them(world: World) -> None:
    (alice,) = world.people("alice")
    downloads = world.folder / "downloads"
    downloads.mkdir()
    bob = world.shell("bob", "--downloads", str(downloads))
    bob.at_menu()
    bob.enter("connect alice")
    alice.wait_until(lambda: "bob wants" in alice.status_bar)
    alice.enter("y")
    alice.in_chat()
    content = make_file(alice.folder, "notes.txt")
    alice.enter(f"sendf {alice.folder}/notes.txt")
    is_offered("notes.txt", bob)
    bob.enter("y")
    bob.sees("File received ✓")
    assert (downloads / "notes.txt").read_bytes() == content
    assert os.listdir(bob.folder) == []


def test_a_downloads_folder_that_is_gone(world: World) -> None:
    (alice,) = world.people("alice")
    downloads = world.folder / "downloads"
    downloads.mkdir()
    bob = world.shell("bob", "--downloads", str(downloads))
    bob.at_menu()
    bob.enter("connect alice")
    alice.wait_until(lambda: "bob wants" in alice.status_bar)
    alice.enter("y")
    alice.in_chat()
    make_file(alice.folder, "notes.txt")
    downloads.rmdir()
    alice.enter("sendf notes.txt")
    is_offered("notes.txt", bob)
    bob.enter("y")
    bob.sees(re.compile("File not received: notes.txt: "))
    alice.sees(re.compile("File not sent: notes.txt: "))
    for shell in (alice, bob):
        shell.in_chat()


def test_a_peer_that_is_gone_in_the_middle(world: World) -> None:
    (alice,) = world.people("alice")
    make_file(alice.folder, "notes.txt")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        chat = bob.hears(ChatOpened).chat
        alice.in_chat()
        alice.enter("sendf notes.txt")
        bob.hears(FileOffered)
        bob.do(chat.leave())
        alice.sees("File not sent: notes.txt: bob left the chat")
        alice.at_menu()


def test_both_ends_say_why_it_failed(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        chat = bob.hears(ChatOpened).chat
        alice.in_chat()
        path = world.folder / "notes.txt"
        make_file(world.folder, "notes.txt")
        sending = bob.start(chat.send_file(path))
        is_offered("notes.txt", alice)
        alice.enter("n")
        with pytest.raises(TransferError, match="alice declined the file"):
            bob.wait(sending)
        alice.enter("sendf missing")
        alice.sees("there is no file missing")
        make_file(alice.folder, "mine.txt")
        alice.enter("sendf mine.txt")
        offer: FileOffer = bob.hears(FileOffered).offer
        alice.in_chat()
        alice.send("\x03")
        assert bob.hears(FileWithdrawn).reason == "the sender cancelled it"
        with pytest.raises(TransferError, match=r"mine\.txt is not offered any more"):
            bob.do(chat.accept_file(offer, world.folder))


def test_into_another_folder(world: World) -> None:
    alice, bob = world.chatting()
    content = make_file(alice.folder, "Von.mp3")
    (bob.folder / "else where").mkdir()
    alice.enter("sendf Von.mp3")
    is_offered("Von.mp3", bob)
    bob.enter("into nowhere")
    bob.sees("is not a folder")
    bob.enter("into else where")
    bob.sees("File received ✓")
    assert (bob.folder / "else where" / "Von.mp3").read_bytes() == content
    assert not (bob.folder / "Von.mp3").exists()


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_cancel(world: World, who: str) -> None:
    alice, bob = world.chatting()
    with (alice.folder / "large").open("wb") as file:
        file.truncate(4_000_000_000)
    alice.enter("sendf large")
    is_offered("large", bob)
    bob.enter("y")
    for shell in (alice, bob):
        shell.wait_until(lambda shell=shell: "%|" in "\n".join(shell.screen))  # type: ignore[misc]
    one, other = (alice, bob) if who == "alice" else (bob, alice)
    one.enter("cancel")
    one.sees("you cancelled it")
    other.sees(f"the {'sender' if who == 'alice' else 'receiver'} cancelled")
    one.enter("cancel")
    other.sees("cancel <") if who == "alice" else other.sees("cancel")
    assert os.listdir(bob.folder) == ["large.part"], "kept for another time"
