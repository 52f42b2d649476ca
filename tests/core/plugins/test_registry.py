"""Collecting what plugins bring, and what they get wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from ud2p.contracts import Cipher, CipherInfo, CommandInfo, ThemeInfo
from ud2p.errors import PluginError
from ud2p.hookspecs import OPTIONS_HOOK, REGISTER_HOOKS, impl
from ud2p.plugins import PluginManager
from ud2p.plugins.record import KINDS


def no_cipher(_: bytes) -> Cipher:
    raise NotImplementedError


GOOD = CipherInfo("good", 32, 1, 1, 1, no_cipher)


class Answering:
    """A plugin that answers to ``ud2p_register_ciphers`` with whatever a function makes."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self.calls = 0

    @impl
    def ud2p_register_ciphers(self) -> Any:
        self.calls += 1
        return self._make()

    @impl
    def ud2p_register_themes(self) -> list[ThemeInfo]:
        return [ThemeInfo("plain-words", make=lambda: pytest.fail("not to be made"))]


def with_plugin(make: Callable[[], Any]) -> tuple[PluginManager, list[str]]:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Answering(make), "sparkle", "ud2p-sparkle", "1.2")
    manager.register(Answering(lambda: [replace(GOOD, name="other")]), "other", "zz", "1")
    return manager, warnings


def raises(error: BaseException) -> Callable[[], Any]:
    def make() -> Any:
        raise error

    return make


async def a_coroutine() -> list[CipherInfo]:
    return [GOOD]


def a_generator() -> Iterator[CipherInfo]:
    yield GOOD


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (raises(ValueError("no luck")), "raised ValueError: no luck"),
        (raises(SystemExit(1)), "raised SystemExit: 1"),
        (raises(RecursionError("deep")), "raised RecursionError: deep"),
        (lambda: None, "returned NoneType, not a sequence"),
        (lambda: GOOD, "returned CipherInfo, not a sequence"),
        (lambda: "aes-gcm", "returned str, not a sequence"),
        (lambda: {"a": GOOD}, "returned dict, not a sequence"),
        (a_coroutine, "returned coroutine, not a sequence"),
        (a_generator, "returned generator, not a sequence"),
    ],
)
def test_a_register_hook_that_breaks_is_named_and_costs_only_its_own(make: Callable[[], Any], says: str) -> None:
    manager, warnings = with_plugin(make)
    assert list(manager.ciphers) == ["other"]
    assert warnings == [
        f'plugin "sparkle" (ud2p-sparkle 1.2): ud2p_register_ciphers {says}; what it would bring is left out'
    ]
    (broken,) = [record for record in manager.records if record.name == "sparkle"]
    assert broken.state == "failed"
    assert says in broken.problem
    assert broken.registers == ("theme plain-words",)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (None, "NoneType is not a CipherInfo"),
        (CipherInfo, "type is not a CipherInfo"),
        (ThemeInfo("x", make=lambda: pytest.fail("no")), "ThemeInfo is not a CipherInfo"),
        (replace(GOOD, name=""), "can't be the name"),
        (replace(GOOD, name="UPPER"), "can't be the name"),
        (replace(GOOD, name="a\x1b[2J"), "can't be the name"),
        (replace(GOOD, name="a\n"), "can't be the name"),
        (replace(GOOD, name="-a"), "can't be the name"),
        (replace(GOOD, name="a" * 33), "can't be the name"),
        (replace(GOOD, name=3), "can't be the name"),  # type: ignore[arg-type]
        (replace(GOOD, make=None), "does not keep its contract"),  # type: ignore[arg-type]
        (replace(GOOD, summary=None), "does not keep its contract"),  # type: ignore[arg-type]
        (replace(GOOD, key_size=0), "limits above 0"),
        (replace(GOOD, max_records=-1), "limits above 0"),
        (replace(GOOD, max_bytes="many"), "limits above 0"),  # type: ignore[arg-type]
        (replace(GOOD, max_failed_opens=1.5), "limits above 0"),  # type: ignore[arg-type]
        (replace(GOOD, name="other"), 'the cipher other is there already, from plugin "other" (zz 1)'),
    ],
)
def test_an_info_that_is_wrong_is_named_and_the_others_stay(wrong: object, says: str) -> None:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Answering(lambda: [replace(GOOD, name="other")]), "other", "zz", "1")
    manager.register(Answering(lambda: [wrong, GOOD]), "sparkle", "zzz", "1.2")
    assert list(manager.ciphers) == ["other", "good"]
    (warning,) = warnings
    assert warning.startswith('plugin "sparkle" (zzz 1.2): ud2p_register_ciphers: ')
    assert says in warning
    assert warning.isprintable()
    record = manager.records[-1]
    assert record.state == "on"
    assert says in record.problem


def test_the_user_may_interrupt() -> None:
    manager, _ = with_plugin(raises(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        _ = manager.ciphers


def test_commands_have_shorter_names_and_something_to_run() -> None:
    class Commanding:
        @impl
        def ud2p_register_commands(self) -> list[Any]:
            return [CommandInfo("two-words", run=print), CommandInfo("dance", run=print), CommandInfo("sit", run=None)]  # type: ignore[arg-type]

    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Commanding(), "commanding")
    assert list(manager.commands) == ["dance"]
    assert len(warnings) == 2


def test_each_kind_is_collected_when_asked_for_and_once() -> None:
    plugin = Answering(lambda: [GOOD])
    manager = PluginManager(pytest.fail)
    manager.register(plugin, "sparkle")
    assert plugin.calls == 0
    assert "plain-words" in manager.themes
    assert plugin.calls == 0
    for _ in range(3):
        assert manager.ciphers["good"] is GOOD
        assert len(manager.records) == 1
        assert manager.offered_ciphers(["good"]) == (GOOD,)
    assert plugin.calls == 1


def test_who_comes_later_is_collected_too() -> None:
    manager = PluginManager(pytest.fail)
    assert not manager.ciphers
    manager.register(Answering(lambda: [GOOD]), "sparkle")
    assert list(manager.ciphers) == ["good"]


def test_two_threads_get_the_same_answer_from_one_question() -> None:
    plugin = Answering(lambda: [GOOD])
    manager = PluginManager(pytest.fail)
    manager.register(plugin, "sparkle")
    barrier = Barrier(4)

    def ask() -> object:
        barrier.wait(10)
        return manager.ciphers

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result(10) for future in [pool.submit(ask) for _ in range(4)]]
    assert all(answer is answers[0] for answer in answers)
    assert plugin.calls == 1


def test_a_hook_that_asks_for_what_it_is_to_answer_is_named() -> None:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Answering(lambda: list(manager.ciphers.values())), "circular")
    manager.register(Answering(lambda: [GOOD]), "good")
    assert list(manager.ciphers) == ["good"]
    assert len([warning for warning in warnings if "only being collected" in warning]) == 1


def test_nobody_can_change_what_was_collected() -> None:
    manager = PluginManager(pytest.fail)
    manager.register(Answering(lambda: [GOOD]), "sparkle")
    with pytest.raises(TypeError):
        manager.ciphers["aes-gcm"] = GOOD  # type: ignore[index]


def test_every_register_hook_has_its_kind() -> None:
    assert sorted([*KINDS.values(), OPTIONS_HOOK]) == sorted(REGISTER_HOOKS)


def test_an_unknown_name_lists_what_there_is() -> None:
    manager, _ = with_plugin(lambda: [GOOD])
    error = manager.unknown("cipher", "godo\x1b")
    assert isinstance(error, PluginError)
    assert str(error) == 'no cipher is called "godo\\x1b"; did you mean good? there are: good, other'
