"""``ud2p send PEER FILE...``"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.contracts.files import label_of
from ud2p.errors import BrokerRefused, InvitationFailed
from ud2p.protocol.refusals import Code
from ud2p.sources import inspect_sources
from ud2p_shell.headless.report import Report
from ud2p_shell.headless.session import Outcome, run_headless

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.client import Client
    from ud2p.config import Settings
    from ud2p.plugins import PluginManager

ASKS_AGAIN_S = 1.0
_NOT_THERE = (Code.UNKNOWN_CLIENT, Code.TARGET_OFFLINE)


def run_send(
    settings: Settings, plugins: PluginManager, peer: str, paths: Sequence[str], wait_s: float, *, as_json: bool
) -> int:
    """Send files and folders to ``peer``, in one transfer.

    :param wait_s: for how many seconds a peer that is not there is waited for
    :returns: the exit code: 0 when everything got through
    :raises UD2PError: no chat came about, or a file can't be sent at all
    """
    sources = inspect_sources([Path(os.path.expanduser(path)) for path in paths])  # before anybody is bothered
    name = label_of([source.name for source in sources if source.entry.is_root])
    size_bytes = sum(source.size_bytes for source in sources)

    async def work(client: Client, report: Report) -> int:
        chat = await _invite(client, report, peer, wait_s)
        report.tell("chat", None, peer=chat.peer, path=chat.path, cipher=chat.cipher, trust=chat.trust)
        outcome = Outcome()
        report.tell("offered", screen.FileWaiting(chat.peer, name), name=name, bytes=size_bytes, peer=chat.peer)
        await outcome.follow(report, lambda bar: chat.send_sources(sources, bar), chat, name, len(sources), sent=True)
        await chat.leave()
        return outcome.exit_code

    return run_headless(settings, plugins, work, as_json=as_json)


async def _invite(client: Client, report: Report, peer: str, wait_s: float) -> Chat:
    """The chat with ``peer``, who is waited for."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    is_told = False
    while True:
        try:
            return await client.invite(peer)
        except BrokerRefused as error:
            if error.code not in _NOT_THERE:
                raise
            if loop.time() >= until:
                text = f"{peer} is not there; start ud2p or ud2p receive there, or wait for longer with --wait SECONDS"
                raise InvitationFailed("gone", text) from error
        if not is_told:
            is_told = True
            report.tell("waiting", screen.Notice(f"Waiting for {peer} to be there..."), peer=peer)
        await asyncio.sleep(min(ASKS_AGAIN_S, max(0.0, until - loop.time())))
