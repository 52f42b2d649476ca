"""The echo peer: accepts every invitation, says everything back, and returns every file."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

from ud2p import Chat, ChatOpened, Client, FileOffered, MessageReceived
from ud2p.contracts import FileOffer
from ud2p.errors import UD2PError

GREETING = "hello! I am echo: I say back what you say, and return the files that you send me"


async def run_echo(client: Client) -> None:
    """Answer everybody until ``client``, which accepts invitations by itself, is closed."""
    async with asyncio.TaskGroup() as files:
        async for event in client.events():
            match event:
                case ChatOpened(chat):
                    chat.post(GREETING)
                case MessageReceived(chat, text) if chat.is_open:
                    chat.post(text)
                case FileOffered(chat, offer):
                    files.create_task(_return_file(chat, offer))


async def _return_file(chat: Chat, offer: FileOffer) -> None:
    with contextlib.suppress(UD2PError), tempfile.TemporaryDirectory(prefix="ud2p-echo-") as folder:
        receipt = await chat.accept_file(offer, Path(folder))
        chat.post(f"thank you for {receipt.name}; here it is back")
        await chat.send_files([Path(folder, root.path) for root in offer.roots])
