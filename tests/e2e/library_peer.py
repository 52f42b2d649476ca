"""Somebody who uses the library instead of the shell, on an event loop in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from tests.e2e.world import World
from tests.support.identities import identity_of
from tests.support.terminal import PATIENCE_S

from ud2p import Chat, Client
from ud2p.events import ClientEvent
from ud2p.protocol.controls import Control

T = TypeVar("T")


class LibraryPeer:
    """A client of the world's broker. A context manager; all methods are for the test's thread."""

    def __init__(self, world: World, name: str, **options: Any) -> None:
        self._world = world
        self._name = name
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._friends: list[Client] = []
        self._told: list[ClientEvent] = []
        self._seen = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.client = self.do(self._connect())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.do(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the loop and wait for it; the terminals of the test are read meanwhile."""
        return self.wait(self.start(work))

    def start(self, work: Coroutine[Any, Any, T]) -> Doing[T]:
        """Begin ``work``."""
        return Doing(work, self._loop)

    def wait(self, doing: Doing[T]) -> T:
        """Wait for what was begun."""
        self._wait_until(doing.done.is_set)
        return doing.result()

    def run(self, call: Callable[[], T]) -> T:
        """Run ``call`` on the loop's thread."""

        async def work() -> T:
            return call()

        return self.do(work())

    def hears(self, kind: type[T], where: Callable[[T], bool] = lambda _: True) -> T:
        """The next event of a kind; those before it are passed over."""
        found: list[T] = []

        def look() -> bool:
            while not found and self._seen < len(self._told):
                event = self._told[self._seen]
                self._seen += 1
                if isinstance(event, kind) and where(event):
                    found.append(event)
            return bool(found)

        self._wait_until(look)
        return found[0]

    @property
    def chat(self) -> Chat:
        """The oldest chat; waited for."""
        self._wait_until(lambda: bool(self.run(lambda: self.client.chats)))
        return self.run(lambda: self.client.chats[0])

    def says(self, text: str) -> None:
        """Post a message in the only chat, and wait until it was delivered."""
        chat = self.chat

        async def work() -> None:
            await chat.post(text).delivered()

        self.do(work())

    def brings(self, names: Iterable[str]) -> None:
        """Connect more clients, that only stand around."""
        plugins, address = self.client.plugins, self._world.address
        self._friends = [Client(name, address, plugins=plugins, identity=identity_of(name)) for name in names]

        async def work() -> None:
            for friend in self._friends:
                await friend.connect()

        self.do(work())

    def sends_control(self, control: Control) -> None:
        """Tell the peer's program something that the library itself would not say."""
        chat = self.chat
        self.run(lambda: chat.send_control(control))

    def _run(self) -> None:
        """What the thread does."""
        self._loop.run_forever()

    async def _connect(self) -> Client:
        client = Client(self._name, self._world.address, **{"identity": identity_of(self._name), **self._options})
        await client.connect()
        self._listening = asyncio.ensure_future(self._listen(client))
        return client

    async def _listen(self, client: Client) -> None:
        async for event in client.events():
            self._told.append(event)

    async def _leave(self) -> None:
        for client in (*self._friends, self.client):
            await client.close()
        await self._listening

    def _wait_until(self, is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        pause = threading.Event()
        while not is_true():
            assert time.monotonic() < deadline, f"not in {PATIENCE_S} s; {self._name} was told {self._told}"
            self._world.read_along()
            pause.wait(0.005)


class Doing(Generic[T]):
    """Work that runs on a loop in another thread."""

    def __init__(self, work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> None:
        self.done = threading.Event()
        self._task: asyncio.Task[T] | None = None
        loop.call_soon_threadsafe(self._start, work)

    def _start(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.ensure_future(work)
        self._task.add_done_callback(lambda _: self.done.set())

    def result(self) -> T:
        """What it returned; what it raised is raised."""
        assert self._task is not None
        return self._task.result()
