"""How it looks: golden screens of real sessions, live changes, terminals of any width, and no colours on demand.

Regenerate the screens with ``UPDATE_GOLDEN=1 pytest tests/e2e/test_themes.py``, and look at what changed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.library_peer import LibraryPeer
from tests.e2e.shell import CHAT_PROMPT, THEMES, Shell
from tests.e2e.world import World, meet

from ud2p.text import width

GOLDEN = Path(__file__).parent / "golden"
SGR = re.compile(rb"\x1b\[[0-9;]*m")


def compare(name: str, shown: list[str]) -> None:
    """Compare what was shown with what stands in a file; ports and folders differ from run to run."""
    text = "".join(stable(line) + "\n" for line in shown if not re.search(r"Delivered|Arrived|%\|", line))
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def stable(line: str) -> str:
    """A line without what changes: on a loaded machine a tick may come late, and everything may take longer."""
    line = re.sub(r"\b\d{5}\b", "#####", line).replace(" …", " ✓")
    line = re.sub(r"\d+\.\d s\b", "#.# s", line)
    line = re.sub(r"\d[\d.]* [kMGT]?B(/s| free)", r"### MB\1", line)
    return re.sub(r"/tmp/\w+", "/tmp/########", line)


@pytest.fixture
def short_folder() -> Iterator[str]:
    """A folder whose name is short and always as long."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield folder


@pytest.mark.parametrize("theme", THEMES)
def test_the_menu_and_a_list(world: World, theme: str) -> None:
    (alice,) = world.people("alice", theme=theme)
    with LibraryPeer(world, "bob"):
        alice.run("1")
        alice.run("3 2")
        alice.run("2")
        alice.run("status 1")
        compare(f"{theme}-menu", alice.body)


@pytest.mark.parametrize("theme", THEMES)
def test_a_chat_and_a_file(world: World, theme: str, short_folder: str) -> None:
    alice = world.shell("alice", theme=theme)
    bob = world.shell("bob", "--downloads", short_folder, theme=theme)
    for shell in (alice, bob):
        shell.at_menu()
    (alice.folder / "Von.mp3").write_bytes(bytes(5_300_000))
    begun = {shell: len(shell.body) for shell in (alice, bob)}
    meet(alice, bob)
    bob.run("Awe Gee")
    alice.sees("Awe Gee")
    alice.run("sho, and this is a message that is so long that it must be wrapped in any theme, 你好")
    bob.sees("你好")
    alice.enter("sendf Von.mp3")
    bob.sees("Von.mp3")
    bob.in_chat()
    bob.enter("y")
    for shell in (alice, bob):
        shell.sees(re.compile("File (sent|received) ✓"))
        shell.in_chat()
    bob.wait_until(lambda: any(line.strip().endswith("Von.mp3") for line in bob.body))
    alice.enter("X")
    alice.at_menu()
    bob.at_menu()
    compare(f"{theme}-chat-alice", alice.body[begun[alice] :])
    compare(f"{theme}-chat-bob", bob.body[begun[bob] :])


def test_the_colours_of_lutho(world: World) -> None:
    alice, bob = world.people("alice", "bob", theme="lutho")
    alice.run("status offline")
    assert alice.style("<<Offline>>")["fg"] == "red"
    alice.run("status online")
    assert alice.style("<<Online>>")["fg"] == "green"
    meet(alice, bob)
    bob.run("Awe Gee")
    alice.sees("Awe Gee")
    assert alice.style("Awe Gee")["fg"] == "cyan"
    alice.in_chat()
    assert alice.style("You >")["fg"] == "red"
    assert alice.display[row_of(alice, "Awe Gee")].index("Awe Gee") > 50


def row_of(shell: Shell, text: str) -> int:
    """The visible row that holds ``text``."""
    return next(row for row, line in enumerate(shell.display) if text in line)


def test_a_theme_is_changed_live(world: World) -> None:
    (alice,) = world.people("alice", theme="roanda")
    for theme in (*THEMES, "LUTHO"):
        alice.enter(f"theme {theme}")
        alice.theme = theme.casefold()
        alice.at_menu()
    shown = alice.run("theme")
    assert [line[:2] for line in shown[1:]] == ["  ", "* ", "  "]
    assert "there is no theme sparkle; there are: chulumanco, lutho, roanda" in alice.run("theme sparkle")
    alice.at_menu()


def test_a_theme_from_the_settings(world: World) -> None:
    home = world.home("alice")
    (home.config / "config.toml").write_text('theme = "chulumanco"\nname = "alice"\n')
    alice = world.terminal("alice", ["--broker", world.address], theme="chulumanco")
    alice.at_menu()
    bob = world.terminal(
        "bob", ["--broker", world.address, "--name", "bob"], theme="lutho", env={"UD2P_THEME": "lutho"}
    )
    bob.at_menu()


def test_a_theme_that_is_not_there(world: World) -> None:
    alice = world.shell("alice", "--theme", "sparkle", theme="plain")
    alice.at_menu()
    alice.wait_until(lambda: "there is no theme sparkle" in " ".join(alice.body))
    alice.run("theme lutho; rm")
    alice.at_menu()


def test_no_color(world: World) -> None:
    alice = world.shell("alice", theme="lutho", env={"NO_COLOR": "1"})
    bob = world.shell("bob", theme="lutho")
    for shell in (alice, bob):
        shell.at_menu()
    meet(alice, bob)
    bob.run("hello")
    alice.run("hello")
    alice.run("/help")
    alice.run("/plugins")
    alice.enter("/exit")
    assert alice.wait_for_end() == 0
    colours = {code for code in SGR.findall(bytes(alice.output)) if not is_plain(code)}
    assert not colours
    assert any(not is_plain(code) for code in SGR.findall(bytes(bob.output)))


def is_plain(code: bytes) -> bool:
    """Whether an SGR code sets no colour: resets, and what makes the bar below the input stand out."""
    return all(int(number or 0) in (0, 7, 27) for number in code[2:-1].split(b";"))


@pytest.mark.parametrize("columns", [40, 300])
@pytest.mark.parametrize("theme", THEMES)
def test_narrow_and_wide_terminals(world: World, theme: str, columns: int) -> None:
    alice = world.shell("alice", theme=theme, columns=columns, rows=40)
    alice.at_menu()
    with LibraryPeer(world, "bartholomew-of-the-long-name-32", auto_accept=True) as peer:
        alice.run("1")
        alice.run("help")
        alice.run("plugins")
        alice.enter("connect 1")
        alice.in_chat()
        text = "你好世界 " * 30 + "a" * 100 + " 👋 end"
        peer.says(text)
        alice.wait_until(lambda: shows(alice, text))
        alice.run("z " * (columns // 4))
        alice.enter("X")
        alice.at_menu()
    for line in alice.screen:
        assert width(line) <= columns
    if columns == 300:
        assert any(width(line) > 100 for line in alice.screen)


def shows(shell: Shell, text: str) -> bool:
    """Whether the text stands on the screen, wrapped and framed as the theme likes."""
    seen = "".join(line.strip(" │") for line in shell.body)
    return text.replace(" ", "") in re.sub(r"[ │]", "", seen)


def test_the_window_changes_while_messages_arrive(world: World) -> None:
    (alice,) = world.people("alice")
    with LibraryPeer(world, "bob", auto_accept=True) as bob:
        alice.enter("connect bob")
        alice.in_chat()
        alice.types("half a line")
        chat = bob.chat
        for number, columns in enumerate((60, 33, 100, 40, 80)):
            alice.resize(columns)
            for part in range(5):
                bob.run(lambda number=number, part=part: chat.post(f"message {number}.{part}"))  # type: ignore[misc]
            alice.sees(f"message {number}.4")
        alice.holds(f"{CHAT_PROMPT} half a line")
        alice.enter("")
        alice.in_chat()
        for number in range(5):
            for part in range(5):
                alice.sees(f"message {number}.{part} < bob")
