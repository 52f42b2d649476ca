"""A chat message there and back: ``asker`` posts and waits for the echo, ``echo`` posts whatever it reads.

python -m tests.bench.ends.chat_round_trip asker|echo BROKER
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator

from tests.bench.ends.orders import obey
from tests.support.identities import identity_of

import ud2p

TEXT = "{:08d}" + 92 * "."


class Asker:
    """Asks one message at a time."""

    def __init__(self, client: ud2p.Client) -> None:
        self._client = client
        self._events: AsyncIterator[ud2p.ClientEvent] = client.events()
        self._chat: ud2p.Chat

    async def invite(self) -> None:
        """Open the chat."""
        self._chat = await self._client.invite("echo")

    async def ask(self, count: int) -> dict[str, object]:
        """Make so many round trips; how long each took, in seconds."""
        chat, clock, times = self._chat, time.perf_counter, []
        text = TEXT.format(0)
        began = clock()
        chat.post(text)
        async for event in self._events:
            if isinstance(event, ud2p.MessageReceived):
                times.append(clock() - began)
                assert event.text == text, event.text
                if len(times) == count:
                    break
                text = TEXT.format(len(times))
                began = clock()
                chat.post(text)
        await chat.flush()
        return {"times": times}


async def echo(client: ud2p.Client) -> None:
    """Send everything back."""
    async for event in client.events():
        if isinstance(event, ud2p.MessageReceived):
            event.chat.post(event.text)


async def main(role: str, broker: str) -> None:
    """Play a role."""
    async with ud2p.Client(role, broker, auto_accept=True, identity=identity_of(role)) as client:
        if role == "asker":
            asker = Asker(client)
            await obey({}, invite=asker.invite, ask=asker.ask)
            return
        echoing = asyncio.create_task(echo(client))
        await obey({})
        echoing.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
