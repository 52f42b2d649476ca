"""One address that does harm to a broker, in a process of its own, until its input ends. Says how much it has done.

python -m tests.support.flooder KIND PORT SOURCE_ADDRESS
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import Awaitable, Callable

from tests.support.identities import login_fields
from tests.support.raw_client import RawClient

from ud2p.identity import Identity

AT_ONCE = 40
CROWD = 80
"""More than may wait for one client's answer."""
HELD_UP = ("invitations", "never_read")
"""Kinds that go on for ever once they are in."""
HALF_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)
NOT_NOW = (OSError, ssl.SSLError, AssertionError, TimeoutError, asyncio.IncompleteReadError)


class Flooder:
    """What each kind does, again and again, many at a time."""

    def __init__(self, port: int, source: str) -> None:
        self._port = port
        self._source = source
        self._held: list[RawClient] = []
        self._number = 0
        self.tried = 0
        self.came_in = 0
        self.logged_in = 0

    async def connections(self) -> None:
        """Connections that say nothing."""
        self._held.append(await self._connect(tls=False))
        self.came_in += 1

    async def half_handshakes(self) -> None:
        """The beginning of TLS, and never the rest."""
        client = await self._connect(tls=False)
        await client.send(HALF_HELLO)
        self._held.append(client)
        self.came_in += 1

    async def handshakes(self) -> None:
        """TLS to its end, which is what costs the broker most."""
        client = await self._connect(tls=True)
        self.came_in += 1
        client.writer.transport.abort()

    async def logins(self) -> None:
        """Ever new names of ever new identities."""
        self._held.append(await self._log_in())

    async def bad_logins(self) -> None:
        """Signatures that the broker has to look at."""
        client = await self._connect(tls=True)
        await client.line()
        fields = login_fields("mallory", bytes(32))
        await client.send(b"$HI$ %s\n" % json.dumps({"id": 1, "version": 1, "name": "mallory", **fields}).encode())
        await client.error()
        client.writer.transport.abort()

    async def half_lines(self) -> None:
        """A line that never ends."""
        client = await self._log_in()
        self._held.append(client)
        await client.send(b'$PING$ {"id"')

    async def invitations(self) -> None:
        """Everybody, all the time."""
        client = await self._log_in()
        self._held.append(client)
        while True:
            await client.send(b"".join(b'$CON$ {"id":%d,"to":"n%d","offer":""}\n' % (2 + n, n) for n in range(50)))
            for _ in range(50):
                self.came_in += (await client.line())[0] == "$CON$"

    async def never_read(self) -> None:
        """Requests, and nobody takes the answers."""
        client = await self._log_in()
        self._held.append(client)
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        while True:
            await client.send(b'$L$ {"id":2,"limit":500}\n' * 200)

    async def _connect(self, *, tls: bool) -> RawClient:
        return await RawClient.connect(self._port, source=self._source, tls=tls)

    async def _log_in(self) -> RawClient:
        self._number += 1
        client = await self._connect(tls=True)
        await client.line()
        await client.hi(f"mallory{self._number}", Identity.generate())
        assert (await client.line())[0] == "$HI$"
        self.came_in += 1
        self.logged_in += 1
        return client

    async def flood(self, kind: Callable[[], Awaitable[None]]) -> None:
        """One of those who do it."""
        while True:
            self.tried += 1
            try:
                await kind()
            except NOT_NOW:
                await asyncio.sleep(0.001)


async def main(kind: str, port: str, source: str) -> None:
    """Flood until the input ends."""
    flooder = Flooder(int(port), source)
    at_once = CROWD if kind == "invitations" else AT_ONCE
    tasks = [asyncio.create_task(flooder.flood(getattr(flooder, kind))) for _ in range(at_once)]
    loop = asyncio.get_running_loop()
    while flooder.logged_in < at_once if kind in HELD_UP else flooder.tried < 3 * at_once:
        await asyncio.sleep(0.01)
    print("flooding", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"tried": flooder.tried, "came_in": flooder.came_in}), flush=True)
    for task in tasks:
        task.cancel()
    with contextlib.suppress(*NOT_NOW):
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
