"""A long chat between two real clients whose network loses most things, compared message by message.

python -m tests.bench.long_chat [--seconds 120] [--loss 0.4] [--seed 0]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time

from tests.bench.rounds import percentile
from tests.support.lossy_transport import LossyPlugin
from tests.support.people import Person, a_broker, a_person, introduce

from ud2p import Chat, MessageReceived, PluginManager

COPIES = 0.1
LAST_DELIVERY_S = 120.0


class Side:
    """One of the two: what it said, what it heard, how long each took to be acknowledged."""

    def __init__(self, person: Person, chat: Chat, seed: int) -> None:
        self.said: list[str] = []
        self.heard: list[str] = []
        self.delays_s: list[float] = []
        self._person = person
        self._chat = chat
        self._chance = random.Random(seed)
        self._waiting: set[asyncio.Task[None]] = set()

    async def talk(self, until: float) -> None:
        """Say something every now and then."""
        while time.monotonic() < until:
            self.said.append(self._something())
            waiting = asyncio.create_task(self._time(self.said[-1]))
            self._waiting.add(waiting)
            await asyncio.sleep(self._chance.random() * 0.2)
        async with asyncio.timeout(LAST_DELIVERY_S):
            await asyncio.gather(*self._waiting)

    async def listen(self) -> None:
        """Hear everything."""
        async for event in self._person.events:
            if isinstance(event, MessageReceived):
                self.heard.append(event.text)

    def _something(self) -> str:
        words = self._chance.choice([1, 5, 40, 400]) if self._chance.random() < 0.98 else 10_000
        return f"{len(self.said)} " + " ".join(str(self._chance.randrange(100_000)) for _ in range(words))

    async def _time(self, text: str) -> None:
        began_at = time.perf_counter()
        await self._chat.post(text).delivered()
        self.delays_s.append(time.perf_counter() - began_at)


async def chat(seconds: float, loss: float, seed: int) -> int:
    """Chat so long.

    :returns: the exit code: 0 when each heard just what the other said
    """
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(a_broker())
        people = []
        for number, name in enumerate(("alice", "bob")):
            plugins = PluginManager.load()
            plugins.register(LossyPlugin(loss, COPIES, seed + number), "lossy")
            people.append(await stack.enter_async_context(a_person(name, broker, plugins=plugins, transport="lossy")))
        chats = await introduce(people[0], people[1])
        sides = [Side(person, chat, seed + n) for n, (person, chat) in enumerate(zip(people, chats, strict=True))]
        listening = [asyncio.create_task(side.listen()) for side in sides]
        until = time.monotonic() + seconds
        await asyncio.gather(*(side.talk(until) for side in sides))
        async with asyncio.timeout(5):
            while any(len(mine.heard) < len(theirs.said) for mine, theirs in (sides, sides[::-1])):
                await asyncio.sleep(0.01)
        for task in listening:
            task.cancel()
    is_right = all(mine.heard == theirs.said for mine, theirs in (sides, sides[::-1]))
    delays_s = sorted(delay for side in sides for delay in side.delays_s)
    print(
        f"{sum(len(side.said) for side in sides)} messages, {sum(map(len, sides[0].said + sides[1].said)):,} bytes"
        f" in {seconds:.0f} s at {loss:.0%} loss each way:"
        f" {'each came once and in order' if is_right else 'WRONG'};"
        f" acknowledged after {percentile(delays_s, 0.5):.2f} s (median), {delays_s[-1]:.2f} s (longest)"
    )
    return 0 if is_right else 1


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.long_chat", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--loss", type=float, default=0.4, help="share of datagrams, 0 to 1")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["UD2P_STATE_DIR"] = folder  # Whom the two know is nobody else's business.
        return asyncio.run(chat(options.seconds, options.loss, options.seed))


if __name__ == "__main__":
    sys.exit(main())
