"""Brokers for tests: started on a free port, closed afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

from tests.support.raw_client import RawClient

from ud2p.plugins import PluginManager
from ud2p.testing.broker import a_state_folder
from ud2p_plugins.directories import memory
from ud2p_server.limits import Limits
from ud2p_server.server import Broker, ServeSettings

__all__ = ["Connect", "StartBroker", "a_state_folder", "broker_starter", "client_connector", "memory_only"]


class StartBroker(Protocol):
    """Starts a broker that is closed after the test."""

    async def __call__(
        self,
        limits: Limits | None = None,
        plugins: PluginManager | None = None,
        settings: ServeSettings | None = None,
        clock: Callable[[], float] | None = None,
    ) -> Broker: ...


Connect = Callable[..., Awaitable[RawClient]]
"""Connects (or, with a name, logs in) a raw client that is closed after the test."""


def memory_only(*others: object) -> PluginManager:
    """The memory directory and these plugins."""
    problems: list[str] = []
    plugins = PluginManager(problems.append)
    plugins.register(memory, "memory")
    for number, other in enumerate(others):
        plugins.register(other, f"other-{number}")
    assert not problems
    return plugins


@asynccontextmanager
async def broker_starter(log: list[str], *, tls: bool = False) -> AsyncIterator[StartBroker]:
    """
    :param log: takes what the brokers say
    :param tls: without it they speak plain text, so that a test can type lines
    """
    brokers: list[Broker] = []
    folders = contextlib.ExitStack()

    async def start(
        limits: Limits | None = None,
        plugins: PluginManager | None = None,
        settings: ServeSettings | None = None,
        clock: Callable[[], float] | None = None,
    ) -> Broker:
        settings = settings or ServeSettings(port=0)
        state = settings.state or folders.enter_context(a_state_folder())
        broker = Broker(
            replace(settings, plaintext=not tls, state=state),
            plugins or memory_only(),
            limits=limits or Limits(tick_s=0.01),
            log=log.append,
            clock=clock,
        )
        await broker.start()
        brokers.append(broker)
        return broker

    try:
        yield start
    finally:
        async with asyncio.timeout(10):
            for broker in brokers:
                await broker.close()
        folders.close()


@asynccontextmanager
async def client_connector(*, tls: bool = False) -> AsyncIterator[Connect]:
    """Raw clients, closed afterwards."""
    clients: list[RawClient] = []

    async def connect(port: int, name: str = "", **options: Any) -> RawClient:
        options = {"tls": tls, **options}
        client = await (RawClient.login(port, name, **options) if name else RawClient.connect(port, **options))
        clients.append(client)
        return client

    try:
        yield connect
    finally:
        for client in clients:
            await client.close()
