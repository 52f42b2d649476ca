"""Where the sender can't connect, the receiver does."""

from __future__ import annotations

import asyncio
import secrets
import threading
from pathlib import Path

import msgspec
import pytest
from tests.support.file_link import PairedLink, WalledLink, link_pair
from tests.support.transfers import DEADLINE_S, Transfer, cancel_and_hold, outcome, said, say, settled

from ud2p.contracts import Receipt
from ud2p_plugins.transfers import meter, sending
from ud2p_plugins.transfers.conversation import TRYING_BACK, TRYING_CHAT, CallBack, Listening, NoWay, ThroughChat

CONTENT = secrets.token_bytes(8_000_000)


def one_way(tmp_path: Path, links: tuple[PairedLink, PairedLink] | None = None) -> Transfer:
    """A transfer whose sender can't connect, and whose receiver can."""
    transfer = Transfer(tmp_path, CONTENT, links=links or link_pair())
    transfer.links[0].__class__ = WalledLink
    return transfer


async def test_the_receiver_connects(tmp_path: Path) -> None:
    transfer = one_way(tmp_path)
    sent, received = await transfer.run()
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    assert transfer.arrived() == {"Von.mp3": CONTENT}
    assert sent.route == "direct, by a connection from the receiver"
    assert received.route == "direct, by a connection to the sender"
    assert transfer.sending_bar.paused == transfer.receiving_bar.paused == [TRYING_BACK]


@pytest.mark.parametrize("who", ["sender", "receiver"])
async def test_either_can_cancel_it_and_it_goes_on_later(
    tmp_path: Path, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "REPORT_EVERY_S", 0)
    links = link_pair()
    links[1].peer_key = "SHA256:alice"
    transfer = one_way(tmp_path, links)
    loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[Receipt]]()

    def stop() -> None:
        if sum(transfer.receiving_bar.moved) > 2_000_000:
            transfer.receiving_bar.at_advance = lambda: None
            cancel_and_hold(loop, lambda: tasks[0 if who == "sender" else 1])

    transfer.receiving_bar.at_advance = stop
    tasks += [transfer.send(), transfer.receive()]
    await settled(*tasks)
    assert f"the {who} cancelled" in str(outcome(tasks[1 if who == "sender" else 0]))
    links = link_pair()
    links[1].peer_key = "SHA256:alice"
    sent, _ = await one_way(tmp_path, links).run()
    assert isinstance(sent, Receipt), sent
    assert "went on from" in sent.route
    assert transfer.arrived() == {"Von.mp3": CONTENT}


async def test_a_receiver_that_does_not_answer_the_call_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "CALL_BACK_S", 0.2)
    transfer = one_way(tmp_path)
    link = transfer.links[1]
    sender = transfer.send()
    await say(link, Listening(secrets.token_bytes(16), 9, call_back=True, through_chat=True))
    assert isinstance(await said(link), CallBack)
    assert isinstance(await said(link), ThroughChat)
    assert transfer.sending_bar.paused == [TRYING_BACK, TRYING_CHAT]
    sender.cancel()
    await settled(sender)


async def test_a_sender_that_calls_again_and_again_gets_no_more_than_an_answer(tmp_path: Path) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    link = transfer.links[0]
    receiver = transfer.receive()
    assert isinstance(await said(link), Listening)
    for calls in (1, 1, 50):
        for _ in range(calls):
            await say(link, CallBack(1))
        assert isinstance(await said(link), NoWay)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ud2p-call")][1:]
    receiver.cancel()
    await settled(receiver)


@pytest.mark.parametrize("port", [0, 65536, -1, "9"])
async def test_a_port_that_is_none_ends_it(tmp_path: Path, port: object) -> None:
    transfer = Transfer(tmp_path, CONTENT)
    receiver = transfer.receive()
    await said(transfer.links[0])
    await transfer.links[0].control(msgspec.json.encode({"type": "call-back", "port": port}))
    await asyncio.wait_for(asyncio.wait({receiver}), DEADLINE_S)
    assert "speaks another tcp file transfer" in str(outcome(receiver))
