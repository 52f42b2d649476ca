"""What was cut is gone on with: over another connection, in a later transfer, and only where it is the same file."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
from tests.support.file_link import PairedLink, link_pair
from tests.support.transfers import (
    Transfer,
    as_receiver,
    as_sender,
    cancel_and_hold,
    drain,
    outcome,
    record,
    say,
    settled,
)

from ud2p.contracts import Receipt
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers import line, meter, receiving
from ud2p_plugins.transfers.arriving import Arriving, discard_all
from ud2p_plugins.transfers.conversation import Listening, Said
from ud2p_plugins.transfers.journal import Journal
from ud2p_plugins.transfers.receipt import Published

ALICE, MALLORY = "SHA256:alice", "SHA256:mallory"
SIZE = 12_000_000


def links(peer_key: str = ALICE) -> tuple[PairedLink, PairedLink]:
    sender, receiver = link_pair()
    receiver.peer_key = peer_key
    return sender, receiver


async def cut(transfer: Transfer, at_bytes: int = SIZE // 2) -> int:
    """Cancel a transfer on its way.

    :returns: how much has arrived
    """
    moved = 0
    loop, is_enough = asyncio.get_running_loop(), False
    receiving: asyncio.Task[Receipt]

    def stop() -> None:
        nonlocal moved, is_enough
        moved = sum(transfer.receiving_bar.moved)
        if moved >= at_bytes and not is_enough:
            is_enough = True
            cancel_and_hold(loop, lambda: receiving)

    transfer.receiving_bar.at_advance = stop
    sending, receiving = transfer.send(), transfer.receive()
    await settled(sending, receiving)
    assert receiving.cancelled(), outcome(receiving)
    (part,) = (path for path in transfer.into.iterdir() if path.suffix == ".part")
    assert at_bytes <= part.stat().st_size < SIZE
    return part.stat().st_size


@pytest.fixture(autouse=True)
def _tell_of_each_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "REPORT_EVERY_S", 0)


def again(before: Transfer, peer_key: str = ALICE) -> Transfer:
    """The same file, offered anew."""
    return Transfer(before.folder, before.source.read_bytes(), links=links(peer_key))


async def went(transfer: Transfer) -> tuple[Receipt, Receipt]:
    sent, received = await transfer.run()
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    return sent, received


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    return Transfer(tmp_path, secrets.token_bytes(SIZE), links=links())


async def test_a_later_transfer_goes_on(transfer: Transfer) -> None:
    had = await cut(transfer)
    assert len(Journal().parts()) == 1
    later = again(transfer)
    sent, received = await went(later)
    assert later.arrived() == {"Von.mp3": transfer.content}
    assert sum(later.sending_bar.moved) == sum(later.receiving_bar.moved) == SIZE - had
    assert sent.route == received.route == f"direct, went on from {had / 1e6:,.1f} MB"
    assert sent.size_bytes == received.size_bytes == SIZE
    assert Journal().parts() == []
    assert Arriving._running == {}
    assert oct((transfer.into / "Von.mp3").stat().st_mode)[-3:] == "644"


async def test_a_receipt_that_is_lost_comes_over_the_chat(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks, or the receiver's user cancels, when it has everything."""
    monkeypatch.setattr(receiving._Arrival, "_send_receipt", lambda self, line, answers: None)
    sent, received = await went(transfer)
    assert sent.route == "direct, with a receipt through the chat"
    assert (sent.name, sent.size_bytes) == (received.name, received.size_bytes) == ("Von.mp3", SIZE)
    assert transfer.sending_bar.paused == [
        "the receiver ended the connection without a receipt; ask whether the file arrived; trying to go on..."
    ]


@pytest.mark.parametrize("published", [Published("Von.mp3", SIZE), Published("Von.mp3", 5), Published("../x", SIZE)])
async def test_a_receiver_that_says_it_has_what_was_not_sent(transfer: Transfer, published: Published) -> None:
    """It lies before the connection, on the way, or about what it has."""
    sending = transfer.send()
    await say(transfer.links[1], published)
    await settled(sending)
    assert "says that it has what was not sent" in str(outcome(sending))
    transfer.links = links()
    sending = transfer.send()
    async with as_receiver(transfer.links[1], again=True) as impostor:
        await impostor.reader.readexactly(10)
    await say(transfer.links[1], published)
    await settled(sending)
    assert "says that it has what was not sent" in str(outcome(sending))


async def test_a_receipt_over_the_chat_is_looked_at_like_any_other(transfer: Transfer) -> None:
    for published in (Published("Von.mp3", 5), Published("../x", SIZE)):
        transfer.links = links()
        sending = transfer.send()
        async with as_receiver(transfer.links[1], again=True) as impostor:
            await drain(impostor, transfer.links[1].opener(impostor.forth))
        await say(transfer.links[1], published)
        await settled(sending)
        assert "the receiver's receipt " in str(outcome(sending))


async def test_it_may_be_cut_often(transfer: Transfer) -> None:
    had, step = 0, RECORD_BYTES
    while had < SIZE - 3 * step:
        had_before, transfer = had, again(transfer)
        had = await cut(transfer, step)
        assert had > had_before
    await went(again(transfer))
    assert transfer.arrived() == {"Von.mp3": transfer.content}


async def test_what_is_whole_and_has_no_name_yet_is_given_one(transfer: Transfer) -> None:
    had = await cut(transfer)
    with (transfer.into / "Von.mp3.part").open("ab") as part:
        part.write(transfer.content[had:])
    later = again(transfer)
    await went(later)
    assert later.arrived() == {"Von.mp3": transfer.content}
    assert sum(later.sending_bar.moved) == 0


async def test_what_was_about_to_be_published_is(transfer: Transfer) -> None:
    """Its receiver was killed between the last byte and the name, while the disk took its time."""
    had = await cut(transfer)
    with (transfer.into / "Von.mp3.part").open("ab") as part:
        part.write(transfer.content[had:])
    (transfer.into / "Von.mp3.part").chmod(0o644)
    later = again(transfer)
    await went(later)
    assert later.arrived() == {"Von.mp3": transfer.content}
    assert sum(later.sending_bar.moved) == 0


def tamper(transfer: Transfer) -> None:
    with (transfer.into / "Von.mp3.part").open("r+b") as part:
        part.write(b"evil")


def change(transfer: Transfer) -> None:
    transfer.source.write_bytes(secrets.token_bytes(SIZE))


@pytest.mark.parametrize("what", [tamper, change])
async def test_what_does_not_match_starts_over_and_says_so(
    transfer: Transfer, what: Callable[[Transfer], None]
) -> None:
    await cut(transfer)
    what(transfer)
    later = again(transfer)
    sent, received = await went(later)
    assert later.arrived() == {"Von.mp3": transfer.source.read_bytes()}
    assert "started over" in sent.route
    assert "started over" in received.route
    assert Journal().parts() == []


async def test_somebody_else_does_not_go_on_with_it(transfer: Transfer) -> None:
    """Nor learns of it: the hash of a prefix would tell whether they guess it right."""
    await cut(transfer)
    part = (transfer.into / "Von.mp3.part").read_bytes()
    later = again(transfer, MALLORY)
    sent, _ = await went(later)
    assert sent.route == "direct"
    assert later.arrived() == {"Von.mp3": transfer.content, "Von.mp3.part": part}


def replace_by_a_copy(part: Path) -> None:
    part.rename(part.with_name("elsewhere"))
    part.write_bytes(part.with_name("elsewhere").read_bytes())
    part.chmod(0o600)


def replace_by_a_link(part: Path) -> None:
    part.rename(part.with_name("elsewhere"))
    part.symlink_to(part.with_name("elsewhere"))


def link_it_twice(part: Path) -> None:
    os.link(part, part.with_name("elsewhere"))


def open_it_to_all(part: Path) -> None:
    part.chmod(0o644)


@pytest.mark.parametrize("what", [replace_by_a_copy, replace_by_a_link, link_it_twice, open_it_to_all, Path.unlink])
async def test_only_its_own_part_is_touched(transfer: Transfer, what: Callable[[Path], None]) -> None:
    await cut(transfer)
    what(transfer.into / "Von.mp3.part")
    before = transfer.arrived()
    later = again(transfer)
    sent, _ = await went(later)
    assert sent.route == "direct"
    assert later.arrived() == {**before, "Von.mp3": transfer.content}


async def test_it_goes_on_in_another_transfer_when_its_sender_was_killed(transfer: Transfer) -> None:
    """The receiver's program lives on, and still waits for the one who was killed."""
    receiving = transfer.receive()
    async with as_sender(transfer.links[0]) as killed:
        sealer = transfer.links[0].sealer(killed.forth)
        for at in range(0, 5 * RECORD_BYTES, RECORD_BYTES):
            await killed.send(record(sealer, transfer.content[at : at + RECORD_BYTES]))
        async with asyncio.timeout(20):
            while sum(transfer.receiving_bar.moved) < 5 * RECORD_BYTES:
                await asyncio.sleep(0.01)
    later = again(transfer)
    tasks = (later.send(), later.receive())
    await settled(*tasks, receiving)
    sent = outcome(tasks[0])
    assert isinstance(sent, Receipt), sent
    assert sent.route == f"direct, went on from {5 * RECORD_BYTES / 1e6:,.1f} MB"
    assert later.arrived() == {"Von.mp3": transfer.content}
    assert str(outcome(receiving)) == "it was sent anew, and goes on there"


async def test_two_at_once_do_not_share_a_part(transfer: Transfer) -> None:
    await cut(transfer)
    one, other = again(transfer), again(transfer)
    tasks = [task for each in (one, other) for task in (each.send(), each.receive())]
    await settled(*tasks)
    assert all(isinstance(outcome(task), Receipt) for task in tasks), [outcome(task) for task in tasks]
    assert transfer.arrived() == {"Von.mp3": transfer.content, "Von (1).mp3": transfer.content}


async def test_what_is_discarded_is_gone(transfer: Transfer) -> None:
    await cut(transfer)
    part = transfer.into / "Von.mp3.part"
    assert discard_all() == [part]
    assert transfer.arrived() == {}
    assert Journal().parts() == []
    assert discard_all() == []


async def test_a_journal_that_is_broken_is_left_alone(transfer: Transfer) -> None:
    await cut(transfer)
    path = Path(os.environ["UD2P_STATE_DIR"], "transfers.json")
    path.write_text("{")
    sent, _ = await went(again(transfer))
    assert sent.route == "direct"
    assert path.read_text() == "{"


class CuttingLink(PairedLink):
    """A sender's link, through whose network every connection but the last breaks after so many bytes."""

    cuts: tuple[int, ...]
    relays: list[asyncio.Server]

    async def controls(self) -> AsyncIterator[bytes]:
        async for body in super().controls():
            said: Said = msgspec.json.decode(body, type=Said)
            if isinstance(said, Listening):
                body = msgspec.json.encode(msgspec.structs.replace(said, port=await self._relay(said.port)))
            yield body

    async def _relay(self, port: int) -> int:
        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            n_bytes, self.cuts = self.cuts[0] if self.cuts else 2 * SIZE, self.cuts[1:]
            there, back = await asyncio.open_connection("127.0.0.1", port)
            backward = asyncio.create_task(pump(there, writer))
            left = n_bytes
            while left and (data := await reader.read(min(left, 65536))):
                left -= len(data)
                back.write(data)
                await back.drain()
            if left:  # The sender has ended, and waits for its receipt.
                back.write_eof()
                await backward
            backward.cancel()
            for end in (writer, back):
                end.transport.abort()

        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        self.relays.append(server)
        return int(server.sockets[0].getsockname()[1])


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def test_a_connection_that_breaks_is_made_anew(transfer: Transfer) -> None:
    sender = transfer.links[0]
    sender.__class__ = CuttingLink
    assert isinstance(sender, CuttingLink)
    sender.cuts, sender.relays = (3_000_000, 100, 200_000, 2_500_000), []
    sent, received = await went(transfer)
    assert transfer.arrived() == {"Von.mp3": transfer.content}
    assert sent.route == received.route
    assert sent.route.startswith("direct, went on from ")
    assert sum(transfer.receiving_bar.moved) == SIZE, "nothing that was verified came twice"
    assert not sender.cuts
    for bar in (transfer.sending_bar, transfer.receiving_bar):
        assert len(bar.paused) == 4
        assert all(reason.endswith("; trying to go on...") for reason in bar.paused)
    for relay in sender.relays:
        relay.close()


async def test_a_hello_that_is_cut_is_said_again(transfer: Transfer) -> None:
    sender = transfer.links[0]
    sender.__class__ = CuttingLink
    assert isinstance(sender, CuttingLink)
    sender.cuts, sender.relays = (50, 79), []
    sent, _ = await went(transfer)
    assert sent.route == "direct"
    assert transfer.arrived() == {"Von.mp3": transfer.content}
    assert not sender.cuts
    for relay in sender.relays:
        relay.close()


async def test_three_in_a_row_without_a_byte_are_enough(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    sender = transfer.links[0]
    sender.__class__ = CuttingLink
    assert isinstance(sender, CuttingLink)
    sender.cuts, sender.relays = (100,) * 9, []
    sent, received = await transfer.run()
    assert "the connection" in str(sent)
    assert "the connection" in str(received)
    assert len(sender.cuts) == 9 - 3
    assert transfer.arrived() == {}
    assert Journal().parts() == []
    for relay in sender.relays:
        relay.close()


def test_a_stall_is_told_within_ten_seconds() -> None:
    assert line.STALL_S <= 10
