"""What every file transfer must do, whoever made it: subclass :class:`FileTransferConformance` and set ``info``.

Two ends in one process, with real keys, files and connections; what belongs to the chat (the offer, telling the other
end of a failure) is done as the core does it.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from ud2p.chat_files import GRACE_S
from ud2p.contracts import FileTransfer, FileTransferInfo, Receipt
from ud2p.errors import TransferFailed
from ud2p.plugins import PluginManager
from ud2p.testing.extra import asyncio_test, pytest
from ud2p.testing.file_links import cut, link_pair
from ud2p.testing.file_transfer_rules import (
    assert_nothing_else_changed,
    assert_progress_of,
    assert_receipts,
    assert_said_why,
    failed,
)
from ud2p.testing.transfers import TransferEnds, cancelling, outcome, settled, tree

SIZES = (0, 1, 2**20 - 1, 2**20, 2**20 + 1, 5_000_003)
SEVERAL_MIB = 8 << 20
WAYS_TO_BE_THERE = ("a file", "a folder", "a link that leads nowhere", "a link to a file", "somebody's part")


class FileTransferConformance:
    """The promises of :class:`ud2p.FileTransfer` and :class:`ud2p.FileTransferInfo`."""

    info: FileTransferInfo
    """What the plugin registers."""
    sends_many: bool | None = None
    """Whether it carries folders and several files; False is one that has to refuse them with a sentence, None leaves
    that to the file transfer."""

    def make(self) -> FileTransfer:
        """A file transfer for one end."""
        return self.info.make()

    def ends(self, folder: Path, content: bytes, name: str = "Von.mp3") -> TransferEnds:
        """Both ends of one transfer, in a new folder."""
        folder.mkdir(exist_ok=True)
        return TransferEnds(folder, content, name, make=self.make, transfer=self.info.name)

    def test_the_info_can_be_registered(self) -> None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.info.name)
        assert self.info.summary
        assert list(self.info.discard()) is not None

    @asyncio_test
    @pytest.mark.parametrize("size", SIZES)
    async def test_every_byte_arrives(self, tmp_path: Path, size: int) -> None:
        ends = self.ends(tmp_path, os.urandom(size))
        sent, received = await ends.run_in_a_chat()
        assert_receipts(ends, sent, received)
        assert tree(ends.into) == {"Von.mp3": ends.content}
        assert ends.source.read_bytes() == ends.content
        for bar in (ends.sending_bar, ends.receiving_bar):
            assert_progress_of(bar, size)
            assert bar.paths == [], "a file that is alone is told of by the receipt"

    @asyncio_test
    async def test_it_is_there_when_an_end_says_so(self, tmp_path: Path) -> None:
        """A receipt is given once the file has its name, whole: never before."""
        ends = self.ends(tmp_path, os.urandom(3_000_001))
        there: dict[str, object] = {}
        ends.at_return = lambda who: there.update({who: tree(ends.into)})
        assert_receipts(ends, *await ends.run_in_a_chat())
        for who in ("sender", "receiver"):
            assert there[who] == {"Von.mp3": ends.content}, f"the {who} said that it was done before it was"

    @asyncio_test
    async def test_who_sends_waits_for_a_receiver_that_is_late(self, tmp_path: Path) -> None:
        """Everything is sent is not everything has arrived."""
        ends = self.ends(tmp_path, b"a small one")
        sending = ends.send()
        for _ in range(200):
            await asyncio.sleep(0)
        assert not sending.done(), "the sender was done before the receiver began"
        receiving = ends.receive()
        await settled(sending, receiving)
        assert_receipts(ends, outcome(sending), outcome(receiving))

    @asyncio_test
    @pytest.mark.parametrize("name", [".hidden", "-rf", "two (1).tar.gz", "中文 é 🙂.txt", "x.part", "%s"])
    async def test_every_name_that_may_be_offered(self, tmp_path: Path, name: str) -> None:
        ends = self.ends(tmp_path, b"named", name)
        assert_receipts(ends, *await ends.run_in_a_chat())
        assert tree(ends.into) == {name: b"named"}

    @asyncio_test
    async def test_under_every_cipher(self, tmp_path: Path) -> None:
        for cipher in PluginManager.load(safe_mode=True).offered_ciphers():
            ends = self.ends(tmp_path / cipher.name, os.urandom(300_000))
            ends.links = link_pair(cipher)
            assert_receipts(ends, *await ends.run_in_a_chat())
            assert tree(ends.into) == {"Von.mp3": ends.content}

    @asyncio_test
    async def test_two_at_once_do_not_meet(self, tmp_path: Path) -> None:
        transfers = [self.ends(tmp_path / name, os.urandom(1_500_000)) for name in ("one", "two")]
        tasks = [ends.begin_in_a_chat() for ends in transfers]
        for ends, (sending, receiving) in zip(transfers, tasks, strict=True):
            await settled(sending, receiving)
            assert_receipts(ends, outcome(sending), outcome(receiving))
            assert tree(ends.into) == {"Von.mp3": ends.content}

    @asyncio_test
    @pytest.mark.parametrize("what", WAYS_TO_BE_THERE)
    async def test_nothing_that_is_there_is_touched(self, tmp_path: Path, what: str) -> None:
        """It takes another name, or fails; either way what was there is as it was."""
        ends = self.ends(tmp_path, b"new" * 1000)
        self._put(ends, what)
        await self._leaves_alone(ends)

    @asyncio_test
    async def test_nothing_that_appears_meanwhile_is_touched(self, tmp_path: Path) -> None:
        ends = self.ends(tmp_path, b"new" * 300_000)
        ends.receiving_bar.at_start = lambda: self._put(ends, "a file")
        await self._leaves_alone(ends, {"Von.mp3": b"old"})

    async def _leaves_alone(self, ends: TransferEnds, before: dict[str, bytes | str | None] | None = None) -> None:
        before = tree(ends.into) if before is None else before
        sent, received = await ends.run_in_a_chat()
        assert_nothing_else_changed(ends, before, received)
        assert isinstance(sent, Receipt) is isinstance(received, Receipt), (sent, received)
        if isinstance(sent, Receipt) and isinstance(received, Receipt):
            assert received.name == sent.name, "both users read the name that it has now"
        else:
            assert_said_why(received)
        victim = ends.folder / "victim"
        assert not victim.exists() or victim.read_bytes() == b"precious"

    def _put(self, ends: TransferEnds, what: str) -> None:
        place = ends.into / ends.name
        match what:
            case "a file":
                place.write_bytes(b"old")
            case "a folder":
                place.mkdir()
            case "somebody's part":
                (ends.into / f"{ends.name}.part").write_bytes(b"somebody's")
            case "a link to a file":
                (ends.folder / "victim").write_bytes(b"precious")
                place.symlink_to(ends.folder / "victim")
            case _:
                place.symlink_to(ends.folder / "victim")

    @asyncio_test
    @pytest.mark.parametrize("when", ["start", "advance"])
    @pytest.mark.parametrize("who", ["sender", "receiver"])
    async def test_who_is_cancelled_ends_both(self, tmp_path: Path, who: str, when: str) -> None:
        ends = self.ends(tmp_path, bytes(SEVERAL_MIB))
        sending, receiving = ends.begin_in_a_chat()
        cancelled, bar = (sending, ends.sending_bar) if who == "sender" else (receiving, ends.receiving_bar)
        setattr(bar, f"at_{when}", cancelling(lambda: cancelled))
        await settled(sending, receiving)
        assert_nothing_else_changed(ends, {}, outcome(receiving))
        if when == "start":
            assert cancelled.cancelled(), f"the {who} was cancelled before a byte moved, and went on"
            assert failed(outcome(sending))
            assert tree(ends.into) == {}
        for each in (ends.sending_bar, ends.receiving_bar):
            assert each.finished == 1 or not each.starts, "a progress that was started is finished, whatever happened"

    @asyncio_test
    @pytest.mark.parametrize("who", ["sender", "receiver"])
    async def test_who_waits_for_the_other_can_be_cancelled(self, tmp_path: Path, who: str) -> None:
        for turns in (1, 2, 5, 50):
            ends = self.ends(tmp_path / str(turns), b"new")
            task = ends.send() if who == "sender" else ends.receive()
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await settled(task)
            assert task.cancelled()
            assert tree(ends.into) == {}

    @asyncio_test
    async def test_a_chat_that_ends_leaves_the_whole_file_or_nothing(self, tmp_path: Path) -> None:
        ends = self.ends(tmp_path, bytes(SEVERAL_MIB))
        sending, receiving = ends.begin_in_a_chat()
        loop = sending.get_loop()

        def end_the_chat() -> None:
            loop.call_soon_threadsafe(cut, ends.links)

        ends.receiving_bar.at_start = end_the_chat
        for task in (sending, receiving):  # as the core does a second later
            loop.call_later(2 * GRACE_S, task.cancel)
        await settled(sending, receiving)
        assert_nothing_else_changed(ends, {}, outcome(receiving))
        if isinstance(outcome(sending), Receipt):
            assert tree(ends.into) == {"Von.mp3": ends.content}

    @asyncio_test
    @pytest.mark.parametrize("how", ["shorter", "longer", "gone"])
    async def test_a_source_that_changed_is_not_sent(self, tmp_path: Path, how: str) -> None:
        ends = self.ends(tmp_path, b"as offered" * 1000)
        match how:
            case "shorter":
                os.truncate(ends.source, 9_999)
            case "longer":
                ends.source.write_bytes(ends.content + b"!")
            case _:
                ends.source.unlink()
        sent, received = await ends.run_in_a_chat()
        assert_said_why(sent)
        assert failed(received), "what arrived is not what was offered"
        assert tree(ends.into) == {}

    @asyncio_test
    @pytest.mark.parametrize("how", ["gone", "a file"])
    async def test_a_folder_that_can_not_be_written_is_told(self, tmp_path: Path, how: str) -> None:
        ends = self.ends(tmp_path, b"new" * 1000)
        ends.into.rmdir()
        if how == "a file":
            ends.into.write_bytes(b"no folder")
        sent, received = await ends.run_in_a_chat()
        assert_said_why(received)
        assert failed(sent), "the sender must not say that it arrived"
        assert how != "a file" or ends.into.read_bytes() == b"no folder"
        assert how != "gone" or not ends.into.exists()

    def _several(self, folder: Path) -> TransferEnds:
        ends = self.ends(folder, b"a root of its own", "notes.txt")
        photos = ends.source.parent / "photos"
        for path, content in {"a.jpg": os.urandom(1_200_000), "none.txt": b"", "sub/deep/b.txt": b"b" * 70_000}.items():
            (photos / path).parent.mkdir(parents=True, exist_ok=True)
            (photos / path).write_bytes(content)
        (photos / "empty").mkdir()
        ends.take_instead(photos, ends.source)
        return ends

    @asyncio_test
    async def test_folders_and_several_files(self, tmp_path: Path) -> None:
        ends = self._several(tmp_path)
        sent, received = await ends.run_in_a_chat()
        if self.sends_many is False or (self.sends_many is None and isinstance(sent, TransferFailed)):
            assert_said_why(sent)
            assert failed(received)
            assert tree(ends.into) == {}
            return
        assert tree(ends.into) == tree(ends.source.parent)
        assert_receipts(ends, sent, received)
        files = [entry.path for entry in ends.offer.entries if not entry.is_folder]
        for bar in (ends.sending_bar, ends.receiving_bar):
            assert_progress_of(bar, ends.offer.size_bytes)
            assert sorted(bar.paths) == sorted(files), "of several files, each is told of when it is through"

    @asyncio_test
    async def test_folders_never_go_over_what_is_there(self, tmp_path: Path) -> None:
        ends = self._several(tmp_path)
        (ends.into / "photos").mkdir()
        (ends.into / "photos" / "a.jpg").write_bytes(b"old")
        (ends.into / "notes.txt").write_bytes(b"old, too")
        before = tree(ends.into)
        await ends.run_in_a_chat()
        assert {name: content for name, content in tree(ends.into).items() if name in before} == before
        inside = [name for name in tree(ends.into) if name.startswith("photos/")]
        assert inside == ["photos/a.jpg"], "what is there is not mixed with what comes"

    @asyncio_test
    async def test_folders_that_are_cancelled_leave_nothing(self, tmp_path: Path) -> None:
        ends = self._several(tmp_path)
        sending, receiving = ends.begin_in_a_chat()
        ends.receiving_bar.at_start = cancelling(lambda: receiving)
        await settled(sending, receiving)
        assert tree(ends.into) == {}
