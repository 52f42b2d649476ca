"""The files on their way: in a terminal they travel while the user types on, on pipes a command waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ud2p import screen
from ud2p.contracts.files import label_of
from ud2p.errors import UD2PError
from ud2p.sources import inspect_sources
from ud2p_shell.announcing import Announcing
from ud2p_shell.file_screens import file_or_files

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.contracts import FileOffer, Progress, Receipt
    from ud2p_shell.desk import Desk


class Transfers:
    """Starts transfers and shows what became of those that failed (the client tells of the others). For the main
    thread."""

    def __init__(self, desk: Desk, bar: Callable[[str], Progress], *, wait_for_each: bool) -> None:
        """
        :param bar: makes a progress bar with a title
        :param wait_for_each: whether a command waits for its transfer
        """
        self._desk = desk
        self._bar = bar
        self._wait_for_each = wait_for_each
        self._running: dict[asyncio.Future[None], Chat] = {}

    def is_running(self, chat: Chat) -> bool:
        """Whether a file of ``chat`` is on its way."""
        return chat in self._running.values()

    def send(self, chat: Chat, paths: Sequence[Path]) -> None:
        """Offer files and folders, and send them when they are accepted."""
        try:
            sources = inspect_sources(paths)
        except UD2PError as error:
            names = [path.name or str(path) for path in paths]
            self._desk.stage.show(screen.FileFailed(label_of(names), str(error), True))
            return
        name = label_of([source.name for source in sources if source.entry.is_root])
        self._desk.stage.show(screen.FileWaiting(chat.peer, name))
        sending = screen.FileSending(chat.peer, name, sum(source.size_bytes for source in sources))
        title = f"Sending {file_or_files(len(sources))} to {chat.peer}..."
        bar = Announcing(self._bar(title), lambda: self._show(sending), self._say, self._through(sent=True))
        self._start(chat, chat.send_sources(sources, bar), name, sent=True)

    def receive(self, chat: Chat, offer: FileOffer, into: Path) -> None:
        """Receive what was offered."""
        self._desk.stage.show(screen.FileReceiving(chat.peer, offer.name, offer.size_bytes))
        title = f"Receiving {file_or_files(len(offer.entries))} from {chat.peer}..."
        bar = Announcing(self._bar(title), lambda: None, self._say, self._through(sent=False))
        self._start(chat, chat.accept_file(offer, into, bar), offer.name, sent=False)

    def cancel(self, chat: Chat) -> None:
        """End what is on its way in ``chat``; both ends say so."""
        for task, its_chat in self._running.items():
            if its_chat is chat:
                self._desk.loop.call_soon(task.cancel)

    def wait(self, chat: Chat) -> None:
        """Wait until nothing of ``chat`` is on its way."""
        self._desk.main.wait_until(lambda: not self.is_running(chat))

    def _start(self, chat: Chat, work: Coroutine[Any, Any, Receipt], name: str, *, sent: bool) -> None:
        task: asyncio.Future[None] = self._desk.wait(self._launch(work, name, sent=sent))
        if not task.done():  # what failed at once may have been finished while this waited
            self._running[task] = chat
        if not self._wait_for_each:
            return
        try:
            self._desk.main.wait_until(lambda: task not in self._running)
        except KeyboardInterrupt:
            self._desk.loop.call_soon(task.cancel)
            self._desk.main.wait_until(lambda: task not in self._running)

    async def _launch(self, work: Coroutine[Any, Any, Receipt], name: str, *, sent: bool) -> asyncio.Future[None]:
        """On the loop thread."""
        task = asyncio.ensure_future(self._run(work, name, sent=sent))
        task.add_done_callback(lambda done: self._desk.main.post(lambda: self._finish(done)))
        return task

    async def _run(self, work: Coroutine[Any, Any, Receipt], name: str, *, sent: bool) -> None:
        try:
            await work
        except asyncio.CancelledError:
            self._fail(name, "you cancelled it", sent=sent)
        except UD2PError as error:
            self._fail(name, str(error), sent=sent)

    def _fail(self, name: str, reason: str, *, sent: bool) -> None:
        self._show(screen.FileFailed(name, reason, sent))

    def _say(self, text: str) -> None:
        self._show(screen.Notice(text))

    def _through(self, *, sent: bool) -> Callable[[list[str]], None]:
        return lambda paths: self._show(screen.FilesThrough(tuple(paths), sent))

    def _show(self, event: screen.ScreenEvent) -> None:
        """From any thread."""
        self._desk.main.post(lambda: self._desk.stage.show(event))

    def _finish(self, task: asyncio.Future[None]) -> None:
        self._running.pop(task, None)
