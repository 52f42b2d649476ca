"""A broker that does as it likes: the real one, with somebody at the place where its lines leave.

``python -m tests.support.malicious_broker NAME`` runs one with a trick of :mod:`tests.support.tricks`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Iterable

from tests.support.brokers import a_state_folder

from ud2p.plugins import PluginManager
from ud2p.protocol.messages import Message
from ud2p_server.client import Client, Link
from ud2p_server.hub import Work
from ud2p_server.server import Broker, ServeSettings

Trick = Callable[["MaliciousBroker", str, Message], Iterable[Message]]
"""What is sent to somebody (by name) in place of a message."""


def honest(broker: MaliciousBroker, to: str, message: Message) -> Iterable[Message]:
    """No trick."""
    return (message,)


class MaliciousBroker:
    """Knows what every broker knows, and changes what it sends."""

    def __init__(self, broker: Broker, trick: Trick) -> None:
        assert broker._board is not None
        self.trick = trick
        self.address = f"{broker.host}:{broker.port}"
        self.port = broker.port
        self.fingerprint = broker.fingerprint or ""
        self.sent: list[tuple[str, Message]] = []
        """What honest brokers would have sent, and to whom."""
        self.heard: list[Message] = []
        """What clients sent."""
        self._hub = broker._board.hub
        self._links: dict[str, Link] = {}
        self._connect, self._handle = self._hub.connect, self._hub.handle
        self._hub.connect = self._connected  # type: ignore[method-assign]
        self._hub.handle = self._hears  # type: ignore[method-assign]

    def send(self, to: str, message: Message) -> None:
        """Say something to somebody who is logged in."""
        (client,) = (client for client in self._hub.presence.clients() if client.name == to)
        assert isinstance(client.link, _Bent)
        client.link.inner.send(message)

    def _connected(self, link: Link, host: str, port: int) -> Client:
        client = self._connect(link, host, port)
        client.link = _Bent(self, client, link)
        return client

    def _hears(self, client: Client, message: Message, now: float) -> Work | None:
        self.heard.append(message)
        return self._handle(client, message, now)


class _Bent:
    """Between the hub and a client's link."""

    def __init__(self, broker: MaliciousBroker, client: Client, inner: Link) -> None:
        self.inner = inner
        self._broker = broker
        self._client = client

    def send(self, message: Message) -> None:
        self._broker.sent.append((self._client.name, message))
        for each in self._broker.trick(self._broker, self._client.name, message):
            self.inner.send(each)

    def welcomed(self) -> None:
        self.inner.welcomed()

    def close(self) -> None:
        self.inner.close()

    def queued_bytes(self) -> int:
        return self.inner.queued_bytes()


@contextlib.asynccontextmanager
async def a_malicious_broker(trick: Trick = honest) -> AsyncIterator[MaliciousBroker]:
    """One that is closed afterwards. It has the key that all brokers of the tests have."""
    with a_state_folder() as folder:
        broker = Broker(ServeSettings(port=0, state=folder), PluginManager.load(), log=lambda _: None)
        await broker.start()
        try:
            yield MaliciousBroker(broker, trick)
        finally:
            await broker.close()


async def _serve(name: str) -> None:
    from tests.support.tricks import TRICKS

    async with a_malicious_broker(TRICKS[name]()) as broker:
        print(f"listening on {broker.address}\nIts key: {broker.fingerprint}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
