"""The installed ``ud2p`` as people meet it: brokers and shells in terminals of their own, and on pipes.

A :class:`World` belongs to one test. Each program in it has its own settings, state and working folder; what is still
running at the end is killed, and nothing that ran may have shown a traceback or a warning of Python's.
"""

from __future__ import annotations

import random
import re
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.e2e.home import UD2P, Home, python_path
from tests.e2e.piped import Piped
from tests.e2e.shell import Shell
from tests.support.identities import identity_of
from tests.support.terminal import Terminal

from ud2p.identity import save_identity
from ud2p.known_brokers import KnownBroker, KnownBrokers, Vouched
from ud2p.protocol.messages import NAME_PATTERN

FAULTS = ("Traceback", "Warning:", "internal error")


class Broker(Terminal):
    """``ud2p serve`` in a terminal."""

    def __init__(self, command: Sequence[str], home: Home) -> None:
        super().__init__(command, env=home.environment, cwd=home.folder)
        self.wait_for(re.compile(r"Its key: SHA256:\S{43}|plain text"))
        found = re.search(r"listening on (\S+):(\d+)", "\n".join(self.screen))
        assert found is not None
        self.port = int(found.group(2))
        key = re.search(r"Its key: (SHA256:\S+)", "\n".join(self.screen))
        self.key = key.group(1) if key else ""
        self.address = f"{found.group(1)}:{self.port}"


class World:
    """What one test has running."""

    def __init__(self, folder: Path, address: str = "") -> None:
        """
        :param address: a broker that is there already
        """
        self.folder = folder
        self.address = address
        self.key = ""
        """The fingerprint of the broker's; everybody has met it before, unless this is empty."""
        self._terminals: list[Terminal] = []
        self._piped: list[Piped] = []
        self.may_complain = False
        """Set where a test wants a fault on the screen."""

    # programs

    def broker(
        self,
        *arguments: str,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (UD2P,),
    ) -> Broker:
        """Start a broker; shells of this world use it from now on."""
        return self._broker([*command, "serve", "--port", str(port), *arguments], env)

    def broker_with(self, limits: str) -> Broker:
        """A broker with other :class:`ud2p_server.limits.Limits` than ``ud2p serve`` has."""
        program = (
            "import asyncio; from ud2p.plugins import PluginManager; from ud2p_server.main import *\n"
            f"broker = Broker(ServeSettings(port=0), PluginManager.load(), limits=Limits({limits}), log=print)\n"
            "async def main():\n"
            "    await broker.start()\n"
            "    print(f'listening on {broker.host}:{broker.port}\\nIts key: {broker.fingerprint}', flush=True)\n"
            "    await asyncio.Event().wait()\n"
            "asyncio.run(main())\n"
        )
        return self._broker([sys.executable, "-c", program], None)

    def malicious_broker(self, trick: str) -> Broker:
        """A broker that does one of :data:`tests.support.tricks.TRICKS`."""
        command = [sys.executable, "-m", "tests.support.malicious_broker", trick]
        return self._broker(command, python_path(Path(__file__).parents[2]))

    def _broker(self, command: Sequence[str], env: Mapping[str, str] | None) -> Broker:
        broker = Broker(command, self.home("broker", env))
        self._terminals.append(broker)
        self.address, self.key = broker.address, broker.key
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
        home = self._home_for(name, arguments, env)
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
        piped = Piped(arguments, self._home_for(name, arguments, env), script, self.read_along)
        self._piped.append(piped)
        return piped

    def home(self, name: str, env: Mapping[str, str] | None = None) -> Home:
        """The folders of ``name``, who has met the broker before."""
        home = Home(self.folder / name, env or {})
        self._give_identity(home, name)
        if self.key:
            KnownBrokers(home.state / "known_brokers").remember(self.address, KnownBroker(Vouched.PINNED, self.key))
        return home

    def _give_identity(self, home: Home, name: str) -> None:
        """The one that belongs to a name is the same in every test, for a broker outlives some."""
        if re.match(NAME_PATTERN, name):
            save_identity(identity_of(name), home.state / "identities" / name.casefold())

    def _home_for(self, name: str, arguments: Sequence[str], env: Mapping[str, str] | None) -> Home:
        home = self.home(name, env)
        if "--name" in arguments:
            self._give_identity(home, arguments[arguments.index("--name") + 1])
        return home

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
