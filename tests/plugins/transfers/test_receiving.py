"""A real receiver against senders who know the keys and lie, and against a folder that fails it."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.file_link import offer_of
from tests.support.nobody import as_nobody
from tests.support.transfers import Transfer, as_sender, drain, fill_up, outcome, record, said, say, settled

from ud2p.contracts import Receipt, Sealer
from ud2p.errors import TransferFailed
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers import conversation
from ud2p_plugins.transfers.conversation import Ended, Listening
from ud2p_plugins.transfers.receipt import Published, decode_receipt

CONTENT = bytes(range(250)) * 4
HALF, REST = CONTENT[:600], CONTENT[600:]
LOST = "the connection ended before the file did"
SIZE = "not as large as it was offered"
FORGED = "not sealed with aes-gcm under this key"


@pytest.fixture
def _no_reason_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other end is lost without a word, so there is nothing to wait for."""
    monkeypatch.setattr(conversation, "REASON_GRACE_S", 0.05)


def swapped(sealer: Sealer) -> bytes:
    first, second = record(sealer, HALF), record(sealer, REST, True)
    return second + first


def flipped(at: int, bit: int) -> Callable[[Sealer], bytes]:
    def damage(sealer: Sealer) -> bytes:
        stream = bytearray(record(sealer, CONTENT, True))
        stream[at] ^= bit
        return bytes(stream)

    return damage


LIES: dict[str, tuple[Callable[[Sealer], bytes], str]] = {
    "nothing at all": (lambda sealer: b"", LOST),
    "an end in the middle": (lambda sealer: record(sealer, HALF), LOST),
    "an end before the final record": (lambda sealer: record(sealer, HALF) + record(sealer, REST), LOST),
    "an end in a record": (lambda sealer: record(sealer, CONTENT, True)[:-1], LOST),
    "an end in a length": (lambda sealer: record(sealer, CONTENT)[:2], LOST),
    "length 0xFFFFFFFF": (lambda sealer: b"\xff\xff\xff\xff", "impossible length"),
    "length 0": (lambda sealer: bytes(4), "impossible length"),
    "a byte over the largest length": (
        lambda sealer: (sealer.sealed_size(RECORD_BYTES) - 3).to_bytes(4, "big"),
        "impossible length",
    ),
    "a byte after the end": (lambda sealer: record(sealer, CONTENT, True) + b"\0", "after the end"),
    "the final record twice": (lambda sealer: record(sealer, CONTENT, True) * 2, "after the end"),
    "a record twice": (lambda sealer: record(sealer, HALF) * 2, FORGED),
    "records swapped": (swapped, FORGED),
    "records without data": (lambda sealer: record(sealer, b"") * 2, "is empty"),
    "a byte less": (lambda sealer: record(sealer, CONTENT[:-1], True), SIZE),
    "a byte more": (lambda sealer: record(sealer, CONTENT + b"!", True), SIZE),
    "a byte more in another record": (lambda sealer: record(sealer, CONTENT) + record(sealer, b"!", True), SIZE),
    "more and more": (lambda sealer: record(sealer, CONTENT + b"!"), SIZE),
    "no data": (lambda sealer: record(sealer, b"", True), SIZE),
    "the final mark taken off": (flipped(4, 0x80), FORGED),
    "another size in the head": (flipped(7, 1), FORGED),
    "a bit of the data": (flipped(100, 4), FORGED),
    "a shorter length": (flipped(3, 4), FORGED),
}


@pytest.mark.usefixtures("_no_reason_comes")
@pytest.mark.parametrize("lie", LIES)
async def test_a_sender_who_lies_leaves_nothing(tmp_path: Path, lie: str) -> None:
    stream, sentence = LIES[lie]
    transfer = Transfer(tmp_path, CONTENT)
    link = transfer.links[0]
    receiving = transfer.receive()
    async with as_sender(link) as impostor:
        await impostor.send(stream(link.sealer(impostor.forth)), end=sentence is LOST)
        told = await said(link)
    await settled(receiving)
    failure = outcome(receiving)
    assert isinstance(failure, TransferFailed)
    assert sentence in str(failure)
    assert told == Ended(str(failure))
    assert transfer.arrived() == {}
    assert transfer.receiving_bar.finished == 1


async def test_a_stream_sent_back_to_its_maker_does_not_open(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    receiving = transfer.receive()
    async with as_sender(transfer.links[0]) as impostor:
        await impostor.send(record(transfer.links[0].sealer(impostor.back), CONTENT, True))
        await settled(receiving)
    assert FORGED in str(outcome(receiving))
    assert transfer.arrived() == {}


@pytest.mark.usefixtures("_no_reason_comes")
async def test_records_of_an_earlier_attempt_do_not_open(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    link = transfer.links[0]
    receiving = transfer.receive()
    async with as_sender(link) as impostor:
        recorded = record(link.sealer(impostor.forth), CONTENT, True)
    await settled(receiving)
    await said(link)
    again = transfer.receive()
    async with as_sender(link) as impostor:
        await impostor.send(recorded)
        await settled(again)
    assert FORGED in str(outcome(again))
    assert transfer.arrived() == {}


async def test_an_honest_sender_who_cuts_as_it_likes(tmp_path: Path) -> None:
    """The size of records, an empty final one, and how they are cut on the way are the sender's business."""
    transfer = Transfer(tmp_path, CONTENT)
    link = transfer.links[0]
    receiving = transfer.receive()
    async with as_sender(link) as impostor:
        sealer = link.sealer(impostor.forth)
        stream = record(sealer, CONTENT[:1]) + record(sealer, CONTENT[1:]) + record(sealer, b"", True)
        for at in range(0, len(stream), 97):
            await impostor.send(stream[at : at + 97])
        await impostor.send(b"", end=True)
        receipt = await drain(impostor, link.opener(impostor.back))
        assert await asyncio.wait_for(impostor.reader.read(), 10) == b""
    await settled(receiving)
    assert decode_receipt(receipt, len(CONTENT)) == Published("Von.mp3", len(CONTENT))
    assert transfer.arrived() == {"Von.mp3": CONTENT}


@pytest.mark.usefixtures("_no_reason_comes")
async def test_a_receipt_that_nobody_hears_changes_nothing(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    receiving = transfer.receive()
    async with as_sender(transfer.links[0]) as impostor:
        await impostor.send(record(transfer.links[0].sealer(impostor.forth), CONTENT, True), end=True)
    await settled(receiving)
    assert isinstance(outcome(receiving), Receipt | TransferFailed)  # a reset may overtake the end of the stream
    assert transfer.arrived() == ({"Von.mp3": CONTENT} if isinstance(outcome(receiving), Receipt) else {})


async def test_the_senders_reason_is_what_the_user_reads(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    receiving = transfer.receive()
    async with as_sender(transfer.links[0]):
        pass  # the connection breaks first, then comes the reason
    await say(transfer.links[0], Ended("the cat sat on the disk"))
    await settled(receiving)
    assert str(outcome(receiving)) == "the sender could not go on: the cat sat on the disk"
    assert transfer.arrived() == {}


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{}", b'{"type":"ended"}', b'{"type":"ended","reason":5}', b"[" * 9000]
)
async def test_controls_that_make_no_sense_end_it(tmp_path: Path, body: bytes) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    receiving = transfer.receive()
    await transfer.links[0].control(body)
    await settled(receiving)
    assert "speaks another tcp file transfer" in str(outcome(receiving))
    assert transfer.arrived() == {}


async def test_the_sender_hears_which_transfer_is_listened_for(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    receiving = transfer.receive()
    listening = await said(transfer.links[0])
    assert isinstance(listening, Listening)
    assert listening.transfer.hex() == transfer.offer.id
    receiving.cancel()
    await settled(receiving)


# The folder and the disk


@pytest.mark.parametrize(
    ("into", "sentence"),
    [("nowhere", "does not exist"), ("from/Von.mp3", "not a folder"), ("a\0b", "can't be written")],
)
async def test_a_folder_that_is_none(tmp_path: Path, into: str, sentence: str) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    transfer.into = tmp_path / into
    sent, received = await transfer.run()
    assert sentence in str(received)
    assert str(sent) == f"the receiver could not go on: {received}"
    assert str(tmp_path) not in str(sent)


async def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    with tempfile.TemporaryDirectory() as name:  # nobody can't get to tmp_path at all
        transfer.into = Path(name)
        transfer.into.chmod(0o555)
        with as_nobody():
            receiving = transfer.receive()
            await settled(receiving)
    assert "the folder to receive into can't be written to" in str(outcome(receiving))


async def test_a_file_that_is_larger_than_the_disk(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    transfer.offer = offer_of(transfer.name, 1 << 60)
    receiving = transfer.receive()
    await settled(receiving)
    assert "MB left; make room" in str(outcome(receiving))
    assert transfer.arrived() == {}


async def test_a_disk_that_fills_up_meanwhile(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, secrets.token_bytes(5_000_000))
    transfer.receiving_bar.at_start = lambda: fill_up(transfer.into / "Von.mp3.part")
    sent, received = await transfer.run()
    assert str(received) == "no space is left for it on the receiver's disk; make room and send it again"
    assert str(sent) == f"the receiver could not go on: {received}"
    assert transfer.receiving_bar.finished == transfer.sending_bar.finished == 1


async def test_a_part_that_another_program_replaces_is_not_taken_for_ours(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    part = transfer.into / "Von.mp3.part"

    def replace() -> None:
        part.unlink()
        part.write_bytes(b"evil")

    transfer.receiving_bar.at_start = replace
    sent, received = await transfer.run()
    assert "another program" in str(received)
    assert str(received) in str(sent)
    assert transfer.arrived() == {"Von.mp3.part": b"evil"}
