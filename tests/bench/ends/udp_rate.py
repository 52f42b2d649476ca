"""The same loop without sealing: plain datagrams, read up to 64 a wake-up, and as many under way as get lost nowhere.

python -m tests.bench.ends.udp_rate sender|receiver
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time

from tests.bench.ends.chat_round_trip import TEXT
from tests.bench.ends.orders import obey

AHEAD = 256
"""Datagrams under way: few enough that none is lost, enough that neither side waits."""
A_WAKE_UP = 64
BUFFER_BYTES = 1 << 20


class End:
    """A socket that is read when something is there."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._read)
        self._count = self._at = 0
        self._done: asyncio.Future[None] = self._loop.create_future()

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _begin(self, count: int) -> None:
        self._count, self._at = count, 0
        self._done = self._loop.create_future()

    def _read(self) -> None:
        raise NotImplementedError


class Receiver(End):
    """Looks at every datagram, and says after every wake-up how far it is."""

    async def expect(self, count: int) -> None:
        """Get ready for so many."""
        self._begin(count)

    async def receive(self) -> None:
        """Wait until all are there, each the right one."""
        await self._done

    def _read(self) -> None:
        source = None
        for _ in range(A_WAKE_UP):
            try:
                data, source = self._socket.recvfrom(2048)
            except BlockingIOError:
                break
            assert data.decode() == TEXT.format(self._at), data
            self._at += 1
        if source is not None:
            self._socket.sendto(self._at.to_bytes(8, "big"), source)
        if self._at == self._count:
            self._done.set_result(None)


class Sender(End):
    """Sends, always with some datagrams under way."""

    async def invite(self, port: int) -> None:
        """Learn where the receiver is."""
        self._socket.connect(("127.0.0.1", port))

    async def send(self, count: int) -> dict[str, object]:
        """Send so many; the seconds until the last one arrived."""
        self._begin(count)
        began = time.perf_counter()
        self._arrived = 0
        self._send()
        await self._done
        return {"seconds": time.perf_counter() - began}

    def _read(self) -> None:
        for _ in range(A_WAKE_UP):
            try:
                self._arrived = int.from_bytes(self._socket.recv(2048), "big")
            except BlockingIOError:
                break
        self._send()
        if self._arrived == self._count:
            self._done.set_result(None)

    def _send(self) -> None:
        upto = min(self._arrived + AHEAD, self._count)
        while self._at < upto:
            try:
                self._socket.send(TEXT.format(self._at).encode())
            except BlockingIOError:
                break
            self._at += 1


async def main(role: str) -> None:
    """Play a role."""
    end: Sender | Receiver = Sender() if role == "sender" else Receiver()
    if isinstance(end, Sender):
        await obey({"port": end.port}, invite=end.invite, send=end.send)
    else:
        await obey({"port": end.port}, expect=end.expect, receive=end.receive)
    end.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
