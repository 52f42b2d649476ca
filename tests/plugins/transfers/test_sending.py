"""A real sender against receivers who know the keys and lie, and against a file that changes."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.file_link import PairedLink
from tests.support.transfers import Impostor, Transfer, as_receiver, drain, outcome, record, said, say, settled

from ud2p.contracts import Receipt
from ud2p.errors import TransferFailed
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers import conversation
from ud2p_plugins.transfers.conversation import Ended, Listening
from ud2p_plugins.transfers.receipt import Published, encode_receipt
from ud2p_plugins.transfers.sending import FIRST_RECORD_BYTES, SMALLEST_RECORD_BYTES, RecordSize

CONTENT = secrets.token_bytes(1000)


@pytest.fixture
def _no_reason_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other end is lost without a word, so there is nothing to wait for."""
    monkeypatch.setattr(conversation, "REASON_GRACE_S", 0.05)


def receipt(link: PairedLink, impostor: Impostor, data: bytes) -> bytes:
    return record(link.sealer(impostor.back), data, True)


def forth(link: PairedLink, impostor: Impostor) -> bytes:
    return record(link.sealer(impostor.forth), published("Von.mp3", 1000), True)


def published(name: str, size_bytes: int) -> bytes:
    return encode_receipt(Published(name, size_bytes))


RECEIPTS: dict[str, tuple[Callable[[PairedLink, Impostor], bytes], str]] = {
    "none": (lambda link, impostor: b"", "without a receipt"),
    "half of one": (
        lambda link, i: receipt(link, i, published("Von.mp3", 1000))[:-1],
        "without a receipt",
    ),
    "noise": (lambda link, impostor: secrets.token_bytes(3) + bytes(9), "forged or damaged"),
    "length 0xFFFFFFFF": (lambda link, impostor: b"\xff" * 4, "forged or damaged"),
    "one too long": (lambda link, i: receipt(link, i, b" " * 4097), "forged or damaged"),
    "one sealed as the file is": (forth, "forged or damaged"),
    "another size": (lambda link, i: receipt(link, i, published("Von.mp3", 999)), "for another size"),
    "no JSON": (lambda link, i: receipt(link, i, b"sure"), "can't be read"),
    "deep JSON": (lambda link, i: receipt(link, i, b"[" * 4096), "can't be read"),
    "a path for a name": (lambda link, i: receipt(link, i, published("../x", 1000)), "can't be read"),
    "an escape in the name": (
        lambda link, i: receipt(link, i, published("\x1b]0;x", 1000)),
        "can't be read",
    ),
}


@pytest.mark.usefixtures("_no_reason_comes")
@pytest.mark.parametrize("lie", RECEIPTS)
async def test_a_file_is_sent_only_with_a_true_receipt(tmp_path: Path, lie: str) -> None:
    answer, sentence = RECEIPTS[lie]
    transfer = Transfer(tmp_path, CONTENT)
    link = transfer.links[1]
    sending = transfer.send()
    async with as_receiver(link) as impostor:
        assert await drain(impostor, link.opener(impostor.forth)) == CONTENT
        assert await asyncio.wait_for(impostor.reader.read(), 10) == b""  # the sender ends its direction
        await impostor.send(answer(link, impostor), end=True)
        await settled(sending)
    failure = outcome(sending)
    assert isinstance(failure, TransferFailed)
    assert sentence in str(failure)
    assert await said(link) == Ended(str(failure))
    assert transfer.sending_bar.finished == 1


async def test_a_true_receipt_gives_the_name(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    link = transfer.links[1]
    sending = transfer.send()
    async with as_receiver(link) as impostor:
        await drain(impostor, link.opener(impostor.forth))
        await impostor.send(receipt(link, impostor, encode_receipt(Published("Von (7).mp3", 1000))))
        await settled(sending)
    done = outcome(sending)
    assert isinstance(done, Receipt)
    assert done.name == "Von (7).mp3"


async def test_the_receivers_reason_is_what_the_user_reads(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, secrets.token_bytes(30_000_000))
    link = transfer.links[1]
    sending = transfer.send()
    async with as_receiver(link) as impostor:
        await impostor.reader.read(1000)  # and no more, so the sender sits on full buffers
        await say(link, Ended("the cat sat on the disk"))
        await settled(sending)
    assert str(outcome(sending)) == "the receiver could not go on: the cat sat on the disk"


async def test_a_receiver_that_nobody_can_reach(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    sending = transfer.send()
    await say(transfer.links[1], Listening(bytes(16), port))
    await settled(sending)
    assert f"could not be reached on port {port} of 127.0.0.1 (connection refused)" in str(outcome(sending))
    assert isinstance(await said(transfer.links[1]), Ended)


@pytest.mark.usefixtures("_no_reason_comes")
async def test_somebody_else_at_the_receivers_port_gets_nothing(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    heard = asyncio.get_running_loop().create_future()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(32))
        hello = await reader.readexactly(80)
        writer.write(hello[-32:])  # the only proof at hand
        heard.set_result((hello, await reader.read()))
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    sending = transfer.send()
    await say(transfer.links[1], Listening(b"t" * 16, server.sockets[0].getsockname()[1]))
    await settled(sending)
    assert "did not let this connection in" in str(outcome(sending))
    assert transfer.sending_bar.total == -1
    hello, more = await asyncio.wait_for(heard, 10)
    assert (hello[:16], more) == (b"t" * 16, b"")
    server.close()
    await server.wait_closed()


async def test_a_receiver_that_never_gets_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "LISTENING_WITHIN_S", 0.05)
    transfer = Transfer(tmp_path, CONTENT)
    sending = transfer.send()
    await settled(sending)
    assert "did not get ready" in str(outcome(sending))


# The file


def shrink(path: Path) -> None:
    os.truncate(path, 100_000)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"!")


def rewrite(path: Path) -> None:
    path.write_bytes(secrets.token_bytes(path.stat().st_size))
    os.utime(path, ns=(1, 1))  # a clock that moves slowly must not hide it


@pytest.mark.parametrize("change", [shrink, grow, rewrite])
async def test_a_file_that_changes_while_it_is_sent(tmp_path: Path, change: Callable[[Path], None]) -> None:
    transfer = Transfer(tmp_path, secrets.token_bytes(3_000_000))
    transfer.sending_bar.at_start = lambda: change(transfer.source)
    sent, received = await transfer.run()
    assert str(sent) == "Von.mp3 changed while it was sent; send it again"
    assert str(received) == f"the sender could not go on: {sent}"
    assert transfer.arrived() == {}


def swap_for_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def swap_for_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (shrink, "changed after it was offered"),
        (grow, "changed after it was offered"),
        (swap_for_a_pipe, "changed after it was offered"),
        (swap_for_a_folder, "changed after it was offered"),
        (Path.unlink, "can't be read any more (no such file"),
    ],
)
async def test_a_file_that_changed_after_it_was_offered(
    tmp_path: Path, change: Callable[[Path], None], sentence: str
) -> None:
    transfer = Transfer(tmp_path, secrets.token_bytes(200_000))
    change(transfer.source)
    sent, received = await transfer.run()
    assert sentence in str(sent)
    assert str(received) == f"the sender could not go on: {sent}"
    assert transfer.arrived() == {}


async def test_a_pipe_is_not_taken_for_an_empty_file(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"")
    swap_for_a_pipe(transfer.source)
    sent, _ = await transfer.run()
    assert "changed after it was offered" in str(sent)
    assert transfer.arrived() == {}


@given(st.lists(st.floats(0, 100)))
def test_records_grow_on_fast_lines_and_shrink_on_slow_ones(took: list[float]) -> None:
    size = RecordSize()
    assert size.size_bytes == FIRST_RECORD_BYTES
    for seconds in took:
        before = size.size_bytes
        size.took(seconds)
        assert SMALLEST_RECORD_BYTES <= size.size_bytes <= RECORD_BYTES
        assert (size.size_bytes >= before) if seconds <= 0.5 else (size.size_bytes <= before)
    for _ in range(8):
        size.took(0.001)
    assert size.size_bytes == RECORD_BYTES
