"""Files in a chat between two real clients; what the transfer itself promises is tested with its plugin."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.offers import file_entry, folder_entry, offer_of_file
from tests.support.people import a_broker, a_person, two_in_a_chat

from ud2p import (
    Client,
    FileDone,
    FileOffered,
    FileWithdrawn,
    Invited,
    MessageReceived,
    PluginManager,
    TransferError,
    TransferFailed,
    TransferRefused,
    chat_files,
)
from ud2p.contracts import Source
from ud2p.event_stream import HIGH_WATER
from ud2p.protocol.controls import Entry, MoreEntries, Offer, Withdraw
from ud2p.protocol.keyring import FILE_SECRETS
from ud2p.sources import inspect_sources


class Bar:
    """A progress that counts."""

    def __init__(self) -> None:
        self.total = self.done = self.finished = 0
        self.paths: list[str] = []

    def start(self, total_bytes: int) -> None:
        self.total = total_bytes

    def advance(self, n_bytes: int) -> None:
        self.done += n_bytes

    def file_done(self, path: str, size_bytes: int) -> None:
        self.paths.append(path)

    def pause(self, reason: str) -> None:
        raise AssertionError(reason)

    def finish(self) -> None:
        self.finished += 1


@pytest.mark.parametrize("cipher", ["aes-gcm", "xchacha20", "fernet"])
@pytest.mark.parametrize("size_bytes", [0, 3_000_001])
async def test_a_file_arrives(tmp_path: Path, cipher: str, size_bytes: int) -> None:
    source = tmp_path / "Von.mp3"
    source.write_bytes(secrets.token_bytes(size_bytes))
    async with two_in_a_chat(ciphers=[cipher]) as (alice, mine, bob, theirs):
        sending_bar, receiving_bar = Bar(), Bar()
        sending = asyncio.ensure_future(mine.send_file(source, sending_bar))
        offered = await bob.next(FileOffered)
        assert (offered.offer.name, offered.offer.size_bytes) == ("Von.mp3", size_bytes)
        assert bob.client.files == (offered.offer,)
        (tmp_path / "in").mkdir()
        received = await theirs.accept_file(offered.offer, tmp_path / "in", receiving_bar)
        sent = await sending
        assert received.path is not None
        assert received.path.read_bytes() == source.read_bytes()
        assert (sent.name, sent.size_bytes, sent.route) == ("Von.mp3", size_bytes, "direct")
        assert (await alice.next(FileDone)).sent
        assert not (await bob.next(FileDone)).sent
        for bar in (sending_bar, receiving_bar):
            assert (bar.total, bar.done, bar.finished) == (size_bytes, size_bytes, 1)
        assert not alice.client.files
        assert not bob.client.files


async def test_who_never_reads_events_can_chat_and_send_files(tmp_path: Path) -> None:
    async with a_broker() as broker, a_person("bob", broker) as bob, Client("alice", broker) as alice:
        inviting = asyncio.ensure_future(alice.invite("bob"))
        invited = await bob.next(Invited)
        theirs = await bob.client.answer(invited.invitation, accept=True)
        assert theirs is not None
        mine = await inviting
        for number in range(HIGH_WATER + 1):
            mine.post(str(number))
        assert (await bob.next(MessageReceived, lambda event: event.text == str(HIGH_WATER))).chat is theirs
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        offered = await bob.next(FileOffered)
        (tmp_path / "in").mkdir()
        await theirs.accept_file(offered.offer, tmp_path / "in")
        assert (await asyncio.wait_for(sending, 20)).route == "direct"


async def test_files_are_offered_in_the_order_in_which_they_were_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["first", "second", "third"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    is_second_there = threading.Event()

    def inspect(paths: Sequence[Path]) -> list[Source]:
        # Whoever looks at them side by side is done with the first one last.
        if paths[0].name == "first":
            is_second_there.wait(0.5)
        else:
            is_second_there.set()
        return inspect_sources(paths)

    monkeypatch.setattr(chat_files, "inspect_sources", inspect)
    async with two_in_a_chat() as (_, mine, bob, theirs):
        sending = [asyncio.ensure_future(mine.send_file(tmp_path / name)) for name in names]
        offered = [await bob.next(FileOffered) for _ in names]
        assert [event.offer.name for event in offered] == names
        for event in offered:
            await theirs.decline_file(event.offer)
        assert all(isinstance(e, TransferRefused) for e in await asyncio.gather(*sending, return_exceptions=True))


async def test_a_file_that_waits_for_its_answer_while_keys_change_arrives(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        offered = await bob.next(FileOffered)
        for epoch in range(1, FILE_SECRETS + 2):
            session = mine.driver.session
            assert session is not None
            session.keys._rekey.want(asyncio.get_running_loop().time())
            mine.driver.pump_soon()
            mine.post("is it a new key now?")
            await bob.next(MessageReceived)
            async with asyncio.timeout(10):
                while (mine.epoch, theirs.epoch) != (epoch, epoch):
                    await asyncio.sleep(0.01)
                while not session.keys._rekey._is_confirmed:
                    await asyncio.sleep(0.01)
        assert mine.file_secret(0) is None
        (tmp_path / "in").mkdir()
        await theirs.accept_file(offered.offer, tmp_path / "in")
        assert (await asyncio.wait_for(sending, 20)).route == "direct"


async def test_an_offer_of_an_epoch_that_is_over_is_not_shown(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        mine.send_control(offer_of_file("0" * 32, "late.txt", 5, "tcp", 7))
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        offered = await bob.next(FileOffered)
        assert offered.offer.name != "late.txt"
        assert bob.client.files == (offered.offer,)
        await theirs.decline_file(offered.offer)
        with pytest.raises(TransferRefused):
            await sending


async def test_a_declined_file(tmp_path: Path) -> None:
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        offered = await bob.next(FileOffered)
        await theirs.decline_file(offered.offer, "no room")
        with pytest.raises(TransferRefused, match="no room"):
            await sending
        with pytest.raises(TransferFailed, match="not offered any more"):
            await theirs.accept_file(offered.offer, tmp_path)


async def test_an_offer_that_is_taken_back(tmp_path: Path) -> None:
    async with two_in_a_chat() as (alice, mine, bob, _):
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        offered = await bob.next(FileOffered)
        sending.cancel()
        withdrawn = await bob.next(FileWithdrawn)
        assert (withdrawn.offer, withdrawn.reason) == (offered.offer, "the sender cancelled it")
        assert bob.client.files == ()


async def test_leaving_ends_offers(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        await bob.next(FileOffered)
        await theirs.leave()
        with pytest.raises(TransferFailed, match="bob left the chat"):
            await sending


async def test_a_failure_of_the_receiver_is_told_to_both(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        sending = asyncio.ensure_future(mine.send_file(_file(tmp_path)))
        offered = await bob.next(FileOffered)
        with pytest.raises(TransferError):
            await theirs.accept_file(offered.offer, tmp_path / "nowhere")
        with pytest.raises(TransferError):
            await sending


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "..", "a\x1b[31m", "a/b", "a\\b", "\u202egpj.exe"])
async def test_hostile_names_are_declined_unseen(name: str) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        mine.send_control(offer_of_file("0" * 32, name, 5, "tcp", 0))
        mine.send_control(offer_of_file("1" * 32, "harmless", 5, "tcp", 0))
        assert (await bob.next(FileOffered)).offer.name == "harmless"
        assert [offer.name for offer in theirs.files.waiting] == ["harmless"]


async def test_an_offer_comes_in_pieces_and_is_shown_when_it_is_whole() -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        mine.send_control(Offer("0" * 32, "tcp", 0, 3, [folder_entry("a")]))
        mine.send_control(offer_of_file("1" * 32, "between", 5))
        mine.send_control(MoreEntries("0" * 32, [file_entry("a/b", 1), file_entry("a/c", 2)]))
        mine.send_control(MoreEntries("0" * 32, [file_entry("a/d", 2)]))  # It is whole: nobody asked for more.
        assert (await bob.next(FileOffered)).offer.name == "between"
        offer = (await bob.next(FileOffered)).offer
        assert (offer.name, offer.size_bytes, offer.n_files) == ("a", 3, 2)
        assert [offer.id[0] for offer in theirs.files.waiting] == ["1", "0"]


@pytest.mark.parametrize(
    "entries",
    [
        [file_entry("a/b")],
        [folder_entry("a"), file_entry("a/../../b")],
        [folder_entry("a"), file_entry("A")],
        [folder_entry("a"), file_entry("a/b"), file_entry("a/B")],
        [folder_entry("a"), file_entry("a/b"), file_entry("a/c"), file_entry("a/d")],
        [],
    ],
)
async def test_a_hostile_offer_in_pieces_is_declined_unseen(entries: list[Entry]) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        for begin in ([], [file_entry("first")]):
            mine.send_control(Offer("0" * 32, "tcp", 0, 3 + len(begin), [*begin, *entries]))
            mine.send_control(Offer("2" * 32, "tcp", 0, 3 + len(begin), [file_entry("x"), *begin][:1]))
            mine.send_control(MoreEntries("2" * 32, entries))
            mine.send_control(MoreEntries("2" * 32, entries))
        mine.send_control(offer_of_file("1" * 32, "harmless", 5))
        assert (await bob.next(FileOffered)).offer.name == "harmless"
        assert [offer.name for offer in theirs.files.waiting] == ["harmless"]


async def test_offers_that_wait_are_bounded_by_their_files() -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        for number in range(3):
            mine.send_control(Offer(f"{number}" * 32, "tcp", 0, 18_000, [file_entry("a")]))
        mine.send_control(Offer("5" * 32, "tcp", 0, 20_001, [file_entry("a")]))
        mine.send_control(offer_of_file("6" * 32, "small", 1))
        assert (await bob.next(FileOffered)).offer.name == "small"
        assert list(theirs.files._incoming) == ["0" * 32, "1" * 32]
        mine.send_control(Withdraw("0" * 32))
        mine.send_control(offer_of_file("7" * 32, "next", 1))
        assert (await bob.next(FileOffered)).offer.name == "next"
        assert list(theirs.files._incoming) == ["1" * 32]


async def test_a_transfer_that_the_receiver_lacks_is_declined(tmp_path: Path) -> None:
    async with two_in_a_chat() as (alice, mine, bob, theirs):
        mine.send_control(offer_of_file("0" * 32, "a", 5, "pigeon", 0))
        mine.send_control(offer_of_file("1" * 32, "b", 5, "tcp", 0))
        assert (await bob.next(FileOffered)).offer.name == "b"


async def test_without_a_file_transfer_nothing_is_sent(tmp_path: Path) -> None:
    plugins = PluginManager.load(disabled=["tcp"])
    async with two_in_a_chat(plugins=plugins) as (_, mine, _bob, _theirs):
        with pytest.raises(TransferError, match="no file transfer plugin tcp"):
            await mine.send_file(_file(tmp_path))


def _file(folder: Path) -> Path:
    path = folder / "Sprinter.mp3"
    path.write_bytes(b"beat")
    return path
