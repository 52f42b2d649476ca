"""``ud2p send`` and ``ud2p receive``: files without a shell."""

from __future__ import annotations

import filecmp
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.piped import Piped
from tests.e2e.world import World
from tests.support.terminal import PATIENCE_S

from ud2p import FileOffered, MessageReceived


def events_of(piped: Piped) -> list[dict[str, Any]]:
    """What was told in JSON, as far as it is there."""
    whole, _, _ = piped.output.rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def wait_for(world: World, piped: Piped, event: str) -> dict[str, Any]:
    """The first event of a kind."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = [each for each in events_of(piped) if each["event"] == event]
        if found:
            return found[0]
        assert time.monotonic() < deadline, piped.output + piped.errors
        assert piped.process.poll() is None, piped.output + piped.errors
        world.read_along()


def receive(world: World, *arguments: str) -> Piped:
    return world.piped("", "receive", "--broker", world.address, "--name", "bob", *arguments, name="bob")


def send(world: World, *arguments: str) -> Piped:
    return world.piped("", "send", "--broker", world.address, "--name", "alice", *arguments, name="alice")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def test_two_files_in_words(world: World, tmp_path: Path, inbox: Path) -> None:
    """The receiver comes later than the sender, and both end by themselves."""
    contents = {"Von.mp3": os.urandom(3_000_000), "a note.txt": b"sho"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    sender = send(world, "bob", *(str(tmp_path / name) for name in contents))
    deadline = time.monotonic() + PATIENCE_S
    while "Waiting for bob to be there..." not in sender.output:
        assert time.monotonic() < deadline, sender.output + sender.errors
        world.read_along()
    receiver = receive(world, "--yes", "--into", str(inbox), "--from", "Alice")
    assert (sender.wait(), receiver.wait()) == (0, 0), sender.errors + receiver.errors
    assert {path.name: path.read_bytes() for path in inbox.iterdir()} == contents
    assert "File sent ✓  2 files, 3.00 MB" in sender.output
    assert "File received ✓  2 files, 3.00 MB" in receiver.output
    assert f"Saved in {inbox}" in "".join(receiver.output.split("\n"))
    assert "Sending files to bob..." in sender.errors
    for name in contents:
        assert f"{name}\n" in sender.errors
        assert f"{name}\n" in receiver.errors
    assert b"\x1b" not in sender.raw + receiver.raw


def test_events_for_scripts(world: World, tmp_path: Path, inbox: Path) -> None:
    (tmp_path / "Von.mp3").write_bytes(bytes(10))
    receiver = receive(world, "--yes", "--into", str(inbox), "--json")
    sender = send(world, "bob", str(tmp_path / "Von.mp3"), "--json")
    assert (sender.wait(), receiver.wait()) == (0, 0)
    told = [event for event in events_of(sender) if event["event"] != "waiting"]
    assert [event["event"] for event in told] == ["connected", "chat", "offered", "progress", "sent"]
    assert told[0]["broker"] == world.address
    assert (told[1]["peer"], told[1]["trust"], told[1]["cipher"]) == ("bob", "unverified", "aes-gcm")
    assert (told[3]["bytes"], told[3]["total_bytes"]) == (10, 10)
    sent, received = told[-1], events_of(receiver)[-1]
    assert (sent["name"], sent["bytes"], sent["route"]) == ("Von.mp3", 10, "direct")
    assert (received["event"], received["path"], received["peer"]) == ("received", str(inbox / "Von.mp3"), "alice")
    assert not sender.errors


def test_events_of_a_folder(world: World, tmp_path: Path, inbox: Path) -> None:
    (tmp_path / "photos" / "empty").mkdir(parents=True)
    names = [f"photos/{number}" for number in range(300)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    receiver = receive(world, "--yes", "--into", str(inbox), "--json")
    sender = send(world, "bob", str(tmp_path / "photos"), "--json")
    assert (sender.wait(), receiver.wait()) == (0, 0)
    for end, last in ((sender, "sent"), (receiver, "received")):
        told = events_of(end)
        assert sorted(event["path"] for event in told if event["event"] == "file") == sorted(names)
        assert (told[-1]["event"], told[-1]["files"]) == (last, 300)
    assert {path.name: path.read_bytes() for path in (inbox / "photos").iterdir() if path.is_file()} == {
        name.removeprefix("photos/"): name.encode() for name in names
    }
    assert (inbox / "photos" / "empty").is_dir()


def test_the_home_of_nobody_is_a_sentence(world: World) -> None:
    for program, sentence in (
        (send(world, "bob", "~nobody-here/x"), "there is no file ~nobody-here/x; check the name"),
        (receive(world, "--yes", "--into", "~nobody-here/x"), "is not a folder; make it, or name another one"),
    ):
        assert program.wait() in (1, 2)
        assert sentence in program.errors
        assert "Traceback" not in program.errors


def test_what_is_too_large_is_declined(world: World, tmp_path: Path, inbox: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(2001))
    (tmp_path / "small").write_bytes(bytes(2000))
    receiver = receive(world, "--yes", "--into", str(inbox), "--max-size", "2k")
    sender = send(world, "bob", str(tmp_path / "large"))
    assert (sender.wait(), receiver.wait()) == (4, 4)
    assert list(inbox.iterdir()) == []
    assert "the receiver takes up to 2,000 bytes at once; this is 2,001" in " ".join(sender.output.split())
    receiver = receive(world, "--yes", "--into", str(inbox), "--max-size", "2k")
    sender = send(world, "bob", str(tmp_path / "small"))
    assert (sender.wait(), receiver.wait()) == (0, 0)


def test_others_are_declined(world: World, tmp_path: Path, inbox: Path) -> None:
    (tmp_path / "Von.mp3").write_bytes(b"x")
    receiver = receive(world, "--yes", "--into", str(inbox), "--from", "carol", "--json")
    wait_for(world, receiver, "waiting")
    sender = send(world, "bob", str(tmp_path / "Von.mp3"))
    assert sender.wait() == 4
    assert "bob declined: not expected" in sender.errors
    assert receiver.process.poll() is None
    receiver.process.send_signal(signal.SIGINT)
    assert receiver.wait() == 130
    assert not list(inbox.iterdir())


def test_nobody_there(world: World, tmp_path: Path) -> None:
    (tmp_path / "Von.mp3").write_bytes(b"x")
    sender = send(world, "bob", str(tmp_path / "Von.mp3"), "--wait", "0", "--json")
    assert sender.wait() == 4
    assert events_of(sender)[-1]["event"] == "error"
    assert "bob is not there" in sender.errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("receive",), "nobody can be asked without a terminal; add --yes"),
        (("receive", "--yes", "--into", "/nowhere/at/all"), "/nowhere/at/all is not a folder"),
        (("receive", "--yes", "--max-size", "many"), "a size is a number of bytes, such as"),
        (("send", "bob", "x", "--wait", "long"), "seconds are a number, such as"),
    ],
)
def test_usage(world: World, arguments: tuple[str, ...], sentence: str) -> None:
    piped = world.piped("", *arguments, "--broker", world.address, "--name", "bob", name="bob")
    assert piped.wait() == 2
    assert sentence in piped.errors


def test_what_is_not_there_is_not_offered(world: World) -> None:
    sender = send(world, "bob", "/nowhere/at/all")
    assert sender.wait() == 1
    assert "there is no file /nowhere/at/all" in sender.errors


@pytest.mark.parametrize("interrupted", ["sender", "receiver"])
def test_ctrl_c_on_the_way(world: World, tmp_path: Path, inbox: Path, interrupted: str) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2_000_000_000)
    receiver = receive(world, "--yes", "--into", str(inbox), "--json")
    sender = send(world, "bob", str(tmp_path / "large"), "--json")
    wait_for(world, sender, "progress")
    one, other = (sender, receiver) if interrupted == "sender" else (receiver, sender)
    one.process.send_signal(signal.SIGINT)
    assert one.wait() == 130
    assert other.wait() == 1
    assert f"the {interrupted} cancelled" in events_of(other)[-1]["reason"]
    assert "Traceback" not in one.errors


def test_a_person_is_asked(world: World, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (tmp_path / "Von.mp3").write_bytes(b"Johnny")
    bob = world.terminal("bob", ("receive", "--broker", world.address, "--name", "bob"))
    bob.wait_for("Waiting for files, as bob...")
    sender = send(world, "bob", str(tmp_path / "Von.mp3"))
    bob.wait_for(re.compile(r"Von\.mp3"))
    bob.send("into /nowhere/at/all\r")
    bob.wait_for("is not a folder")
    bob.send(f"into {elsewhere}\r")
    bob.wait_for("Saved as")
    assert sender.wait() == 0
    assert (elsewhere / "Von.mp3").read_bytes() == b"Johnny"
    bob = world.terminal("bob", ("receive", "--broker", world.address, "--name", "bob"))
    bob.wait_for("Waiting for files, as bob...")
    sender = send(world, "bob", str(tmp_path / "Von.mp3"))
    bob.wait_for(re.compile(r"Von\.mp3"))
    bob.send("n\r")
    assert sender.wait() == 4


def test_a_shell_takes_what_is_sent(world: World, tmp_path: Path) -> None:
    (tmp_path / "Von.mp3").write_bytes(b"Johnny")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        sender = send(world, "bob", str(tmp_path / "Von.mp3"))
        offered = bob.hears(FileOffered)
        bob.do(offered.chat.decline_file(offered.offer, "later"))
        assert sender.wait() == 4
        assert "later" in sender.output
        assert not [event for event in bob._told if isinstance(event, MessageReceived)]


def stray(inbox: Path) -> list[str]:
    return sorted(path.name for path in inbox.iterdir() if path.suffix == ".part")


@pytest.mark.parametrize("killed", ["sender", "receiver", "both"])
def test_killed_on_the_way_it_goes_on(world: World, tmp_path: Path, inbox: Path, killed: str) -> None:
    size = 300_000_000
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
        file.seek(size // 3)
        file.write(os.urandom(1_000_000))
    receiver = receive(world, "--yes", "--into", str(inbox), "--json")
    sender = send(world, "bob", str(tmp_path / "large"), "--json")
    part = inbox / "large.part"
    deadline = time.monotonic() + PATIENCE_S
    while not part.exists() or part.stat().st_size < size // 4:
        assert time.monotonic() < deadline, receiver.output + sender.output
    for program in {"sender": [sender], "receiver": [receiver], "both": [sender, receiver]}[killed]:
        program.process.kill()
    for program in (sender, receiver):
        program.process.send_signal(signal.SIGINT)
        program.wait()
    had = part.stat().st_size
    assert size // 4 <= had < size
    receiver = receive(world, "--yes", "--into", str(inbox), "--json")
    sender = send(world, "bob", str(tmp_path / "large"), "--json")
    assert (sender.wait(), receiver.wait()) == (0, 0), sender.output + receiver.output
    assert stray(inbox) == []
    assert filecmp.cmp(tmp_path / "large", inbox / "large", shallow=False)
    for program in (sender, receiver):
        last = events_of(program)[-1]
        assert last["route"] == f"direct, went on from {had / 1e6:,.1f} MB"
        moved = [event for event in events_of(program) if event["event"] == "progress"][-1]
        assert moved["bytes"] == size - had


def test_the_sender_is_killed_and_sends_again_to_a_receiver_that_runs_on(
    world: World, tmp_path: Path, inbox: Path
) -> None:
    size = 300_000_000
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
        file.seek(size // 3)
        file.write(os.urandom(1_000_000))
    receiver = receive(world, "--yes", "--into", str(inbox), "--json", "--keep")
    sender = send(world, "bob", str(tmp_path / "large"), "--json")
    part = inbox / "large.part"
    deadline = time.monotonic() + PATIENCE_S
    while not part.exists() or part.stat().st_size < size // 4:
        assert time.monotonic() < deadline, receiver.output + sender.output
    sender.process.kill()
    sender.wait()
    sender = send(world, "bob", str(tmp_path / "large"), "--json")
    assert sender.wait() == 0, sender.output + receiver.output
    assert "went on from" in events_of(sender)[-1]["route"]
    assert os.listdir(inbox) == ["large"]
    assert filecmp.cmp(tmp_path / "large", inbox / "large", shallow=False)
    receiver.process.send_signal(signal.SIGINT)
    assert receiver.wait() == 130


def test_what_is_left_can_be_discarded(world: World, tmp_path: Path, inbox: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2_000_000_000)
    receiver = receive(world, "--yes", "--into", str(inbox), "--json")
    sender = send(world, "bob", str(tmp_path / "large"), "--json")
    wait_for(world, sender, "progress")
    sender.process.send_signal(signal.SIGINT)
    assert (sender.wait(), receiver.wait()) == (130, 1)
    assert stray(inbox) == ["large.part"]
    discarding = receive(world, "--discard")
    assert discarding.wait() == 0
    assert discarding.output.splitlines() == [f"removed {inbox / 'large.part'}", "1 unfinished file removed"]
    assert not list(inbox.iterdir())
