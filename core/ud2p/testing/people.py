"""Real clients on loopback, for tests in asyncio: with their events, introduced to each other, in a chat."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, TypeVar

from ud2p.chat import Chat
from ud2p.client import Client
from ud2p.events import ClientEvent, Invited
from ud2p.testing.broker import a_broker
from ud2p.testing.identities import identity_of

E = TypeVar("E")
DEADLINE_S = 20.0
"""After this long, what is waited for does not come."""


class Person:
    """A client and its events."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events = client.events()
        """All of them, from the first; whoever lets them pile up holds the peers back."""
        self._chat: Chat | None = None
        self._loop = asyncio.get_running_loop()

    @property
    def chat(self) -> Chat:
        """The chat that :func:`introduce` began last."""
        assert self._chat is not None, f"{self.client.name} is in no chat yet; introduce them to somebody"
        return self._chat

    @chat.setter
    def chat(self, chat: Chat) -> None:
        self._chat = chat

    async def next(self, kind: type[E], where: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of a kind; those before it are passed over.

        :param where: which of that kind are meant
        :raises TimeoutError: none came within :data:`DEADLINE_S`
        """
        self._check_loop()
        async with asyncio.timeout(DEADLINE_S):
            async for event in self.events:
                if isinstance(event, kind) and where(event):
                    return event
        raise AssertionError(f"the client was closed before a {kind.__name__} came")

    async def all_until(self, kind: type[E]) -> list[ClientEvent]:
        """Every event up to the next of a kind, that one included.

        :raises TimeoutError: none came within :data:`DEADLINE_S`
        """
        self._check_loop()
        events: list[ClientEvent] = []
        async with asyncio.timeout(DEADLINE_S):
            async for event in self.events:
                events.append(event)
                if isinstance(event, kind):
                    return events
        raise AssertionError(f"the client was closed before a {kind.__name__} came")

    def _check_loop(self) -> None:
        assert asyncio.get_running_loop() is self._loop, (
            "this test and its fixtures run in two event loops, and would wait for each other; give "
            "asyncio_default_test_loop_scope and asyncio_default_fixture_loop_scope one value"
        )


class Pair(NamedTuple):
    """Two who are in a chat; each has it as ``chat``."""

    alice: Person
    """Who invited."""
    bob: Person


@contextlib.asynccontextmanager
async def a_person(name: str, broker: str, **options: Any) -> AsyncIterator[Person]:
    """Somebody who is connected.

    :param options: of :class:`ud2p.Client`; the identity is one of the tests unless it is given
    """
    async with Client(name, broker, **{"identity": identity_of(name), **options}) as client:
        yield Person(client)


@contextlib.asynccontextmanager
async def two_in_a_chat(**options: Any) -> AsyncIterator[tuple[Person, Chat, Person, Chat]]:
    """Alice, who invited, and Bob, who accepted, at a broker of their own.

    :param options: of both :class:`ud2p.Client`
    """
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
        inviter.chat, target.chat = await inviting, theirs
        return inviter.chat, target.chat
