"""What a file transfer plugin may use of a chat, between two real clients."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.people import two_in_a_chat

from ud2p import FileOffered
from ud2p.errors import LocalProtocolError
from ud2p.file_link import MAX_UNACKNOWLEDGED_CONTROLS, ChatFileLink


async def under_way(tmp_path: Path, mine: Any, bob: Any, theirs: Any) -> ChatFileLink:
    """The sender's link of an offer."""
    (tmp_path / "a").write_bytes(b"a")
    sending = asyncio.ensure_future(mine.send_file(tmp_path / "a"))
    await bob.next(FileOffered)
    sending.add_done_callback(lambda done: done.cancelled() or done.exception())
    (link,) = mine.files._links.values()
    assert isinstance(link, ChatFileLink)
    return link


async def test_it_says_where_the_peer_has_answered(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        link = await under_way(tmp_path, mine, bob, theirs)
        assert link.peer_hosts[0] == link.local_hosts[0] == "127.0.0.1"
        assert link.peer_key == mine.peer_key


async def test_what_the_peer_does_not_acknowledge_is_not_added_to(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        link = await under_way(tmp_path, mine, bob, theirs)
        endpoint = mine.driver.endpoint
        assert endpoint is not None
        silence(endpoint)
        for _ in range(MAX_UNACKNOWLEDGED_CONTROLS - len(link._unacknowledged)):
            await asyncio.wait_for(link.control(bytes(16 * 1024)), 10)
        waiting = asyncio.ensure_future(link.control(b"one more"))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
        del endpoint.send
        async with asyncio.timeout(20):
            await waiting


async def test_the_end_of_the_chat_ends_the_wait(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        link = await under_way(tmp_path, mine, bob, theirs)
        silence(mine.driver.endpoint)
        for _ in range(MAX_UNACKNOWLEDGED_CONTROLS - len(link._unacknowledged)):
            await asyncio.wait_for(link.control(bytes(16 * 1024)), 10)
        waiting = asyncio.ensure_future(link.control(b"one more"))
        await asyncio.sleep(0)
        await theirs.leave()
        async with asyncio.timeout(20):
            await waiting


async def test_a_control_has_its_size(tmp_path: Path) -> None:
    async with two_in_a_chat() as (_, mine, bob, theirs):
        link = await under_way(tmp_path, mine, bob, theirs)
        with pytest.raises(LocalProtocolError, match="at most 16 KiB"):
            await link.control(bytes(16 * 1024 + 1))


def silence(endpoint: Any) -> None:
    """Let nothing out any more."""
    endpoint.send = lambda *_: None
