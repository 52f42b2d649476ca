from __future__ import annotations

from typing import Any

from ud2p.plugins import PluginManager
from ud2p.testing.directory import DirectoryConformance, entry
from ud2p_plugins.directories import memory


class TestMemoryDirectory(DirectoryConformance):
    info = memory.ud2p_register_directories()[0]


def test_it_registers_through_the_hook_like_any_other() -> None:
    plugins = PluginManager()
    plugins.register(memory, "memory")
    info = plugins.directories["memory"]
    assert isinstance(info.make(), memory.MemoryDirectory)
    assert info.make() is not info.make()
    assert info.never_waits


class CountingList(list[str]):
    """A list that counts how many of its items were looked at."""

    looked_at = 0

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        self.looked_at += len(found) if isinstance(key, slice) else 1
        return found


async def test_a_page_looks_at_little_more_than_it_gives_out() -> None:
    directory = memory.MemoryDirectory()
    for number in range(20_000):
        await directory.put(entry(f"n{number:06}"))
    directory._online = names = CountingList(directory._online)
    page = await directory.page(prefix="n", cursor="n010000", limit=50, only_online=True)
    assert [page.entries[0].name, page.entries[-1].name] == ["n010001", "n010050"]
    assert page.total == 20_000
    assert 50 < names.looked_at < 50 + 4 * 16
