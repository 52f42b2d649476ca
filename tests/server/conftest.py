from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.brokers import Connect, StartBroker, broker_starter, client_connector


@pytest.fixture
def log() -> list[str]:
    """What the brokers of this test say."""
    return []


@pytest.fixture
async def start(log: list[str]) -> AsyncIterator[StartBroker]:
    async with broker_starter(log) as start_broker:
        yield start_broker


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with client_connector() as connect_client:
        yield connect_client
