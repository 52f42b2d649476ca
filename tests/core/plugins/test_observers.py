"""Observers watch; what they get wrong stays with them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from ud2p.hookspecs import OBSERVER_HOOKS, impl
from ud2p.plugins import PluginManager
from ud2p.plugins.check import _arguments_of

if TYPE_CHECKING:
    from ud2p.chat import Chat

CHAT = cast("Chat", object())


class Watching:
    def __init__(self, do: Callable[[str], Any] = lambda _: None) -> None:
        self._do = do
        self.seen: list[str] = []

    @impl
    def ud2p_message_received(self, chat: object, text: str) -> Any:
        assert chat is CHAT
        self.seen.append(text)
        return self._do(text)

    @impl
    def ud2p_chat_closed(self, reason: str) -> None:
        self.seen.append(reason)


def raise_it(error: BaseException) -> Callable[[str], Any]:
    def do(_: str) -> Any:
        raise error

    return do


def watched_by(*plugins: Watching) -> tuple[PluginManager, list[str]]:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    for number, plugin in enumerate(plugins):
        manager.register(plugin, f"w{number}", f"watch{number}", "1.0")
    return manager, warnings


@pytest.mark.parametrize("error", [ValueError("no luck"), SystemExit(2), GeneratorExit(), RecursionError()])
def test_one_that_raises_is_named_once_and_not_told_again(error: BaseException) -> None:
    bad, good = Watching(raise_it(error)), Watching()
    manager, warnings = watched_by(bad, good)
    for text in ("one", "two", "three"):
        manager.observe("ud2p_message_received", chat=CHAT, text=text)
    assert bad.seen == ["one"]
    assert good.seen == ["one", "two", "three"]
    (warning,) = warnings
    assert warning.startswith('plugin "w0" (watch0 1.0): ud2p_message_received raised ')
    assert type(error).__name__ in warning
    assert warning.endswith("; it is not called any more")
    assert manager.records[0].state == "failed"
    assert manager.records[1].state == "on"


def test_only_the_hook_that_broke_is_switched_off() -> None:
    bad = Watching(raise_it(ValueError()))
    manager, _ = watched_by(bad)
    manager.observe("ud2p_message_received", chat=CHAT, text="text")
    manager.observe("ud2p_chat_closed", chat=CHAT, reason="the end")
    assert bad.seen == ["text", "the end"]


def test_an_observer_that_is_a_coroutine_is_named_and_leaves_no_warning_behind() -> None:
    ran = []

    async def late(text: str) -> None:
        ran.append(text)

    manager, warnings = watched_by(Watching(late))
    for _ in range(2):
        manager.observe("ud2p_message_received", chat=CHAT, text="text")
    gc.collect()  # a coroutine that was never awaited would complain here, and warnings are errors
    assert len(warnings) == 1
    assert "is a coroutine" in warnings[0]
    assert ran == []


def test_what_observers_return_is_nothing_to_anybody() -> None:
    manager, warnings = watched_by(Watching(lambda _: "an answer"))
    manager.observe("ud2p_message_received", chat=CHAT, text="text")
    assert warnings == []


def test_the_user_may_interrupt() -> None:
    manager, _ = watched_by(Watching(raise_it(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        manager.observe("ud2p_message_received", chat=CHAT, text="text")


def test_an_exception_that_quotes_a_peer_can_not_reach_the_terminal() -> None:
    def quoting(text: str) -> None:
        raise ValueError(text)

    manager, (*_,) = watched_by(Watching(quoting))
    manager.observe("ud2p_message_received", chat=CHAT, text="\x1b]52;c;ZXZpbA==\x07")
    assert manager.records[0].problem.isprintable()


@pytest.mark.parametrize("hook", OBSERVER_HOOKS)
def test_every_observer_hook_reaches_its_plugins(hook: str) -> None:
    calls: list[tuple[object, ...]] = []
    names = [name for name in _arguments_of(hook) if name != "options"]
    scope: dict[str, Any] = {"impl": impl, "calls": calls}
    exec(f"class P:\n @impl\n def {hook}(self, {', '.join(names)}): calls.append(({', '.join(names)},))", scope)
    manager = PluginManager(pytest.fail)
    manager.register(scope["P"](), "p")
    given = {name: object() for name in names}
    manager.observe(hook, **given)
    assert calls == [tuple(given.values())]
