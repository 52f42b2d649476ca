"""What every directory must do, whoever made it: subclass :class:`DirectoryConformance` and set ``info``."""

from __future__ import annotations

import asyncio
import re
from bisect import insort
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from ud2p.contracts.directory import Directory, DirectoryInfo, DirectoryPage, Entry
from ud2p.testing.extra import asyncio_fixture, asyncio_test, pytest


def entry(name: str, *, online: bool = True, route: str = "") -> Entry:
    """Somebody, connected by a route of their own."""
    return Entry(name, online, f"127.0.0.1:{1000 + len(name)}", route or f"route-{name}")


async def names(
    directory: Directory, *, prefix: str = "", cursor: str = "", limit: int = 500, only_online: bool = False
) -> list[str]:
    """The names on one page."""
    page = await directory.page(prefix=prefix, cursor=cursor, limit=limit, only_online=only_online)
    return [entry.name for entry in page.entries]


async def walk(directory: Directory, *, limit: int, prefix: str = "", only_online: bool = False) -> list[DirectoryPage]:
    """All pages, one after the other."""
    pages: list[DirectoryPage] = []
    cursor = ""
    while True:
        page = await directory.page(prefix=prefix, cursor=cursor, limit=limit, only_online=only_online)
        pages.append(page)
        if page.cursor is None:
            return pages
        assert page.cursor != cursor, "a page leads to itself"
        cursor = page.cursor


class DirectoryConformance:
    """The promises of :class:`ud2p.Directory` and :class:`ud2p.DirectoryInfo`."""

    info: DirectoryInfo
    """What the plugin registers."""

    def make(self) -> Directory:
        """An empty directory of its own for every test; override it where making one takes more than ``info.make``."""
        return self.info.make()

    @asyncio_fixture
    async def directory(self) -> AsyncIterator[Directory]:
        """What :meth:`make` makes, closed afterwards."""
        directory = self.make()
        yield directory
        await directory.close()

    def test_the_info_can_be_registered(self) -> None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.info.name)
        assert self.info.summary

    @asyncio_test
    async def test_one_that_never_waits_never_does(self, directory: Directory) -> None:
        if not self.info.never_waits:
            pytest.skip("this directory does not promise it")
        calls: list[Coroutine[Any, Any, object]] = [
            directory.put(entry("alice")),
            directory.find("alice"),
            directory.set_status("alice", "route-alice", False),
            directory.page(prefix="", cursor="", limit=5, only_online=False),
            directory.remove("alice", "route-alice"),
        ]
        try:
            for call in calls:
                with pytest.raises(StopIteration):
                    call.send(None)
        finally:
            for call in calls:  # or Python complains that nobody awaited those behind the one that waits
                call.close()

    @asyncio_test
    async def test_what_was_put_is_found(self, directory: Directory) -> None:
        alice = entry("Alice")
        assert await directory.put(alice)
        assert await directory.find("Alice") == alice
        assert await directory.find("aLICE") == alice
        assert await directory.find("alic") is None

    @asyncio_test
    async def test_a_name_is_taken_without_regard_to_case(self, directory: Directory) -> None:
        first = entry("Alice", route="1")
        assert await directory.put(first)
        assert not await directory.put(entry("aLiCe", route="2"))
        assert not await directory.put(entry("Alice", route="1"))
        assert await directory.find("alice") == first
        assert await names(directory) == ["Alice"]

    @asyncio_test
    async def test_a_name_is_free_again(self, directory: Directory) -> None:
        assert await directory.put(entry("alice", route="1"))
        assert await directory.remove("ALICE", "1")
        assert await directory.find("alice") is None
        assert await directory.put(entry("Alice", route="2"))

    @asyncio_test
    async def test_only_the_holder_removes(self, directory: Directory) -> None:
        await directory.put(entry("alice", route="1"))
        assert not await directory.remove("alice", "2")
        assert not await directory.remove("bob", "1")
        assert await directory.find("alice") is not None
        assert await directory.remove("alice", "1")
        assert not await directory.remove("alice", "1")

    @asyncio_test
    async def test_only_the_holder_changes_the_status(self, directory: Directory) -> None:
        await directory.put(entry("alice", route="1"))
        assert not await directory.set_status("alice", "2", False)
        assert not await directory.set_status("bob", "1", False)
        assert await names(directory, only_online=True) == ["alice"]
        for online in (False, False, True, True, False):
            assert await directory.set_status("Alice", "1", online)
            found = await directory.find("alice")
            assert found is not None
            assert found.online is online
            assert await names(directory, only_online=True) == (["alice"] if online else [])
            assert await names(directory) == ["alice"]

    @asyncio_test
    async def test_who_is_put_offline_is_listed_and_not_available(self, directory: Directory) -> None:
        await directory.put(entry("alice", online=False))
        await directory.put(entry("bob"))
        assert await names(directory) == ["alice", "bob"]
        assert await names(directory, only_online=True) == ["bob"]
        await directory.remove("alice", "route-alice")
        assert await names(directory) == ["bob"]

    @asyncio_test
    async def test_a_route_that_is_stale_changes_nothing(self, directory: Directory) -> None:
        """A broker learns late that a connection is gone; by then its user may be here again, by another one."""
        await directory.put(entry("alice", route="old"))
        assert await directory.remove("alice", "old")
        assert await directory.find("alice") is None
        again = entry("Alice", route="new")
        assert await directory.put(again)
        for _ in range(2):
            assert not await directory.remove("alice", "old")
            assert not await directory.set_status("alice", "old", False)
            assert await directory.find("alice") == again
        assert await names(directory, only_online=True) == ["Alice"]
        assert await directory.remove("alice", "new")
        assert await names(directory) == []

    @asyncio_test
    async def test_everybody_keeps_their_route_and_address(self, directory: Directory) -> None:
        there = [Entry(f"n{number}", number % 3 > 0, f"[::1]:{number}", f"tag {number}/ä") for number in range(1, 30)]
        for each in there:
            await directory.put(each)
        for each in there:
            assert await directory.set_status(each.name, each.route, each.online)
            assert await directory.find(each.name) == each
        page = await directory.page(prefix="", cursor="", limit=500, only_online=False)
        assert set(page.entries) == set(there)

    @asyncio_test
    async def test_pages_are_ordered_without_regard_to_case(self, directory: Directory) -> None:
        for name in ("b", "C", "A", "a.1", "A-1", "a_1", "Z", "z0"):
            await directory.put(entry(name))
        listed = await names(directory)
        assert listed == sorted(listed, key=str.casefold)
        assert len(listed) == 8

    @asyncio_test
    async def test_an_empty_page(self, directory: Directory) -> None:
        assert await directory.page(prefix="", cursor="", limit=1, only_online=False) == DirectoryPage((), None, 0)
        await directory.put(entry("alice", online=False))
        assert await directory.page(prefix="", cursor="", limit=1, only_online=True) == DirectoryPage((), None, 0)

    @asyncio_test
    @pytest.mark.parametrize("limit", [1, 2, 3, 9, 10, 11, 500])
    async def test_pages_hold_everybody_once(self, directory: Directory, limit: int) -> None:
        for number in range(10):
            await directory.put(entry(f"n{number}", online=number % 2 == 0))
        for only_online, count in ((False, 10), (True, 5)):
            pages = await walk(directory, limit=limit, only_online=only_online)
            assert all(page.total == count for page in pages)
            assert all(0 < len(page.entries) <= limit for page in pages)
            assert len(pages) == -(-count // limit)
            listed = [entry.name for page in pages for entry in page.entries]
            assert listed == [f"n{number}" for number in range(10) if not only_online or number % 2 == 0]

    @asyncio_test
    async def test_a_prefix(self, directory: Directory) -> None:
        for name in ("al", "Alice", "alBert", "bob", "a", "am", "AL9"):
            await directory.put(entry(name))
        pages = await walk(directory, limit=2, prefix="AL")
        assert [entry.name for page in pages for entry in page.entries] == ["al", "AL9", "alBert", "Alice"]
        assert {page.total for page in pages} == {4}
        assert await names(directory, prefix="zz") == []
        assert await names(directory, prefix="alice.") == []

    @asyncio_test
    async def test_a_cursor_stays_good_while_people_come_and_go(self, directory: Directory) -> None:
        for name in "acegik":
            await directory.put(entry(name))
        first = await directory.page(prefix="", cursor="", limit=3, only_online=False)
        assert [entry.name for entry in first.entries] == ["a", "c", "e"]
        assert first.cursor is not None
        await directory.remove("e", "route-e")  # where the page ended
        await directory.remove("g", "route-g")
        await directory.put(entry("b"))
        await directory.put(entry("f"))
        assert await names(directory, cursor=first.cursor) == ["f", "i", "k"]

    @asyncio_test
    @pytest.mark.parametrize("leave", ["", "a", "ac", "ace", "aceg", "acegi", "acegik"])
    async def test_a_cursor_counts_nobody(self, directory: Directory, leave: str) -> None:
        for name in "acegik":
            await directory.put(entry(name))
        first = await directory.page(prefix="", cursor="", limit=3, only_online=False)
        assert first.cursor is not None
        for name in leave:
            await directory.remove(name, f"route-{name}")
        assert await names(directory, cursor=first.cursor) == [name for name in "gik" if name not in leave]
        for name in "bd":
            await directory.put(entry(name))
        assert await names(directory, cursor=first.cursor) == [name for name in "gik" if name not in leave]

    @asyncio_test
    @pytest.mark.parametrize("cursor", ["", "zzzz", "\x00", "~", "no such cursor", "x" * 300, "💥"])
    async def test_any_cursor_and_prefix_is_harmless(self, directory: Directory, cursor: str) -> None:
        await directory.put(entry("alice"))
        for prefix in ("", "a", "zz", "💥", "\U0010ffff"):
            page = await directory.page(prefix=prefix, cursor=cursor, limit=5, only_online=False)
            assert len(page.entries) <= page.total <= 1

    @asyncio_test
    async def test_concurrent_puts_of_one_name(self, directory: Directory) -> None:
        results = await asyncio.gather(*(directory.put(entry("alice", route=str(number))) for number in range(20)))
        assert sum(results) == 1

    @asyncio_test
    async def test_many_who_come_and_go_at_once(self, directory: Directory) -> None:
        async def visit(number: int) -> None:
            name, route = f"n{number:02}", f"r{number}"
            assert await directory.put(Entry(name, True, "a", route))
            assert await directory.set_status(name, route, number % 2 == 0)
            page = await directory.page(prefix="n", cursor="", limit=500, only_online=False)
            listed = [each.name for each in page.entries]
            assert name in listed
            assert listed == sorted(set(listed))
            if number % 5 == 0:
                assert await directory.remove(name, route)

        await asyncio.gather(*(visit(number) for number in range(60)))
        left = [number for number in range(60) if number % 5]
        assert await names(directory) == [f"n{number:02}" for number in left]
        assert await names(directory, only_online=True) == [f"n{number:02}" for number in left if number % 2 == 0]

    @asyncio_test
    async def test_one_name_wanted_and_left_by_many_at_once(self, directory: Directory) -> None:
        async def hold(number: int) -> bool:
            got = await directory.put(entry("alice", route=str(number)))
            assert await directory.remove("alice", str(number)) is got
            return got

        assert any(await asyncio.gather(*(hold(number) for number in range(30))))
        assert await directory.find("alice") is None
        assert await names(directory) == []

    @asyncio_test
    async def test_against_a_plain_model(self, directory: Directory) -> None:
        """A long run of everything, compared with the simplest thing that could be right."""
        model: dict[str, Entry] = {}
        state = 1
        for _ in range(600):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            name = f"n{state >> 8 & 31}"
            route = str(state >> 16 & 1)
            online = bool(state >> 17 & 1)
            match (state >> 20) % 4:
                case 0 | 1:
                    fresh = Entry(name, online, "a", route)
                    assert await directory.put(fresh) is (name not in model)
                    model.setdefault(name, fresh)
                case 2:
                    holds = name in model and model[name].route == route
                    assert await directory.set_status(name, route, online) is holds
                    if holds:
                        model[name] = Entry(name, online, "a", route)
                case 3:
                    holds = name in model and model[name].route == route
                    assert await directory.remove(name, route) is holds
                    if holds:
                        del model[name]
        ordered: list[str] = []
        for name in model:
            insort(ordered, name)
        assert await names(directory) == ordered
        assert await names(directory, only_online=True) == [name for name in ordered if model[name].online]
        assert [await directory.find(name) for name in ordered] == [model[name] for name in ordered]
