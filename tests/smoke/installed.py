"""The installed wheel at work: run it with the python of a fresh venv that holds ud2p and nothing for development.

    build/smoke-venv/bin/python -I tests/smoke/installed.py

It looks at the version and the plugins, lets two clients chat and pass a file through a broker process, and plays
``ud2p demo`` through plain pipes. Every wait has a deadline, every port is free, every file is in a temporary folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import IO, TypeVar

import ud2p
from ud2p.identity import Identity

UD2P = str(Path(sys.executable).with_name("ud2p"))
WAIT_S = 60.0
MESSAGE = "sho ✓ 你好 👋"
FILE_BYTES = 3_000_001

T = TypeVar("T")


def main() -> None:
    """Run every check; the first one that fails ends it with a traceback."""
    with tempfile.TemporaryDirectory(prefix="ud2p-smoke-") as name:
        folder = Path(name)
        file = folder / "Von.bin"
        file.write_bytes(os.urandom(FILE_BYTES))
        check_version()
        check_plugins(folder)
        check_library(folder, file)
        check_demo(folder, file)
    print(f"the installed ud2p {ud2p.__version__} works")


def check_version() -> None:
    """The package comes from this venv, and everybody names the same version."""
    assert Path(ud2p.__file__).is_relative_to(sys.prefix), f"{ud2p.__file__} is not what was installed"
    printed = subprocess.run([UD2P, "--version"], capture_output=True, text=True, timeout=WAIT_S, check=True).stdout
    assert printed.split() == ["ud2p", version("ud2p")] == ["ud2p", ud2p.__version__], printed


def check_plugins(folder: Path) -> None:
    """Every built-in plugin is found, loads, and brings something."""
    listing = subprocess.run(
        [UD2P, "plugins", "--json"],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
        env=environment(folder),
    )
    assert not listing.stderr, listing.stderr
    plugins = json.loads(listing.stdout)
    assert {plugin["name"] for plugin in plugins} == {point.name for point in entry_points(group="ud2p")}, plugins
    assert all(plugin["state"] == "on" and plugin["registers"] for plugin in plugins), plugins


def check_library(folder: Path, file: Path) -> None:
    """Two clients chat and pass a file, introduced by a broker in a process of its own; it ends when told to."""
    with program(folder, "serve", "--port", "0") as (broker, screen):
        address = screen.wait_for(r"listening on (\S+:\d+)").group(1)
        asyncio.run(asyncio.wait_for(chat_and_send(address, file, folder), WAIT_S))
        broker.send_signal(signal.SIGTERM)
        assert broker.wait(WAIT_S) == 0, screen.text


def client(name: str, broker: str) -> ud2p.Client:
    """Somebody of their own."""
    return ud2p.Client(name, broker, identity=Identity.generate())


async def chat_and_send(broker: str, file: Path, folder: Path) -> None:
    """Alice invites bob, both say something, and she sends him the file."""
    into = folder / "bob"
    into.mkdir()
    async with client("alice", broker) as alice, client("bob", broker) as bob:
        events = bob.events()
        inviting = asyncio.create_task(alice.invite("bob"))
        invited = await next_event(events, ud2p.Invited)
        bobs_chat = await bob.answer(invited.invitation, accept=True)
        assert bobs_chat is not None
        chat = await inviting
        await chat.post(MESSAGE).delivered()
        assert (await next_event(events, ud2p.MessageReceived)).text == MESSAGE
        answers = alice.events()
        await bobs_chat.post(MESSAGE).delivered()
        assert (await next_event(answers, ud2p.MessageReceived)).text == MESSAGE
        sending = asyncio.create_task(chat.send_file(file))
        offered = await next_event(events, ud2p.FileOffered)
        received = await bobs_chat.accept_file(offered.offer, into)
        sent = await sending
        assert sent.size_bytes == received.size_bytes == FILE_BYTES
        assert (into / file.name).read_bytes() == file.read_bytes()
        await chat.leave()
        await next_event(events, ud2p.ChatEnded)


async def next_event(events: AsyncIterator[ud2p.ClientEvent], kind: type[T]) -> T:
    """The next event of that kind."""
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the client was closed before {kind.__name__}")


def check_demo(folder: Path, file: Path) -> None:
    """A newcomer lists, connects, chats, sends a file, gets it back and leaves."""
    downloads = folder / "downloads"
    downloads.mkdir()
    with program(folder, "demo", "--theme", "roanda", "--downloads", str(downloads)) as (demo, screen):
        screen.wait_for(r"Connected to server")
        screen.type("list")
        screen.wait_for(r"echo +Online")
        screen.type("connect echo")
        screen.wait_for(r"Connected to echo!")
        screen.type(MESSAGE)
        screen.wait_for(rf"{MESSAGE} < echo")
        screen.type(f"sendf {file}")
        screen.wait_for(r"File sent ✓", r"echo wants to send Von\.bin")
        screen.type("y")
        screen.wait_for(r"File received ✓")
        screen.type("X")
        screen.wait_for(r"<<Online>>")
        screen.type("exit")
        assert demo.wait(WAIT_S) == 0, screen.text
        assert "Traceback" not in screen.text, screen.text
    assert (downloads / file.name).read_bytes() == file.read_bytes()


class Screen:
    """What a program prints and reads through plain pipes."""

    def __init__(self, output: IO[str], keyboard: IO[str]) -> None:
        self.text = ""
        self._keyboard = keyboard
        self._seen = 0
        self._changed = threading.Condition()
        self._is_over = False
        self.reader = threading.Thread(target=self._read, args=(output,), daemon=True)
        self.reader.start()

    def _read(self, output: IO[str]) -> None:
        while True:
            text = output.read(1)
            with self._changed:
                self.text += text
                self._is_over = not text
                self._changed.notify_all()
            if not text:
                return

    def wait_for(self, *patterns: str) -> re.Match[str]:
        """Wait until all came, in any order, behind what was waited for before.

        Fails when the program ends or the time is over.

        :returns: the match of the last pattern
        """

        def found() -> list[re.Match[str]]:
            matches = [re.compile(pattern).search(self.text, self._seen) for pattern in patterns]
            return [match for match in matches if match is not None]

        with self._changed:
            self._changed.wait_for(lambda: self._is_over or len(found()) == len(patterns), WAIT_S)
            matches = found()
            assert len(matches) == len(patterns), f"{patterns} never came; there was:\n{self.text}"
            self._seen = max(match.end() for match in matches)
        return matches[-1]

    def type(self, line: str) -> None:
        """Give the program a line."""
        self._keyboard.write(f"{line}\n")
        self._keyboard.flush()


@contextmanager
def program(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], Screen]]:
    """A running ``ud2p``, which does not outlive the context."""
    with subprocess.Popen(
        [UD2P, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment(folder),
        cwd=folder,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        screen = Screen(process.stdout, process.stdin)
        try:
            yield process, screen
        finally:
            process.kill()
            screen.reader.join(WAIT_S)


def environment(folder: Path) -> dict[str, str]:
    """The caller's environment, without its settings of ud2p and of Python, and with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UD2P_", "XDG_", "PYTHON"))}
    return kept | {"HOME": str(folder), "PYTHONUTF8": "1"}


if __name__ == "__main__":
    main()
