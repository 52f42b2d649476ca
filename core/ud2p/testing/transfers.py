"""Both ends of one file transfer, between two folders of a test."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

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
        return asyncio.create_task(self.make().send(self.links[0], self.sources, self.sending_bar))

    def receive(self) -> asyncio.Task[Receipt]:
        """Start the receiver."""
        return asyncio.create_task(self.make().receive(self.links[1], self.offer, self.into, self.receiving_bar))

    async def run(self) -> tuple[Receipt | BaseException, Receipt | BaseException]:
        """Both ends to their end, whatever that is: what the sender and the receiver came to."""
        sending, receiving = self.send(), self.receive()
        await settled(sending, receiving)
        return outcome(sending), outcome(receiving)

    def arrived(self) -> dict[str, bytes]:
        """What is in the receiver's folder."""
        return {path.name: path.read_bytes() for path in self.into.iterdir()}


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
