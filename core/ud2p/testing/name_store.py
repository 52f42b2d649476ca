"""What every name store must do, whoever made it: subclass :class:`NameStoreConformance` and set ``info``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ud2p.contracts.directory import Claim, DirectoryInfo, NameStore
from ud2p.testing.extra import asyncio_fixture, asyncio_test

ALICE, BOB = b"a" * 32, b"b" * 32


async def claim(names: NameStore, name: str, owner: bytes, *, most: int = 8, most_in_all: int = 100) -> Claim:
    """Take a name, within limits that are out of the way."""
    return await names.claim(name, owner, most=most, most_in_all=most_in_all)


class NameStoreConformance:
    """The promises of :class:`ud2p.NameStore`. It keeps no state between the tests."""

    info: DirectoryInfo
    """What the plugin registers: a directory with ``names``."""

    def make(self) -> NameStore:
        """An empty store of its own for every test; override it where making one takes more than ``info.names``."""
        assert self.info.names is not None, "the directory leaves the names to the broker; there is nothing to test"
        return self.info.names()

    @asyncio_fixture
    async def names(self) -> AsyncIterator[NameStore]:
        """What :meth:`make` makes, closed afterwards."""
        names = self.make()
        yield names
        await names.close()

    @asyncio_test
    async def test_the_first_one_owns_a_name(self, names: NameStore) -> None:
        assert await names.owner("alice") is None
        assert await claim(names, "Alice", ALICE) is Claim.OWNED
        assert await names.owner("aLICE") == ALICE
        assert await claim(names, "alice", ALICE) is Claim.OWNED
        assert await claim(names, "ALICE", BOB) is Claim.TAKEN
        assert await names.owner("alice") == ALICE

    @asyncio_test
    async def test_a_released_name_is_free(self, names: NameStore) -> None:
        assert await names.release("alice") is False
        await claim(names, "alice", ALICE)
        assert await names.release("ALICE") is True
        assert await names.owner("alice") is None
        assert await claim(names, "alice", BOB) is Claim.OWNED

    @asyncio_test
    async def test_one_owner_has_so_many(self, names: NameStore) -> None:
        for name in ("one", "two"):
            assert await claim(names, name, ALICE, most=2) is Claim.OWNED
        assert await claim(names, "three", ALICE, most=2) is Claim.TOO_MANY
        assert await names.owner("three") is None
        assert await claim(names, "ONE", ALICE, most=2) is Claim.OWNED
        assert await claim(names, "three", BOB, most=2) is Claim.OWNED
        assert await claim(names, "three", ALICE, most=2) is Claim.TAKEN
        await names.release("one")
        assert await claim(names, "four", ALICE, most=2) is Claim.OWNED

    @asyncio_test
    async def test_so_many_are_owned_in_all(self, names: NameStore) -> None:
        assert await claim(names, "one", ALICE, most_in_all=1) is Claim.OWNED
        assert await claim(names, "two", BOB, most_in_all=1) is Claim.FULL
        assert await claim(names, "one", ALICE, most_in_all=1) is Claim.OWNED
        assert await names.owner("two") is None

    @asyncio_test
    async def test_of_several_who_claim_at_once_one_gets_it(self, names: NameStore) -> None:
        owners = [bytes([number]) * 32 for number in range(20)]
        claims = await asyncio.gather(*(claim(names, "alice", owner) for owner in owners))
        assert claims.count(Claim.OWNED) == 1
        assert claims.count(Claim.TAKEN) == 19
        assert await names.owner("alice") == owners[claims.index(Claim.OWNED)]
