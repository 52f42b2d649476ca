"""Both ends of one file transfer, between two folders of a test."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ud2p.chat_files import GRACE_S
from ud2p.contracts import FileEntry, FileOffer, FileTransfer, Receipt, Source
from ud2p.sources import inspect_sources
from ud2p.testing.file_links import PairedLink, link_pair, offer_of
from ud2p.testing.progress import ProgressLog

DEADLINE_S = 30
"""After this long, a transfer hangs."""


@dataclass
class TransferEnds:
    """One transfer; ``links`` and bars may be replaced before :meth:`run`."""

    folder: Path
    content: bytes
    name: str = "Von.mp3"
    links: tuple[PairedLink, PairedLink] = field(default_factory=link_pair)
    """The sender's and the receiver's."""
    sending_bar: ProgressLog = field(default_factory=ProgressLog)
    receiving_bar: ProgressLog = field(default_factory=ProgressLog)
    make: Callable[[], FileTransfer] = field(kw_only=True)
    transfer: str = field(default="tcp", kw_only=True)
    """Its name, in the offer."""
    at_return: Callable[[str], None] = field(default=lambda who: None, kw_only=True)
    """Called with ``sender`` or ``receiver`` the moment that it gives its receipt."""
    offer: FileOffer = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.folder / "from" / self.name
        self.into = self.folder / "into"
        for folder in (self.source.parent, self.into):
            folder.mkdir(exist_ok=True)
        self.source.write_bytes(self.content)
        self.offer = offer_of(self.name, len(self.content), self.transfer)
        self.sources = [Source(self.source, FileEntry(self.name, len(self.content)))]

    def take_instead(self, *roots: Path) -> None:
        """Send these files and folders."""
        self.sources = inspect_sources(roots)
        entries = tuple(source.entry for source in self.sources)
        self.offer = FileOffer(secrets.token_hex(16), self.transfer, entries)

    def send(self) -> asyncio.Task[Receipt]:
        """Start the sender."""
        work = self.make().send(self.links[0], self.sources, self.sending_bar)
        return asyncio.create_task(self._told("sender", work))

    def receive(self) -> asyncio.Task[Receipt]:
        """Start the receiver."""
        work = self.make().receive(self.links[1], self.offer, self.into, self.receiving_bar)
        return asyncio.create_task(self._told("receiver", work))

    async def _told(self, who: str, work: Coroutine[Any, Any, Receipt]) -> Receipt:
        receipt = await work
        self.at_return(who)
        return receipt

    async def run(self) -> tuple[Receipt | BaseException, Receipt | BaseException]:
        """Both ends to their end, whatever that is: what the sender and the receiver came to."""
        sending, receiving = self.send(), self.receive()
        await settled(sending, receiving)
        return outcome(sending), outcome(receiving)

    async def run_in_a_chat(self) -> tuple[Receipt | BaseException, Receipt | BaseException]:
        """As :meth:`run`, with what the core does: whoever ends early, the other one is told, and ended if it does not
        end by itself."""
        sending, receiving = self.begin_in_a_chat()
        await settled(sending, receiving)
        return outcome(sending), outcome(receiving)

    def begin_in_a_chat(self) -> tuple[asyncio.Task[Receipt], asyncio.Task[Receipt]]:
        """Start both; see :meth:`run_in_a_chat`."""
        sending, receiving = self.send(), self.receive()
        sending.add_done_callback(lambda task: give_up(task, self.links[1], receiving))
        receiving.add_done_callback(lambda task: give_up(task, self.links[0], sending))
        return sending, receiving

    def arrived(self) -> dict[str, bytes]:
        """What is in the receiver's folder."""
        return {path.name: path.read_bytes() for path in self.into.iterdir()}


def give_up(ended: asyncio.Task[Receipt], link: PairedLink, other: asyncio.Task[Receipt]) -> None:
    """What the core does at one end when the other failed or was cancelled."""
    if ended.cancelled() or ended.exception() is not None:
        link.end()
        ended.get_loop().call_later(GRACE_S, other.cancel)


async def settled(*tasks: asyncio.Task[Receipt]) -> None:
    """Wait for the tasks to end, which they must do in time."""
    _, late = await asyncio.wait(tasks, timeout=DEADLINE_S)
    for task in late:
        task.cancel()
    assert not late, "a transfer did not end"


def outcome(task: asyncio.Task[Receipt]) -> Receipt | BaseException:
    """What a task that ended came to."""
    if task.cancelled():
        return asyncio.CancelledError()
    return task.exception() or task.result()


def cancel_and_hold(loop: asyncio.AbstractEventLoop, task: Callable[[], asyncio.Task[Receipt]]) -> None:
    """On a transfer's thread: cancel a transfer, and go on when that has got through to its thread."""
    held = threading.Event()

    def cancel() -> None:
        task().cancel()
        let_go(20)  # Turns of the loop; the cancellation passes from task to task, a turn each.

    def let_go(turns: int) -> None:
        if turns:
            loop.call_soon(let_go, turns - 1)
        else:
            held.set()

    loop.call_soon_threadsafe(cancel)
    held.wait(20)


def cancelling(task: Callable[[], asyncio.Task[Receipt]]) -> Callable[[], None]:
    """For a progress to call: cancels a task once, and lets that get through before the transfer goes on."""
    loop, of_loop, done = asyncio.get_running_loop(), threading.get_ident(), threading.Event()

    def cancel() -> None:
        if done.is_set():
            return
        done.set()
        if threading.get_ident() == of_loop:
            task().cancel()
        else:
            cancel_and_hold(loop, task)

    return cancel


def tree(folder: Path) -> dict[str, bytes | str | None]:
    """Everything in a folder: the bytes of files, where links lead, None for folders."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = None if path.is_dir() else path.read_bytes()
    return found
