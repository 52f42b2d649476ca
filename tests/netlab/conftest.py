"""One small internet with a broker in the middle; every test makes its own routers and hosts in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.e2e.home import UD2P
from tests.e2e.world import World
from tests.netlab.internet import CENTRE, Internet
from tests.support.namespaces import why_there_are_none


@pytest.fixture(scope="module")
def internet() -> Iterator[Internet]:
    """Skips where there are no namespaces."""
    reason = why_there_are_none()
    if reason:
        pytest.skip(reason)
    with ExitStack() as stack:
        internet = Internet()
        stack.callback(internet.close)
        yield internet


@pytest.fixture(scope="module")
def outer_world(internet: Internet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world of the broker that the tests of a module share."""
    world = World(tmp_path_factory.mktemp("broker"))
    world.broker("--host", CENTRE, command=internet.centre.command(UD2P))
    yield world
    world.close()


@pytest.fixture
def world(outer_world: World, tmp_path: Path) -> Iterator[World]:
    """A world with the broker of the module."""
    world = World(tmp_path, outer_world.address)
    world.key = outer_world.key
    yield world
    world.close()


@pytest.fixture
def empty_world(internet: Internet, tmp_path: Path) -> Iterator[World]:
    """A world without a broker."""
    world = World(tmp_path)
    yield world
    world.close()
