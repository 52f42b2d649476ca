"""Somebody's shell in a terminal: what stands at its prompt, and what was printed above."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.home import UD2P, Home
from tests.support.terminal import Terminal

THEMES = ("lutho", "chulumanco", "roanda")

MENU_PROMPTS = {
    "lutho": "Enter the number of the command:",
    "chulumanco": "What next?",
    "roanda": "ud2p>",
    "plain": "ud2p>",
}
CHAT_PROMPT = "You >"
QUESTIONS = (
    "Enter filename >",
    "Which file",
    "Enter the number of the client",
    "Number (or Q",
    "Which friend?",
    "Choose active status (1)",
    "(1) Online (2) Offline:",
    "Enter your choice:",
)
PLACEHOLDER = "y / n ?"


class Shell(Terminal):
    """Somebody's shell in a terminal. ``body`` is what was printed, without the input line and the rows below it."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        home: Home,
        *,
        theme: str,
        columns: int,
        rows: int,
        command: Sequence[str] = (UD2P,),
    ) -> None:
        """
        :param command: another program, such as a shell of the system's, to start ``ud2p`` from
        """
        self.name = name
        self.theme = theme
        self.home = home
        super().__init__([*command, *arguments], env=home.environment, cwd=home.folder, columns=columns, rows=rows)

    @property
    def folder(self) -> Path:
        """The folder that it was started in."""
        return self.home.folder

    @property
    def body(self) -> list[str]:
        """What was printed so far."""
        return self._split(self.screen)[0]

    @property
    def input(self) -> str | None:
        """The prompt and what is typed behind it; None while no prompt is open."""
        return self._split(self.screen)[1]

    @property
    def status_bar(self) -> str:
        """The row below the input; empty while no prompt is open."""
        screen = self.screen
        return screen[-1] if self._split(screen)[1] is not None else ""

    def at(self, prompt: str) -> list[str]:
        """Wait until ``prompt`` is open with nothing typed behind it.

        :returns: the body
        """
        self.wait_for(lambda screen: self._split(screen)[1] == prompt)
        return self.body

    def holds(self, line: str) -> None:
        """Wait until the prompt and what is typed behind it are ``line``."""
        self.wait_for(lambda screen: self._split(screen)[1] == line)

    def at_menu(self) -> list[str]:
        """Wait for the menu's prompt."""
        return self.at(MENU_PROMPTS[self.theme])

    def in_chat(self) -> list[str]:
        """Wait for a chat's prompt."""
        return self.at(CHAT_PROMPT)

    def types(self, text: str) -> None:
        """Type ``text`` at the open prompt, and wait until it stands there."""
        before: list[str] = []

        def is_open() -> bool:
            before[:] = filter(None, [self.input])
            return bool(before)

        self.wait_until(is_open)
        self.send(text)
        wanted = f"{before[0]} {text}".rstrip()
        self.wait_for(lambda screen: self._split(screen)[1] == wanted)

    def run(self, line: str) -> list[str]:
        """Type a line at the open prompt, and wait until it was taken and a prompt is open again.

        :returns: what was printed since, the line itself first
        """
        before = self.wait_until(lambda: self.input is not None and self.body)
        self.enter(line)
        words = line.split()

        def is_done() -> bool:
            body, typed = self._split(self.screen)
            return typed in self._prompts and words_in(words, body[len(before) :])

        self.wait_until(is_done)
        return self.body[len(before) :]

    def sees(self, wanted: str | re.Pattern[str], times: int = 1) -> list[str]:
        """Wait until ``times`` printed lines hold ``wanted``.

        :returns: those lines
        """
        pattern = wanted if isinstance(wanted, re.Pattern) else re.compile(re.escape(wanted))

        def found(screen: list[str]) -> list[str]:
            return [line for line in self._split(screen)[0] if pattern.search(line)]

        self.wait_for(lambda screen: len(found(screen)) >= times)
        return found(self.screen)

    def wait_until(self, is_true: Callable[[], object]) -> list[str]:
        """Wait until ``is_true()``; screens are read meanwhile.

        :returns: the body
        """
        self.wait_for(lambda _: is_true())
        return self.body

    @property
    def _prompts(self) -> tuple[str, ...]:
        return (CHAT_PROMPT, MENU_PROMPTS[self.theme])

    def _split(self, screen: list[str]) -> tuple[list[str], str | None]:
        """The body and the input of a screen."""
        if screen and re.match(rf"{re.escape(self.name)} <<O(n|ff)line>>", screen[-1]):
            for row in range(len(screen) - 2, -1, -1):
                if screen[row].lstrip().startswith((*self._prompts, *QUESTIONS)):
                    last = next(at for at in range(row, len(screen)) if not self._is_input(screen, row, at + 1))
                    typed = "".join(screen[row : last + 1])
                    return screen[:row], typed.removesuffix(PLACEHOLDER).strip()
        return screen, None

    def _is_input(self, screen: list[str], first: int, row: int) -> bool:
        """Whether a row below the first of the input still belongs to it, because that filled its row."""
        return row < len(screen) - 1 and len(screen[row - 1]) >= self.columns - 1 and not _is_bar(screen[row])

    @property
    def columns(self) -> int:
        """The width of the terminal."""
        return self._screen.columns


def words_in(words: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether the lines hold the words, in that order, whatever was wrapped where."""
    text = "".join("".join(lines).split())
    at = 0
    for word in words:
        at = text.find(word, at)
        if at < 0:
            return False
        at += len(word)
    return True


def _is_bar(row: str) -> bool:
    return re.search(r"\d+%\|", row) is not None
