"""The suites of directories and name stores notice what breaks the contracts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.inner_runs import failures

from ud2p import Claim, Directory, DirectoryInfo, DirectoryPage, Entry, NameStore
from ud2p.testing import DirectoryConformance, NameStoreConformance
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.names import OwnedNames

pytest_plugins = ["pytester"]


class LetsAStaleRouteRemove(MemoryDirectory):
    async def remove(self, name: str, route: str) -> bool:
        entry = await self.find(name)
        return entry is not None and await super().remove(name, entry.route)


class ForgetsTheRoute(MemoryDirectory):
    async def find(self, name: str) -> Entry | None:
        entry = await super().find(name)
        return entry and replace(entry, route="")


class Races(MemoryDirectory):
    """Looks, waits, and then takes the name."""

    async def put(self, entry: Entry) -> bool:
        there = await self.find(entry.name)
        await asyncio.sleep(0)
        if there is not None:
            return False
        await super().remove(entry.name, entry.route)
        await super().put(entry)
        return True


class MindsCase(MemoryDirectory):
    async def find(self, name: str) -> Entry | None:
        entry = await super().find(name)
        return entry if entry is not None and entry.name == name else None


class CountsTheCursor(MemoryDirectory):
    """A cursor that is a number of entries: people who come and go shift it."""

    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        whole = await super().page(prefix=prefix, cursor="", limit=500, only_online=only_online)
        start = int(cursor) if cursor.isascii() and cursor.isdecimal() else 0
        rest = whole.entries[start:]
        return DirectoryPage(rest[:limit], str(start + limit) if len(rest) > limit else None, whole.total)


class OneTooMany(MemoryDirectory):
    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        return await super().page(prefix=prefix, cursor=cursor, limit=limit + 1, only_online=only_online)


class KeepsWhoIsGone(MemoryDirectory):
    """Who left stays in the list of everybody."""

    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        page = await super().page(prefix=prefix, cursor=cursor, limit=limit, only_online=only_online)
        return replace(page, entries=(*page.entries, *self.gone)) if not only_online else page

    def __init__(self) -> None:
        super().__init__()
        self.gone: list[Entry] = []

    async def remove(self, name: str, route: str) -> bool:
        entry = await self.find(name)
        removed = await super().remove(name, route)
        self.gone += [entry] if removed and entry is not None else []
        return removed


class Waits(MemoryDirectory):
    async def find(self, name: str) -> Entry | None:
        await asyncio.sleep(0)
        return await super().find(name)


BROKEN: list[tuple[Callable[[], Directory], str]] = [
    (LetsAStaleRouteRemove, "test_a_route_that_is_stale_changes_nothing"),
    (LetsAStaleRouteRemove, "test_only_the_holder_removes"),
    (ForgetsTheRoute, "test_everybody_keeps_their_route_and_address"),
    (Races, "test_concurrent_puts_of_one_name"),
    (MindsCase, "test_what_was_put_is_found"),
    (CountsTheCursor, "test_a_cursor_counts_nobody"),
    (OneTooMany, "test_pages_hold_everybody_once"),
    (KeepsWhoIsGone, "test_against_a_plain_model"),
    (Waits, "test_one_that_never_waits_never_does"),
]


@pytest.mark.parametrize(("make", "test"), BROKEN)
def test_a_directory_that_breaks_its_contract_fails(
    pytester: pytest.Pytester, make: Callable[[], Directory], test: str
) -> None:
    info = DirectoryInfo("broken", make, "broken", never_waits=True)
    assert failures(pytester, DirectoryConformance, info, only=test) == {test}


def test_one_that_waits_passes_where_it_does_not_promise_otherwise(pytester: pytest.Pytester) -> None:
    assert failures(pytester, DirectoryConformance, DirectoryInfo("waits", Waits, "it waits")) == set()


class Names(OwnedNames):
    """In memory."""

    def __init__(self) -> None:
        super().__init__(None)


class GivesNamesAway(Names):
    async def claim(self, name: str, owner: bytes, *, most: int, most_in_all: int) -> Claim:
        await self.release(name)
        return await super().claim(name, owner, most=most, most_in_all=most_in_all)


class HasNoLimits(Names):
    async def claim(self, name: str, owner: bytes, *, most: int, most_in_all: int) -> Claim:
        return await super().claim(name, owner, most=1000, most_in_all=1000)


class NamesThatRace(Names):
    async def claim(self, name: str, owner: bytes, *, most: int, most_in_all: int) -> Claim:
        there = await self.owner(name)
        await asyncio.sleep(0)
        if there is None:
            await self.release(name)
        return await super().claim(name, owner, most=most, most_in_all=most_in_all)


@pytest.mark.parametrize(
    ("make", "tests"),
    [
        (Names, set()),
        (GivesNamesAway, {"test_the_first_one_owns_a_name", "test_of_several_who_claim_at_once_one_gets_it"}),
        (HasNoLimits, {"test_one_owner_has_so_many", "test_so_many_are_owned_in_all"}),
        (NamesThatRace, {"test_of_several_who_claim_at_once_one_gets_it"}),
    ],
)
def test_a_name_store_that_breaks_its_contract_fails(
    pytester: pytest.Pytester, make: Callable[[], NameStore], tests: set[str]
) -> None:
    failed = failures(pytester, NameStoreConformance, DirectoryInfo("it", MemoryDirectory, "it", names=make))
    assert tests <= failed
    assert bool(tests) or not failed
