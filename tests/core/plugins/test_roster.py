"""Order, and faults that are named once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ud2p.hookspecs import impl
from ud2p.plugins import PluginManager

HOOK = "ud2p_broker_event"


class Writing:
    """An observer that writes its name down."""

    def __init__(self, log: list[str], name: str) -> None:
        self._log = log
        self._name = name

    @impl
    def ud2p_broker_event(self) -> None:
        self._log.append(self._name)


class WritingFirst(Writing):
    @impl(tryfirst=True)
    def ud2p_broker_event(self) -> None:
        super().ud2p_broker_event()


class WritingLast(Writing):
    @impl(trylast=True)
    def ud2p_broker_event(self) -> None:
        super().ud2p_broker_event()


def order_of(*plugins: tuple[type[Writing], str, str]) -> list[str]:
    log: list[str] = []
    manager = PluginManager(pytest.fail)
    for kind, name, distribution in plugins:
        manager.register(kind(log, name), name, distribution)
    manager.observe(HOOK, event=None)
    return log


def test_built_ins_come_first_then_distributions_then_names() -> None:
    assert order_of(
        (Writing, "z2", "zebra"),
        (Writing, "b", "UD2P"),
        (Writing, "m", "Mango"),
        (Writing, "z1", "zebra"),
        (Writing, "a", "ud2p"),
        (Writing, "own", ""),
        (Writing, "n", "apple_pie"),
    ) == ["a", "b", "own", "n", "m", "z1", "z2"]


def test_first_and_last_are_honoured() -> None:
    assert order_of(
        (WritingLast, "a", "ud2p"),
        (Writing, "b", "ud2p"),
        (Writing, "c", "other"),
        (WritingFirst, "d", "other"),
        (WritingFirst, "e", "other"),
        (WritingLast, "f", "other"),
    ) == ["d", "e", "b", "c", "f", "a"]


def test_records_are_in_the_same_order() -> None:
    manager = PluginManager(pytest.fail)
    for name, distribution in (("z", "zebra"), ("a", "zebra"), ("b", "ud2p")):
        manager.register(Writing([], name), name, distribution, "1")
    assert [record.name for record in manager.records] == ["b", "a", "z"]
    assert [record.builtin for record in manager.records] == [True, False, False]


def test_a_name_that_is_taken_stays_with_who_has_it() -> None:
    log: list[str] = []
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Writing(log, "first"), "same", "zebra", "1")
    manager.register(Writing(log, "second"), "same", "ud2p", "2")
    manager.observe(HOOK, event=None)
    assert log == ["first"]
    assert warnings == [
        'plugin "same" (ud2p 2) is left out: the name is taken by plugin "same" (zebra 1); '
        "--no-plugin same turns it off"
    ]


def test_one_object_under_two_names_is_asked_once() -> None:
    log: list[str] = []
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    thing = Writing(log, "it")
    manager.register(thing, "one")
    manager.register(thing, "two")
    manager.observe(HOOK, event=None)
    assert log == ["it"]
    assert len(warnings) == 1


def test_a_hook_call_costs_little() -> None:
    """Not a measurement: a bound that only a mistake, such as a scan at each call, would break."""
    import time

    manager = PluginManager(pytest.fail)
    for name in "abc":
        manager.register(Writing([], name), name)
    fastest = min(_timed(lambda: manager.observe(HOOK, event=None), time.perf_counter) for _ in range(200))
    assert fastest < 100e-6


def _timed(work: Callable[[], None], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began


def test_a_plugin_that_registers_another_while_it_is_told_breaks_nothing() -> None:
    log: list[str] = []
    manager = PluginManager(pytest.fail)

    class Breeding:
        @impl
        def ud2p_broker_event(self) -> None:
            if not log:
                manager.register(Writing(log, "child"), "child")
                log.append("born")

    manager.register(Breeding(), "breeding")
    manager.observe(HOOK, event=None)
    manager.observe(HOOK, event=None)
    assert log == ["born", "child"]


def test_the_test_files_stand_beside_what_they_test() -> None:
    here = Path(__file__).parent
    sources = {path.stem for path in (here.parents[2] / "core/ud2p/plugins").glob("[a-z]*.py")}
    assert {path.stem.removeprefix("test_") for path in here.glob("test_*.py")} == sources
