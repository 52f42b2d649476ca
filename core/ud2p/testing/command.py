"""What every command must do, whoever made it: subclass :class:`CommandConformance` and set ``info``.

The command runs on the main thread, its client on another, as in the shell; the broker and the peer are real.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from ud2p.chat import Chat
from ud2p.client import Client
from ud2p.contracts import CommandContext, CommandInfo
from ud2p.errors import UD2PError
from ud2p.plugins import PluginManager
from ud2p.testing.broker import a_broker
from ud2p.testing.extra import pytest
from ud2p.testing.loop_thread import LoopThread
from ud2p.testing.people import Pair, a_person, introduce
from ud2p.text import gate

T = TypeVar("T")
TYPED = (
    "",
    " ",
    "help",
    "0",
    "-1",
    "1e400",
    "9" * 5000,
    "--version",
    "two words",
    "'",
    '"unbalanced',
    "\\",
    "\t\x0b\x00",
    "\x1b[2J\x1b]52;c;aGk=\x07",
    "\u202etxt.exe",
    "\ud800",
    "中文字 👩‍👩‍👧 e\u0301",
    "../../etc/passwd",
    "{0} %s %n {context}",
    "²③",
    "x" * 10_000,
)
"""What people type, what they paste, and what was never meant for a command."""


class RecordingContext:
    """A :class:`ud2p.CommandContext`, which remembers what was said."""

    def __init__(self, client: Client, chat: Chat | None, loop: LoopThread) -> None:
        self._client = client
        self._chat = chat
        self._loop = loop
        self.said: list[str] = []

    @property
    def client(self) -> Client:
        """See :class:`ud2p.CommandContext`."""
        return self._client

    @property
    def chat(self) -> Chat | None:
        """See :class:`ud2p.CommandContext`."""
        return self._chat

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """See :class:`ud2p.CommandContext`."""
        return self._loop.run(work)

    def say(self, text: str) -> None:
        """See :class:`ud2p.CommandContext`."""
        assert threading.current_thread() is threading.main_thread(), "say is for the main thread"
        assert isinstance(text, str), "what is said is text"
        self.said.append(gate(text, multiline=True))


class CommandConformance:
    """The promises of :class:`ud2p.CommandInfo`."""

    info: CommandInfo
    """What the plugin registers."""
    typed: tuple[str, ...] = TYPED
    """What is typed behind the command's word."""

    @pytest.fixture
    def loop(self) -> Iterator[LoopThread]:
        """Where the client lives."""
        with LoopThread() as loop:
            yield loop

    @pytest.fixture
    def pair(self, ud2p_folders: Path, loop: LoopThread) -> Iterator[Pair]:
        """Alice, who types the command, and bob, in a chat."""
        stack = AsyncExitStack()

        async def begin() -> Pair:
            plugins = PluginManager.load(safe_mode=True)
            broker = await stack.enter_async_context(a_broker(plugins))
            people = [await stack.enter_async_context(a_person(n, broker, plugins=plugins)) for n in ("alice", "bob")]
            await introduce(people[0], people[1])
            return Pair(*people)

        try:
            yield loop.run(begin())
        finally:
            loop.run(stack.aclose())

    def test_the_info_can_be_registered(self) -> None:
        assert re.fullmatch(r"[a-z0-9]{1,32}", self.info.name), "a command is one word of lower-case letters and digits"
        assert callable(self.info.run)

    def test_help_has_a_line_for_it(self) -> None:
        assert self.info.summary, "help lists it with its summary"
        assert gate(self.info.summary) == self.info.summary
        assert len(self.info.summary) <= 200

    def test_in_the_menu_anything_may_be_typed(self, pair: Pair, loop: LoopThread) -> None:
        for text in self.typed:
            self.run(RecordingContext(pair.alice.client, None, loop), text)

    def test_in_a_chat_anything_may_be_typed(self, pair: Pair, loop: LoopThread) -> None:
        for text in self.typed:
            self.run(RecordingContext(pair.alice.client, pair.alice.chat, loop), text)

    def test_in_a_chat_that_is_over_anything_may_be_typed(self, pair: Pair, loop: LoopThread) -> None:
        """The peer may leave while the command is typed."""
        loop.run(pair.alice.chat.leave())
        for text in self.typed[:5]:
            self.run(RecordingContext(pair.alice.client, pair.alice.chat, loop), text)

    def run(self, context: CommandContext, text: str) -> None:
        """Run the command as the shell does: it returns, or raises one sentence for its user."""
        sentence, answer = None, None
        try:
            answer = self._run(context, text)
        except UD2PError as error:
            sentence = str(error)
        assert answer is None, f"for {text[:40]!r} it returned {answer!r}; nobody would see it"
        assert sentence != "", f"for {text[:40]!r} it raised an error that says nothing"
        assert "\n" not in (sentence or ""), f"for {text[:40]!r} it raised more than a sentence: {sentence!r}"

    def _run(self, context: CommandContext, text: str) -> object:
        run: Callable[[CommandContext, str], object] = self.info.run
        return run(context, text)
