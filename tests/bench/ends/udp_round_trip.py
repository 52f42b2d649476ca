"""The same with asyncio's datagram protocols and nothing else: what a round trip costs before ud2p has done anything.

python -m tests.bench.ends.udp_round_trip asker|echo
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, cast

from tests.bench.ends.chat_round_trip import TEXT
from tests.bench.ends.orders import obey


class Echo(asyncio.DatagramProtocol):
    """Sends every datagram back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        self.transport.sendto(data, address)


class Asker(Echo):
    """Asks one datagram at a time."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._count = 0
        self._text = ""
        self._began = 0.0
        self._done: asyncio.Future[None]
        self._echo: tuple[str, int]

    async def invite(self, port: int) -> None:
        """Learn where the echo is."""
        self._echo = ("127.0.0.1", port)

    async def ask(self, count: int) -> dict[str, object]:
        """Make so many round trips; how long each took, in seconds."""
        self._times, self._count = [], count
        self._done = asyncio.get_running_loop().create_future()
        self._ask()
        await self._done
        return {"times": self._times}

    def _ask(self) -> None:
        self._text = TEXT.format(len(self._times))
        self._began = time.perf_counter()
        self.transport.sendto(self._text.encode(), self._echo)

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        """See :class:`asyncio.DatagramProtocol`."""
        self._times.append(time.perf_counter() - self._began)
        assert data.decode() == self._text, data
        if len(self._times) < self._count:
            self._ask()
        else:
            self._done.set_result(None)


async def main(role: str) -> None:
    """Play a role."""
    loop = asyncio.get_running_loop()
    kind = Asker if role == "asker" else Echo
    transport, protocol = await loop.create_datagram_endpoint(kind, local_addr=("127.0.0.1", 0))
    handlers = {"invite": protocol.invite, "ask": protocol.ask} if isinstance(protocol, Asker) else {}
    await obey({"port": transport.get_extra_info("sockname")[1]}, **handlers)
    transport.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
