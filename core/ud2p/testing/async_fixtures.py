"""The fixtures that need pytest-asyncio: a broker, and people who are connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from pathlib import Path

    from ud2p.plugins import PluginManager
    from ud2p.testing.people import Pair, Person


@pytest_asyncio.fixture
async def ud2p_broker(ud2p_folders: Path, ud2p_plugins: PluginManager) -> AsyncIterator[str]:
    """The address, ``127.0.0.1:PORT``, of a real broker that keeps nothing after the test."""
    from ud2p.testing.broker import a_broker

    async with a_broker(ud2p_plugins) as address:
        yield address


@pytest_asyncio.fixture
async def ud2p_people(ud2p_broker: str, ud2p_plugins: PluginManager) -> AsyncIterator[Callable[..., Awaitable[Person]]]:
    """``await ud2p_people("carol", **options)`` connects a :class:`ud2p.testing.Person`; the options are those of
    :class:`ud2p.Client`. The plugins are ``ud2p_plugins`` unless others are given."""
    from ud2p.testing.people import a_person

    async with AsyncExitStack() as stack:

        async def connect(name: str, **options: Any) -> Person:
            return await stack.enter_async_context(a_person(name, ud2p_broker, **{"plugins": ud2p_plugins, **options}))

        yield connect


@pytest_asyncio.fixture
async def ud2p_pair(ud2p_people: Callable[..., Awaitable[Person]]) -> Pair:
    """A :class:`ud2p.testing.Pair`: alice, who invited, and bob, who accepted, in a chat."""
    from ud2p.testing.people import Pair, introduce

    alice, bob = await ud2p_people("alice"), await ud2p_people("bob")
    await introduce(alice, bob)
    return Pair(alice, bob)
