"""Chat messages one way, as fast as they go: ``sender`` posts, ``receiver`` reads and looks at every one.

python -m tests.bench.ends.chat_rate sender|receiver BROKER
"""

from __future__ import annotations

import asyncio
import sys
import time

from tests.bench.ends.chat_round_trip import TEXT
from tests.bench.ends.orders import obey
from tests.support.identities import identity_of

import ud2p

BATCH = 256
"""Messages that are posted before the loop gets a turn."""
AHEAD = 4 * BATCH
"""Messages that may wait for their delivery."""


class Sender:
    """Posts, always with some messages under way."""

    def __init__(self, client: ud2p.Client) -> None:
        self._client = client
        self._chat: ud2p.Chat

    async def invite(self) -> None:
        """Open the chat."""
        self._chat = await self._client.invite("receiver")

    async def send(self, count: int) -> dict[str, object]:
        """Send so many; the seconds until the last one was acknowledged."""
        chat = self._chat
        began = time.perf_counter()
        posted: list[ud2p.Posted] = []
        while len(posted) < count:
            posted += [chat.post(TEXT.format(len(posted) + n)) for n in range(min(BATCH, count - len(posted)))]
            if len(posted) > AHEAD:
                await posted[-AHEAD].delivered()
        await chat.flush()
        seconds = time.perf_counter() - began
        assert all(message.is_delivered for message in posted)
        return {"seconds": seconds}


class Receiver:
    """Reads, and knows what must come next."""

    def __init__(self, client: ud2p.Client) -> None:
        self._events = client.events()
        self._reading: asyncio.Task[None]

    async def expect(self, count: int) -> None:
        """Get ready for so many."""
        self._reading = asyncio.create_task(self._read(count))

    async def receive(self) -> None:
        """Wait until all are there, each the right one."""
        await self._reading

    async def _read(self, count: int) -> None:
        n = 0
        async for event in self._events:
            if isinstance(event, ud2p.MessageReceived):
                assert event.text == TEXT.format(n), event.text
                n += 1
                if n == count:
                    return


async def watch(client: ud2p.Client) -> None:
    """Read the events of a client that only sends, as a program does that shows ticks."""
    async for _ in client.events():
        pass


async def main(role: str, broker: str) -> None:
    """Play a role."""
    async with ud2p.Client(role, broker, auto_accept=True, identity=identity_of(role)) as client:
        if role == "receiver":
            receiver = Receiver(client)
            await obey({}, expect=receiver.expect, receive=receiver.receive)
            return
        sender = Sender(client)
        watching = asyncio.create_task(watch(client))
        await obey({}, invite=sender.invite, send=sender.send)
        watching.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
