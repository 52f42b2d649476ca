"""Whole transfers between two real ends."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.file_link import PairedLink, cipher_named, link_pair, offer_of
from tests.support.transfers import SOON_S, Transfer, outcome, settled

from ud2p.contracts import FileTransfer, FileTransferInfo, Receipt
from ud2p.errors import TransferFailed
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p.testing import FileTransferConformance
from ud2p_plugins.transfers import conversation, meter
from ud2p_plugins.transfers.sending import FIRST_RECORD_BYTES
from ud2p_plugins.transfers.tcp import ud2p_register_file_transfers


class TestTcp(FileTransferConformance):
    info = ud2p_register_file_transfers()[0]
    sends_many = True


async def carry(transfer: Transfer) -> tuple[Receipt, Receipt]:
    """Run a transfer that has to go well."""
    sent, received = await transfer.run()
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    return sent, received


@pytest.mark.parametrize(
    "size",
    [
        0,
        1,
        FIRST_RECORD_BYTES - 1,
        FIRST_RECORD_BYTES,
        FIRST_RECORD_BYTES + 1,
        RECORD_BYTES + 1,
        9_000_001,
    ],
)
async def test_every_byte_arrives(tmp_path: Path, size: int) -> None:
    transfer = Transfer(tmp_path, secrets.token_bytes(size))
    sent, received = await carry(transfer)
    assert transfer.arrived() == {"Von.mp3": transfer.content}
    assert (sent.name, sent.path, sent.size_bytes, sent.route) == ("Von.mp3", transfer.source, size, "direct")
    assert (received.name, received.path, received.size_bytes) == ("Von.mp3", transfer.into / "Von.mp3", size)
    for bar in (transfer.sending_bar, transfer.receiving_bar):
        assert (bar.total, sum(bar.moved), bar.finished) == (size, size, 1)


@pytest.mark.parametrize("cipher", ["xchacha20", "fernet"])
async def test_every_cipher_carries_files(tmp_path: Path, cipher: str) -> None:
    transfer = Transfer(tmp_path, secrets.token_bytes(300_000), links=link_pair(cipher_named(cipher)))
    await carry(transfer)
    assert transfer.arrived() == {"Von.mp3": transfer.content}


async def test_over_ipv6(tmp_path: Path) -> None:
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    transfer = Transfer(tmp_path, b"six" * 1000, links=link_pair(sender_host="::1", receiver_host="::1"))
    await carry(transfer)
    assert transfer.arrived() == {"Von.mp3": transfer.content}


async def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    transfers = [Transfer(tmp_path / name, secrets.token_bytes(2_000_000)) for name in "ab"]
    tasks = [task for transfer in transfers for task in (transfer.send(), transfer.receive())]
    await settled(*tasks)
    for task in tasks:
        assert isinstance(outcome(task), Receipt)
    for transfer in transfers:
        assert transfer.arrived() == {"Von.mp3": transfer.content}


async def test_a_file_that_exists_is_never_touched(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"new")
    (transfer.into / "Von.mp3").write_bytes(b"old")
    (transfer.into / "Von.mp3.part").write_bytes(b"somebody's")
    (transfer.into / "Von (1).mp3").mkdir()
    sent, received = await carry(transfer)
    (transfer.into / "Von (1).mp3").rmdir()
    assert sent.name == received.name == "Von (2).mp3"
    assert transfer.arrived() == {"Von.mp3": b"old", "Von.mp3.part": b"somebody's", "Von (2).mp3": b"new"}


async def test_a_file_that_appears_meanwhile_is_never_touched(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"new" * 100_000)

    def get_in_the_way() -> None:
        (transfer.into / "Von.mp3").write_bytes(b"first")

    transfer.receiving_bar.at_start = get_in_the_way
    sent, _ = await carry(transfer)
    assert sent.name == "Von (1).mp3"
    assert transfer.arrived() == {"Von.mp3": b"first", "Von (1).mp3": transfer.content}


@pytest.mark.parametrize("leads", ["somewhere", "nowhere"])
async def test_links_in_the_way_are_not_followed(tmp_path: Path, leads: str) -> None:
    victim = tmp_path / "victim"
    if leads == "somewhere":
        victim.write_bytes(b"precious")
    transfer = Transfer(tmp_path, b"new")
    for name in ("Von.mp3", "Von.mp3.part"):
        (transfer.into / name).symlink_to(victim)
    _, received = await carry(transfer)
    assert received.path == transfer.into / "Von (1).mp3"
    assert received.path.read_bytes() == b"new"
    assert (transfer.into / "Von.mp3").is_symlink()
    assert (transfer.into / "Von.mp3.part").is_symlink()
    assert victim.exists() == (leads == "somewhere")
    assert leads == "nowhere" or victim.read_bytes() == b"precious"


async def test_a_folder_that_is_swapped_meanwhile_gets_nothing(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"new" * 100_000)
    moved, decoy = tmp_path / "moved", tmp_path / "decoy"

    def swap() -> None:
        transfer.into.rename(moved)
        decoy.mkdir()
        transfer.into.symlink_to(decoy)

    transfer.receiving_bar.at_start = swap
    _, received = await carry(transfer)
    assert list(decoy.iterdir()) == []
    assert received.path == moved / "Von.mp3"
    assert (moved / "Von.mp3").read_bytes() == transfer.content
    assert list(moved.iterdir()) == [moved / "Von.mp3"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o000, 0o644)])
async def test_nobody_else_reads_it_before_it_is_whole(tmp_path: Path, mask: int, mode: int) -> None:
    transfer = Transfer(tmp_path, b"new")
    meanwhile: list[int] = []

    def look() -> None:
        meanwhile.append(stat.S_IMODE((transfer.into / "Von.mp3.part").stat().st_mode))

    transfer.receiving_bar.at_start = look
    before = os.umask(mask)
    try:
        await carry(transfer)
    finally:
        os.umask(before)
    assert meanwhile == [0o600]
    assert stat.S_IMODE((transfer.into / "Von.mp3").stat().st_mode) == mode


async def test_the_receiver_checks_the_name_again(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"new")
    transfer.offer = offer_of("../Von.mp3", 3)
    sent, received = await transfer.run()
    assert isinstance(received, TransferFailed)
    assert "in a folder that is not offered" in str(received)
    assert str(received) in str(sent)
    assert transfer.arrived() == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["from", "into"]


async def test_a_sender_that_is_cancelled_ends_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "REPORT_EVERY_S", 0)  # the first record holds it up, however fast the machine is
    transfer = Transfer(tmp_path, bytes(24 << 20))
    loop, under_way, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def hold_up() -> None:
        loop.call_soon_threadsafe(under_way.set)
        go_on.wait(20)

    transfer.receiving_bar.at_advance = hold_up  # so the sender sits on full buffers
    sending, receiving = transfer.send(), transfer.receive()
    await asyncio.wait_for(under_way.wait(), 20)
    sending.cancel()
    _, late = await asyncio.wait({sending}, timeout=SOON_S)
    assert not late
    go_on.set()
    _, late = await asyncio.wait({receiving}, timeout=SOON_S)
    assert not late
    await settled(sending, receiving)
    assert sending.cancelled()
    assert str(outcome(receiving)) == "the sender cancelled the transfer"
    assert transfer.arrived() == {}
    assert transfer.sending_bar.finished == transfer.receiving_bar.finished == 1


async def test_a_receiver_that_is_cancelled_ends_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "REPORT_EVERY_S", 0)  # as above
    transfer = Transfer(tmp_path, bytes(24 << 20))
    loop, under_way, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def hold_up() -> None:
        loop.call_soon_threadsafe(under_way.set)
        go_on.wait(20)

    transfer.sending_bar.at_advance = hold_up  # so the receiver waits for bytes
    sending, receiving = transfer.send(), transfer.receive()
    await asyncio.wait_for(under_way.wait(), 20)
    receiving.cancel()
    _, late = await asyncio.wait({receiving}, timeout=SOON_S)
    assert not late
    go_on.set()
    _, late = await asyncio.wait({sending}, timeout=SOON_S)
    assert not late
    await settled(sending, receiving)
    assert receiving.cancelled()
    assert str(outcome(sending)) == "the receiver cancelled the transfer"
    assert transfer.arrived() == {}


@pytest.mark.parametrize("who", ["sender", "receiver"])
async def test_who_waits_for_the_other_can_be_cancelled(tmp_path: Path, who: str) -> None:
    transfer = Transfer(tmp_path, b"new")
    sender_link, receiver_link = transfer.links
    if who == "receiver":
        task = transfer.receive()
        await sender_link.heard.get()  # it listens now
    else:
        task = transfer.send()
        await asyncio.sleep(0)
    task.cancel()
    _, late = await asyncio.wait({task}, timeout=SOON_S)
    assert not late
    await settled(task)
    assert task.cancelled()
    assert transfer.arrived() == {}
    told = (receiver_link if who == "sender" else sender_link).heard.get_nowait()
    assert told == b'{"type":"ended","reason":""}'


async def test_cancelling_at_any_moment_leaves_nothing_half_done(tmp_path: Path) -> None:
    """Whatever turn of the loop the cancellation comes at, there is the whole file or none, and no thread."""
    for turns in range(1, 60, 3):
        folder = tmp_path / str(turns)
        folder.mkdir()
        transfer = Transfer(folder, b"new" * 1000)
        sending, receiving = transfer.send(), transfer.receive()
        for _ in range(turns):
            await asyncio.sleep(0)
        receiving.cancel()
        await settled(sending, receiving)
        assert transfer.arrived() in ({}, {"Von.mp3": transfer.content})
        if transfer.arrived() == {}:
            assert isinstance(outcome(sending), TransferFailed)


async def test_a_cancellation_that_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, b"new")
    loop, cancelled = asyncio.get_running_loop(), threading.Event()
    sending, receiving = transfer.send(), transfer.receive()

    def cancel() -> None:
        receiving.cancel()
        loop.call_soon(loop.call_soon, cancelled.set)  # once the cancellation was noticed

    def wait_for_it() -> None:
        loop.call_soon_threadsafe(cancel)
        assert cancelled.wait(SOON_S)

    transfer.receiving_bar.at_finish = wait_for_it
    await settled(sending, receiving)
    assert isinstance(outcome(sending), Receipt)
    assert isinstance(outcome(receiving), Receipt)
    assert transfer.arrived() == {"Von.mp3": b"new"}


class DeafLink(PairedLink):
    """The chat is gone: nothing that is said arrives."""

    async def control(self, body: bytes) -> None:
        pass


async def test_without_the_chat_a_lost_connection_is_a_clear_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "REASON_GRACE_S", 0.05)
    transfer = Transfer(tmp_path, secrets.token_bytes(3_000_000))
    transfer.sending_bar.at_start = lambda: os.truncate(transfer.source, 1)
    transfer.links[0].__class__ = DeafLink
    sent, received = await transfer.run()
    assert str(sent) == "Von.mp3 changed while it was sent; send it again"
    assert str(received) == "the connection ended before the file did; send the file again"
    assert transfer.arrived() == {}


def test_it_is_registered_and_loads_nothing_heavy() -> None:
    (info,) = ud2p_register_file_transfers()
    assert isinstance(info, FileTransferInfo)
    assert info.name == "tcp"
    made: FileTransfer = info.make()
    assert made is not None
    heavy = {"asyncio", "msgspec", "cryptography", "socket"}
    script = f"import sys, ud2p_plugins.transfers.tcp; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "set()\n"


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ud2p-")]
