"""The echo peer: accepts every invitation, says everything back, and returns every file."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from ud2p import Chat, ChatEnded, ChatOpened, Client, FileOffered, Invited, MessageReceived
from ud2p.contracts import FileOffer
from ud2p.errors import UD2PError

GREETING = "hello! I am echo: I say back what you say, and return the files that you send me"


class EchoPeer:
    """Lives at one client until it is closed."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer everybody; ends when the client is closed."""
        with tempfile.TemporaryDirectory(prefix="ud2p-echo-") as folder:
            try:
                async for event in self._client.events():
                    match event:
                        case Invited(invitation):
                            self._start(self._client.answer(invitation, accept=True))
                        case ChatOpened(chat):
                            chat.post(GREETING)
                        case MessageReceived(chat, text) if chat.is_open:
                            chat.post(text)
                        case FileOffered(chat, offer):
                            self._start(self._return_file(chat, offer, Path(folder)))
                        case ChatEnded():
                            pass
            finally:
                await self._stop()

    async def _return_file(self, chat: Chat, offer: FileOffer, folder: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as own_folder:
            receipt = await chat.accept_file(offer, Path(own_folder))
            if receipt.path is not None:
                chat.post(f"thank you for {receipt.name}; here it is back")
                await chat.send_file(receipt.path)

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        async def run() -> None:
            with contextlib.suppress(UD2PError):  # The other end reads why; the echo peer goes on.
                await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
