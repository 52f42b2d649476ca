"""One end of a file transfer, from the start of its process to its end: a client, a chat, one file.

python -m tests.bench.ends.file_end receiver BROKER FOLDER
python -m tests.bench.ends.file_end sender BROKER FILE
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tests.bench.ends.orders import say
from tests.bench.processes import memory_kib
from tests.support.identities import identity_of

import ud2p


async def receive(client: ud2p.Client, folder: Path) -> None:
    """Accept the one file that is offered."""
    say({})
    async for event in client.events():
        if isinstance(event, ud2p.FileOffered):
            before_kib = memory_kib("self", "VmRSS")
            receipt = await event.chat.accept_file(event.offer, folder)
            say({"bytes": receipt.size_bytes, "before_kib": before_kib, "peak_kib": memory_kib("self", "VmHWM")})
            return


async def send(client: ud2p.Client, file: Path) -> None:
    """Invite, send, and wait for the receipt."""
    chat = await client.invite("receiver")
    before_kib = memory_kib("self", "VmRSS")
    began = time.perf_counter()
    receipt = await chat.send_file(file)
    seconds = time.perf_counter() - began
    peak_kib = memory_kib("self", "VmHWM")
    say({"bytes": receipt.size_bytes, "seconds": seconds, "before_kib": before_kib, "peak_kib": peak_kib})


async def main(role: str, broker: str, path: str) -> None:
    """Play a role."""
    async with ud2p.Client(role, broker, auto_accept=True, identity=identity_of(role)) as client:
        await (receive if role == "receiver" else send)(client, Path(path))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
