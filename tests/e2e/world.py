"""The installed ``ud2p`` as people meet it: brokers and shells in terminals of their own, and on pipes.

A :class:`World` belongs to one test. Each program in it has its own settings, state and working folder; what is still
running at the end is killed, and nothing that ran may have shown a traceback or a warning of Python's.
"""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.terminal import PATIENCE_S, Terminal

UD2P = str(Path(sys.executable).with_name("ud2p"))
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

FAULTS = ("Traceback", "Warning:", "internal error")


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


class Broker(Terminal):
    """``ud2p serve`` in a terminal."""

    def __init__(self, command: Sequence[str], home: Home) -> None:
        super().__init__(command, env=home.environment, cwd=home.folder)
        self.wait_for(re.compile(r"listening on \S+:\d+"))
        found = re.search(r"listening on (\S+):(\d+)", "\n".join(self.screen))
        assert found is not None
        self.port = int(found.group(2))
        self.address = f"{found.group(1)}:{self.port}"


class Home:
    """One person's folders, and the environment that names them."""

    def __init__(self, folder: Path, more: Mapping[str, str]) -> None:
        self.folder = folder / "work"
        self.config = folder / "config"
        self.state = folder / "state"
        for each in (self.folder, self.config, self.state):
            if not each.exists():
                each.mkdir(parents=True)
        # What this process was given must not decide what a test sees; an empty variable counts as none.
        unwanted = [key for key in os.environ if key.startswith(("UD2P_", "XDG_", "PROMPT_TOOLKIT_"))]
        self.environment = {
            **dict.fromkeys([*unwanted, "NO_COLOR", "COLUMNS", "LINES"], ""),
            "HOME": str(folder),
            "UD2P_CONFIG_DIR": str(self.config),
            "UD2P_STATE_DIR": str(self.state),
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": "default",
            **more,
        }


class Piped:
    """``ud2p`` with its input from a string, and its output in files, so that nobody has to read along."""

    def __init__(self, arguments: Sequence[str], home: Home, script: str, tick: Callable[[], object]) -> None:
        self._tick = tick
        self._files = [home.folder.parent / name for name in ("stdin", "stdout", "stderr")]
        self._files[0].write_text(script, encoding="utf-8")
        with self._files[0].open("rb") as stdin, self._files[1].open("wb") as out, self._files[2].open("wb") as err:
            self.process = subprocess.Popen(
                [UD2P, *arguments],
                stdin=stdin,
                stdout=out,
                stderr=err,
                cwd=home.folder,
                env={**os.environ, **home.environment},
            )

    def wait(self, timeout_s: float = 2 * PATIENCE_S) -> int:
        """Wait until it ends; the terminals of the test are read meanwhile.

        :returns: the exit code
        """
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running:\n{self.output}\n{self.errors}"
            self._tick()
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        return self.process.returncode

    @property
    def raw(self) -> bytes:
        """Everything on standard output."""
        return self._files[1].read_bytes()

    @property
    def output(self) -> str:
        """The same as text."""
        return self.raw.decode()

    @property
    def errors(self) -> str:
        """Everything on standard error."""
        return self._files[2].read_text(encoding="utf-8")


class World:
    """What one test has running."""

    def __init__(self, folder: Path, address: str = "") -> None:
        """
        :param address: a broker that is there already
        """
        self.folder = folder
        self.address = address
        self._terminals: list[Terminal] = []
        self._piped: list[Piped] = []
        self.may_complain = False
        """Set where a test wants a fault on the screen."""

    # programs

    def broker(self, *arguments: str, port: int = 0, env: Mapping[str, str] | None = None) -> Broker:
        """Start a broker; shells of this world use it from now on."""
        return self._broker([UD2P, "serve", "--port", str(port), *arguments], env)

    def broker_with(self, limits: str) -> Broker:
        """A broker with other :class:`ud2p_server.limits.Limits` than ``ud2p serve`` has."""
        program = (
            "import asyncio; from ud2p.plugins import PluginManager; from ud2p_server.main import *\n"
            f"broker = Broker(ServeSettings(port=0), PluginManager.load(), limits=Limits({limits}), log=print)\n"
            "async def main():\n"
            "    await broker.start()\n"
            "    print(f'listening on {broker.host}:{broker.port}', flush=True)\n"
            "    await asyncio.Event().wait()\n"
            "asyncio.run(main())\n"
        )
        return self._broker([sys.executable, "-c", program], None)

    def _broker(self, command: Sequence[str], env: Mapping[str, str] | None) -> Broker:
        broker = Broker(command, self.home("broker", env))
        self._terminals.append(broker)
        self.address = broker.address
        return broker

    def shell(
        self,
        name: str = "alice",
        *arguments: str,
        theme: str = "roanda",
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (UD2P,),
    ) -> Shell:
        """Start a shell. It is not waited for: see :meth:`people`."""
        options = ["--broker", self.address, "--name", name]
        if theme != "plain":
            options += ["--theme", theme]
        arguments = (*options, *arguments)
        return self.terminal(name, arguments, theme=theme, columns=columns, rows=rows, env=env, command=command)

    def terminal(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        theme: str = "roanda",
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (UD2P,),
    ) -> Shell:
        """``ud2p`` with exactly these arguments in a terminal, for ``name``."""
        home = self.home(name, env)
        shell = Shell(name, arguments, home, theme=theme, columns=columns, rows=rows, command=command)
        self._terminals.append(shell)
        return shell

    def people(self, *names: str, theme: str = "roanda", columns: int = 80, rows: int = 24) -> list[Shell]:
        """Shells at their menus, started at once."""
        shells = [self.shell(name, theme=theme, columns=columns, rows=rows) for name in names]
        for shell in shells:
            shell.at_menu()
        return shells

    def chatting(self, inviter: str = "alice", target: str = "bob", *, theme: str = "roanda") -> tuple[Shell, Shell]:
        """Two shells in a chat with each other."""
        first, second = self.people(inviter, target, theme=theme)
        meet(first, second)
        return first, second

    def piped(self, script: str, *arguments: str, name: str = "piper", env: Mapping[str, str] | None = None) -> Piped:
        """Start ``ud2p`` on pipes."""
        piped = Piped(arguments, self.home(name, env), script, self.read_along)
        self._piped.append(piped)
        return piped

    def home(self, name: str, env: Mapping[str, str] | None = None) -> Home:
        """The folders of ``name``."""
        return Home(self.folder / name, env or {})

    # the end

    def read_along(self) -> None:
        """Read what all terminals have to say."""
        if self._terminals:
            _ = self._terminals[0].screen

    def forget(self, terminal: Terminal) -> None:
        """A program that ended as it should."""
        terminal.close()

    def close(self) -> None:
        """Kill what still runs, and look whether something went wrong unseen."""
        for piped in self._piped:
            if piped.process.poll() is None:
                piped.process.kill()
                piped.process.wait()
        for terminal in self._terminals:
            if terminal.process.isalive():
                terminal.kill(signal.SIGKILL)
        for terminal in self._terminals:
            terminal.close()
        if self.may_complain:
            return
        for terminal in self._terminals:
            text = "\n".join(terminal.screen)
            assert not any(fault in text for fault in FAULTS), terminal.picture()
        for piped in self._piped:
            assert not any(fault in piped.output + piped.errors for fault in FAULTS), piped.output + piped.errors


def meet(inviter: Shell, target: Shell) -> None:
    """``inviter`` asks, ``target`` says yes, and both are in the chat."""
    inviter.enter(f"connect {target.name}")
    target.wait_until(lambda: f"{inviter.name} w" in target.status_bar)
    target.enter("y")
    for shell in (inviter, target):
        shell.in_chat()


def quiet_port() -> int:
    """A port for TCP and UDP that is free, and that no other program is given by chance: it is no ephemeral one."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
