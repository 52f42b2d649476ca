"""What is looked at before a plugin is taken in."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import pytest

from ud2p import hookspecs
from ud2p.contracts import CipherInfo
from ud2p.hookspecs import impl
from ud2p.plugins import PluginManager
from ud2p.plugins.check import _arguments_of


def plugin(**functions: object) -> types.SimpleNamespace:
    return types.SimpleNamespace(**functions)


def module(source: str) -> types.ModuleType:
    made = types.ModuleType("made_for_a_test")
    exec("from ud2p import impl\n" + source, made.__dict__)
    return made


def outcome(thing: object) -> tuple[str, str]:
    """What became of a plugin: its state, and the one warning."""
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(thing, "sparkle", "ud2p-sparkle", "1.2")
    (record,) = manager.records
    assert len(warnings) == (record.state != "on")
    assert all(warning.startswith('plugin "sparkle" (ud2p-sparkle 1.2) is left out: ') for warning in warnings)
    assert manager.ciphers == {}
    return record.state, "".join(warnings)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("@impl\ndef ud2p_register_cyphers(): return []", "did you mean ud2p_register_ciphers?"),
        ("@impl\ndef something_else(): return []", "something_else is not a hook"),
        ("@impl(specname='ud2p_nothing_like_it')\ndef ud2p_register_ciphers(): return []", "is not a hook"),
        ("@impl\ndef ud2p_register_ciphers(key): return []", "asks for 'key'; it may ask for options"),
        ("@impl\ndef ud2p_register_options(options): return []", "asks for 'options'; it may ask for nothing"),
        ("@impl\ndef ud2p_chat_closed(chat, because): ...", "asks for 'because'; it may ask for chat, reason, options"),
        ("@impl\ndef ud2p_chat_closed(*, chat): ...", "'chat' by keyword only"),
        ("@impl(wrapper=True)\ndef ud2p_register_ciphers(): return (yield)", "wrapper"),
        ("@impl(hookwrapper=True)\ndef ud2p_message_sending(): yield", "wrapper"),
        ("@impl(wrapper=True)\ndef ud2p_chat_opened(): return (yield)", "wrapper"),
        ("def ud2p_register_ciphers(): return []", "not marked with @ud2p.impl"),
        ("", "implements no hook"),
    ],
)
def test_a_mistake_is_named_and_the_plugin_left_out(source: str, says: str) -> None:
    good = "@impl\ndef ud2p_broker_event(event): ...\n" if source else ""
    state, warning = outcome(module(good + source))
    assert state == "failed"
    assert says in warning
    assert "--no-plugin sparkle" in warning


class Unfinished:
    """A class whose instances are plugins; as an entry point, its methods lack their ``self``."""

    @impl
    def ud2p_register_ciphers(self) -> list[CipherInfo]:
        return []


class HostileNames:
    def __dir__(self) -> list[str]:
        raise SystemExit


class HostileAttributes:
    @property
    def ud2p_register_ciphers(self) -> object:
        raise SystemExit


class HostileEquality:
    @impl
    def ud2p_register_ciphers(self) -> list[CipherInfo]:
        return []

    def __eq__(self, other: object) -> bool:
        raise SystemExit

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("thing", [None, 3, "text", {}, Unfinished, HostileNames(), HostileAttributes()])
def test_things_that_are_no_plugins_are_named(thing: object) -> None:
    assert outcome(thing)[0] == "failed"


class EqualToAll(Unfinished):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("hostile", [HostileEquality, EqualToAll])
def test_objects_that_can_not_be_compared_harm_nobody_else(hostile: Callable[[], object]) -> None:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    for number in range(3):
        manager.register(hostile(), f"hostile{number}")
    manager.register(Unfinished(), "good")
    assert [record.state for record in manager.records if record.name == "good"] == ["on"]
    assert [warning.split('"')[1] for warning in warnings] == ["hostile0", "hostile1", "hostile2"]


def a_static_hook() -> object:
    class Plugin:
        @staticmethod
        @impl
        def ud2p_register_ciphers() -> list[CipherInfo]:
            return []

    return Plugin


@pytest.mark.parametrize(
    "make",
    [
        lambda: module("@impl\ndef ud2p_register_ciphers(): return []"),
        lambda: module("@impl\ndef ud2p_chat_closed(reason): ..."),
        lambda: module("@impl\ndef ud2p_chat_closed(chat, reason, more=3): ..."),
        lambda: module("@impl\ndef ud2p_chat_closed(chat, *rest, more=3, **others): ..."),
        lambda: module("@impl(specname='ud2p_chat_closed')\ndef when_it_ends(): ..."),
        lambda: module("@impl(optionalhook=True)\ndef ud2p_of_tomorrow(x): ...\n@impl\ndef ud2p_chat_opened(): ..."),
        lambda: module("from ud2p.hookspecs import ud2p_chat_closed\n@impl\ndef ud2p_chat_opened(): ..."),
        lambda: module("def ud2p_helper(): ...\n@impl\ndef ud2p_chat_opened(): ..."),
        Unfinished,
        a_static_hook,
    ],
)
def test_what_is_right_is_taken_in(make: Callable[[], Any]) -> None:
    assert outcome(make()) == ("on", "")


def test_an_import_only_plugin_may_name_hooks_of_tomorrow_but_needs_one_of_today() -> None:
    state, warning = outcome(module("@impl(optionalhook=True)\ndef ud2p_of_tomorrow(x): ..."))
    assert state == "failed"
    assert "implements no hook" in warning


@pytest.mark.parametrize(
    ("source", "is_told"),
    [
        ("@impl\ndef ud2p_chat_closed(chat, reason): ...", True),
        ("@impl(specname='ud2p_chat_closed')\ndef on_close(reason): ...", True),
        ("@impl\ndef ud2p_chat_closed(chat): ...", False),
        ("@impl\ndef ud2p_chat_opened(chat): ...", False),
    ],
)
def test_a_deprecated_argument_is_named_with_who_asks_for_it(
    source: str, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(hookspecs.DEPRECATED, ("ud2p_chat_closed", "reason"), "ask for the chat")
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(module(source), "old", "ud2p-old", "1.2")
    assert warnings == (
        ['plugin "old" (ud2p-old 1.2): ud2p_chat_closed\'s argument reason is deprecated and will go; ask for the chat']
        if is_told
        else []
    )
    (record,) = manager.records
    assert record.state == "on"
    assert bool(record.problem) == is_told


def test_a_deprecated_hook_is_named_and_goes_on_working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hookspecs.DEPRECATED, ("ud2p_register_ciphers", ""), "use another")
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    info = CipherInfo("old", 32, 1, 1, 1, make=lambda _: pytest.fail("not to be made"))
    manager.register(plugin(ud2p_register_ciphers=impl(lambda: [info])), "old")
    assert warnings == ['plugin "old": ud2p_register_ciphers is deprecated and will go; use another']
    assert manager.ciphers == {"old": info}


def test_a_hook_that_gains_an_argument_breaks_nobody(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    @hookspecs.spec
    def ud2p_chat_closed(chat: object, reason: str, now: float, options: object) -> None:
        """Observer: a chat ended; a later version says when."""

    monkeypatch.setattr(hookspecs, "ud2p_chat_closed", ud2p_chat_closed)
    _arguments_of.cache_clear()
    request.addfinalizer(_arguments_of.cache_clear)
    heard: list[tuple[object, ...]] = []
    manager = PluginManager(pytest.fail)
    manager.register(plugin(ud2p_chat_closed=impl(lambda chat, reason: heard.append((chat, reason)))), "old")
    manager.register(plugin(ud2p_chat_closed=impl(lambda now: heard.append((now,)))), "new")
    manager.observe("ud2p_chat_closed", chat="the chat", reason="over", now=1.5)
    assert sorted(map(str, heard)) == ["('the chat', 'over')", "(1.5,)"]
