"""The example does what it says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.shell.terminal.helpers import CHAT, MENU
from tests.support.terminal import Terminal


def test_the_example() -> None:
    with Terminal([sys.executable, str(Path(__file__).with_name("example_shell.py"))]) as terminal:
        terminal.wait_for(MENU)
        terminal.send("con\tca\t\r")
        terminal.wait_for(CHAT)
        terminal.enter("abc 👍")
        terminal.wait_for("👍 cba < carol")
        terminal.wait_for(lambda screen: screen[1:] == ["You > abc 👍", "👍 cba < carol", "You >", "chat with carol"])
        terminal.enter("X")
        terminal.wait_for(re.compile("^menu>$"))
        terminal.send("\x04")
        assert terminal.wait_for_end() == 0
