"""The suite of file transfers notices what breaks the contract."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.inner_runs import failures

from ud2p import FileLink, FileOffer, FileTransfer, FileTransferInfo, Progress, Receipt, Source, TransferFailed
from ud2p.testing import FileTransferConformance

pytest_plugins = ["pytester"]

AT_ONCE = 16 * 1024


class Whisper:
    """A good one, for one small file at a time: all of it through the chat. Others override where it goes wrong."""

    async def send(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
        """See :class:`ud2p.FileTransfer`."""
        if len(sources) != 1 or sources[0].entry.is_folder:
            raise TransferFailed("whisper sends one file at a time; name one")
        source = sources[0]
        try:
            data = source.path.read_bytes()
        except OSError as error:
            raise TransferFailed(f"{source.name} can't be read ({error.strerror}); look where it is") from error
        self.check(source, data)
        progress.start(len(data))
        try:
            for start in range(0, len(data), AT_ONCE):
                await link.control(data[start : start + AT_ONCE])
                progress.advance(len(data[start : start + AT_ONCE]))
                await asyncio.sleep(0)
            if not await self.is_published(link):
                raise TransferFailed("the receiver went away; send it again")
            return Receipt(source.name, source.path, len(data), 0.1, "through the chat")
        finally:
            progress.finish()

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        """See :class:`ud2p.FileTransfer`."""
        part, path = into / f"{offer.name}.part", into / offer.name
        try:
            file = part.open("xb")
        except OSError as error:
            raise TransferFailed(f"it can't be written there ({error.strerror}); choose another folder") from error
        try:
            with file:
                await self.write(link, offer, file, progress)
            self.publish(part, path)
        finally:
            self.clean_up(part)
        await link.control(b"done")
        return Receipt(path.name, path, offer.size_bytes, 0.1, "through the chat")

    async def write(self, link: FileLink, offer: FileOffer, file: Any, progress: Progress) -> None:
        """Everything that comes, into the file."""
        heard, size = link.controls(), 0
        progress.start(offer.size_bytes)
        try:
            while size < offer.size_bytes:
                part = await anext(heard, b"")
                if not part:
                    raise TransferFailed("the file did not arrive whole; send it again")
                file.write(part)
                size += len(part)
                progress.advance(len(part))
        finally:
            progress.finish()

    async def is_published(self, link: FileLink) -> bool:
        """Wait for the receiver's word."""
        return await anext(link.controls(), b"") == b"done"

    def check(self, source: Source, data: bytes) -> None:
        """Whether it is still what was offered."""
        if len(data) != source.size_bytes:
            raise TransferFailed(f"{source.name} changed after it was offered; send it again")

    def publish(self, part: Path, path: Path) -> None:
        """Give it its name."""
        try:
            os.link(part, path)
        except OSError as error:
            raise TransferFailed(f"{path.name} is there already; choose another folder") from error

    def clean_up(self, part: Path) -> None:
        """Leave nothing behind."""
        part.unlink(missing_ok=True)


class ReturnsTooSoon(Whisper):
    """Takes what was sent for what has arrived."""

    async def is_published(self, link: FileLink) -> bool:
        return True


class SaysSoFirst(Whisper):
    """Tells the sender, and publishes then."""

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        hidden = into.parent / "hidden"
        hidden.mkdir()
        receipt = await super().receive(link, offer, hidden, progress)
        await asyncio.sleep(0.05)
        (hidden / offer.name).rename(into / offer.name)
        return Receipt(receipt.name, into / offer.name, receipt.size_bytes, 0.1, "through the chat")


class LeavesParts(Whisper):
    def clean_up(self, part: Path) -> None:
        pass


class Overwrites(Whisper):
    def publish(self, part: Path, path: Path) -> None:
        os.replace(part, path)


class FollowsLinks(Whisper):
    def publish(self, part: Path, path: Path) -> None:
        if path.is_file() and not path.is_symlink():
            raise TransferFailed(f"{path.name} is there already; choose another folder")
        path.write_bytes(part.read_bytes())


class SendsWhatIsThere(Whisper):
    """Whatever was offered."""

    def check(self, source: Source, data: bytes) -> None:
        pass


class TakesLess(Whisper):
    """What ends early is whole enough."""

    async def write(self, link: FileLink, offer: FileOffer, file: Any, progress: Progress) -> None:
        with contextlib.suppress(TransferFailed):
            await super().write(link, offer, file, progress)


class IsNotCancelled(Whisper):
    """Goes on, whatever it is told."""

    async def send(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
        return await self._go_on(super().send(link, sources, progress))

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        return await self._go_on(super().receive(link, offer, into, progress))

    async def _go_on(self, work: Any) -> Receipt:
        task: asyncio.Task[Receipt] = asyncio.ensure_future(work)
        while True:
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if task.cancelled():
                    raise


class RaisesAnything(Whisper):
    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        try:
            return await super().receive(link, offer, into, progress)
        except TransferFailed as error:
            raise RuntimeError(error) from error


class NeverFinishes(Whisper):
    """A progress bar that stays on the screen."""

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        progress.finish = lambda: None  # type: ignore[method-assign]
        return await super().receive(link, offer, into, progress)


class CountsTwice(Whisper):
    async def write(self, link: FileLink, offer: FileOffer, file: Any, progress: Progress) -> None:
        await super().write(link, offer, file, progress)
        progress.advance(offer.size_bytes)


class TellsAnotherPlace(Whisper):
    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        receipt = await super().receive(link, offer, into, progress)
        return Receipt(receipt.name, into, receipt.size_bytes, 0.1, "through the chat")


class TakesTheFirst(Whisper):
    """Of several."""

    async def send(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
        file = next(source for source in sources if not source.entry.is_folder)
        return await super().send(link, [file], progress)

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        (into / "something").write_bytes(b"?")
        return await super().receive(link, offer, into, progress)


def info(make: type[FileTransfer]) -> FileTransferInfo:
    return FileTransferInfo("broken", make, "broken")


@pytest.mark.parametrize(
    ("make", "test"),
    [
        (ReturnsTooSoon, "test_who_sends_waits_for_a_receiver_that_is_late"),
        (SaysSoFirst, "test_it_is_there_when_an_end_says_so"),
        (LeavesParts, "test_every_byte_arrives"),
        (LeavesParts, "test_who_is_cancelled_ends_both"),
        (Overwrites, "test_nothing_that_is_there_is_touched"),
        (Overwrites, "test_nothing_that_appears_meanwhile_is_touched"),
        (FollowsLinks, "test_nothing_that_is_there_is_touched"),
        (SendsWhatIsThere, "test_a_source_that_changed_is_not_sent"),
        (TakesLess, "test_who_is_cancelled_ends_both"),
        (TakesLess, "test_a_chat_that_ends_leaves_the_whole_file_or_nothing"),
        (IsNotCancelled, "test_who_is_cancelled_ends_both"),
        (RaisesAnything, "test_a_folder_that_can_not_be_written_is_told"),
        (NeverFinishes, "test_every_byte_arrives"),
        (NeverFinishes, "test_who_is_cancelled_ends_both"),
        (CountsTwice, "test_every_byte_arrives"),
        (TellsAnotherPlace, "test_every_byte_arrives"),
        (TakesTheFirst, "test_folders_and_several_files"),
    ],
)
def test_a_file_transfer_that_breaks_its_contract_fails(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, make: type[FileTransfer], test: str
) -> None:
    monkeypatch.setattr("ud2p.testing.transfers.DEADLINE_S", 2)
    assert failures(pytester, FileTransferConformance, info(make), only=test) == {test}


def test_one_that_says_that_it_sends_many_has_to(pytester: pytest.Pytester) -> None:
    test = "test_folders_and_several_files"
    assert failures(pytester, FileTransferConformance, info(Whisper), only=test, sends_many=True) == {test}


def test_a_good_one_passes_in_asyncios_strict_mode(pytester: pytest.Pytester) -> None:
    assert failures(pytester, FileTransferConformance, info(Whisper)) == set()
