"""What every end-to-end test starts from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.world import Broker, World
from tests.support.packages import Packages


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that the tests of a module share; a test that disturbs it starts its own."""
    outer = World(tmp_path_factory.mktemp("broker"))
    yield outer.broker()
    outer.close()


@pytest.fixture
def empty_world(tmp_path: Path) -> Iterator[World]:
    """A world without a broker."""
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def world(empty_world: World, broker: Broker) -> World:
    """A world with the module's broker."""
    empty_world.address, empty_world.key = broker.address, broker.key
    return empty_world


@pytest.fixture
def installed(tmp_path: Path) -> Packages:
    """Where a test installs packages for the programs that it starts."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return Packages(folder)
