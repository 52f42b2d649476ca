"""A real broker and real clients on loopback, for tests in asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.support.brokers import a_state_folder
from tests.support.identities import identity_of

from ud2p import Chat, Client, Invited, PluginManager
from ud2p.events import ClientEvent
from ud2p_server.limits import Limits
from ud2p_server.main import Broker, ServeSettings

E = TypeVar("E")
DEADLINE_S = 20.0


@contextlib.asynccontextmanager
async def a_broker(
    plugins: PluginManager | None = None,
    *,
    port: int = 0,
    limits: Limits | None = None,
    state: Path | None = None,
    plaintext: bool = False,
) -> AsyncIterator[str]:
    """A broker; gives its address.

    :param state: what it keeps; None is a new folder with the key that all brokers of the tests have
    """
    with contextlib.ExitStack() as folders:
        folder = state or folders.enter_context(a_state_folder())
        settings = ServeSettings(port=port, state=folder, plaintext=plaintext)
        broker = Broker(settings, plugins or PluginManager.load(), limits=limits, log=lambda _: None)
        await broker.start()
        try:
            yield f"{broker.host}:{broker.port}"
        finally:
            await broker.close()


class Person:
    """A client and its events."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events = client.events()
        """All of them, from the first; whoever lets them pile up holds the peers back."""

    async def next(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of a kind; those before it are passed over."""
        async with asyncio.timeout(DEADLINE_S):
            async for event in self.events:
                if isinstance(event, kind) and where(event):
                    return event
        raise AssertionError(f"the client was closed before a {kind.__name__} came")

    async def all_until(self, kind: type[E]) -> list[ClientEvent]:
        """Every event up to the next of a kind, that one included."""
        events: list[ClientEvent] = []
        async with asyncio.timeout(DEADLINE_S):
            async for event in self.events:
                events.append(event)
                if isinstance(event, kind):
                    return events
        raise AssertionError(f"the client was closed before a {kind.__name__} came")


@contextlib.asynccontextmanager
async def a_person(name: str, broker: str, **options: Any) -> AsyncIterator[Person]:
    """Somebody who is connected."""
    async with Client(name, broker, **{"identity": identity_of(name), **options}) as client:
        yield Person(client)


@contextlib.asynccontextmanager
async def two_in_a_chat(**options: Any) -> AsyncIterator[tuple[Person, Chat, Person, Chat]]:
    """Alice, who invited, and Bob, who accepted."""
    async with a_broker() as broker, a_person("alice", broker, **options) as alice:
        async with a_person("bob", broker, **options) as bob:
            chats = await introduce(alice, bob)
            yield alice, chats[0], bob, chats[1]


async def introduce(inviter: Person, target: Person) -> tuple[Chat, Chat]:
    """The chat of both, as each has it."""
    async with asyncio.timeout(DEADLINE_S):
        inviting = asyncio.ensure_future(inviter.client.invite(target.client.name))
        invited = await target.next(Invited)
        theirs = await target.client.answer(invited.invitation, accept=True)
        assert theirs is not None
        return await inviting, theirs
