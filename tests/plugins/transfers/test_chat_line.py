"""Where TCP does not bring the two ends together, the bytes go through the chat."""

from __future__ import annotations

import asyncio
import secrets
import threading
from pathlib import Path

import pytest
from tests.support.file_link import WalledLink, link_pair
from tests.support.transfers import DEADLINE_S, Transfer, outcome, settled

from ud2p.contracts import Receipt
from ud2p_plugins.transfers import meter
from ud2p_plugins.transfers.chat_line import PIECE_BYTES, WINDOW_PIECES, ChatLine
from ud2p_plugins.transfers.conversation import THROUGH_CHAT, TRYING_BACK, TRYING_CHAT
from ud2p_plugins.transfers.line import ConnectionLost, Stopped, StopSignal


def walled(transfer: Transfer) -> Transfer:
    for link in transfer.links:
        link.__class__ = WalledLink
    return transfer


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES * WINDOW_PIECES * 2 + 1, 5_000_000])
async def test_every_byte_arrives(tmp_path: Path, size: int) -> None:
    transfer = walled(Transfer(tmp_path, secrets.token_bytes(size)))
    sent, received = await transfer.run()
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    assert transfer.arrived() == {"Von.mp3": transfer.content}
    assert sent.route == received.route == THROUGH_CHAT
    assert transfer.sending_bar.paused == transfer.receiving_bar.paused == [TRYING_BACK, TRYING_CHAT]
    assert sum(transfer.sending_bar.moved) == sum(transfer.receiving_bar.moved) == size


@pytest.mark.parametrize("who", ["sender", "receiver"])
async def test_either_can_cancel_it_and_it_goes_on_later(
    tmp_path: Path, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "REPORT_EVERY_S", 0)  # it is stopped on its way, however fast the machine is

    def make() -> Transfer:
        links = link_pair()
        links[1].peer_key = "SHA256:alice"
        return walled(Transfer(tmp_path, content, links=links))

    content = secrets.token_bytes(8_000_000)
    transfer = make()
    loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[Receipt]]()

    def stop() -> None:
        if sum(transfer.receiving_bar.moved) > 2_000_000:
            loop.call_soon_threadsafe(tasks[0 if who == "sender" else 1].cancel)

    transfer.receiving_bar.at_advance = stop
    tasks += [transfer.send(), transfer.receive()]
    await settled(*tasks)
    assert f"the {who} cancelled" in str(outcome(tasks[1 if who == "sender" else 0]))
    had = len(transfer.arrived()["Von.mp3.part"])
    assert 2_000_000 < had < len(content)
    later = make()
    sent, received = await later.run()
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    assert sent.route == received.route == f"{THROUGH_CHAT}, went on from {had / 1e6:,.1f} MB"
    assert later.arrived() == {"Von.mp3": content}


class Rig:
    """One end's line, and what it said."""

    def __init__(self) -> None:
        self.here, self.there = link_pair()
        self.stop = StopSignal()
        self.line = ChatLine(self.here, asyncio.get_running_loop(), self.stop)


async def test_no_more_is_sent_ahead_than_the_other_end_takes() -> None:
    rig = Rig()
    sending = asyncio.create_task(asyncio.to_thread(rig.line.send_all, bytes(PIECE_BYTES * (WINDOW_PIECES + 10))))
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(WINDOW_PIECES):
            assert await rig.there.heard.get() == bytes(PIECE_BYTES + 1)
        with pytest.raises(TimeoutError):  # Nothing can show that nothing comes, but it would be there by then.
            await asyncio.wait_for(rig.there.heard.get(), 0.2)
        assert not sending.done()
        assert rig.line.hear(b"\x01\x00\x0a")
        await sending
    assert rig.there.heard.qsize() == 10
    rig.stop.close()


@pytest.mark.parametrize("flood", [bytes(PIECE_BYTES + 2), bytes(10)])
async def test_who_sends_more_than_it_may_is_cut_off(flood: bytes) -> None:
    rig = Rig()
    for _ in range(10 * WINDOW_PIECES):
        assert rig.line.hear(flood)
    with pytest.raises(ConnectionLost, match="the way through the chat broke"):
        rig.line.receive_into(memoryview(bytearray(10)))
    assert len(rig.line._pieces) <= WINDOW_PIECES
    assert not rig.line.hear(b'{"type":"ended"}')
    rig.stop.close()


async def test_a_stall_and_a_stop_end_the_wait() -> None:
    rig = Rig()
    rig.line.patience_s = 0.01
    with pytest.raises(ConnectionLost, match="stalled"):
        rig.line.receive_into(memoryview(bytearray(10)))
    rig.line.patience_s = DEADLINE_S
    threading.Timer(0.05, rig.stop.set).start()
    with pytest.raises(Stopped):
        rig.line.receive_into(memoryview(bytearray(10)))
    rig.stop.close()
