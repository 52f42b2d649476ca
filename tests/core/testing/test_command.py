"""The suite of commands notices what breaks the contract."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.support.inner_runs import failures

from ud2p import CommandInfo, UD2PError, UsageError
from ud2p.testing import CommandConformance

pytest_plugins = ["pytester"]

MENU, CHAT = "test_in_the_menu_anything_may_be_typed", "test_in_a_chat_anything_may_be_typed"


def counts(context: Any, text: str) -> None:
    """Takes a number, and does not look whether it is one."""
    context.say(str(int(text or 1)))


def needs_a_chat(context: Any, text: str) -> None:
    context.say(context.chat.peer)


def says_nothing(context: Any, text: str) -> None:
    raise UD2PError


def tells_a_story(context: Any, text: str) -> None:
    raise UsageError("this\nis not\na sentence")


def returns(context: Any, text: str) -> str:
    return "a result"


def says_bytes(context: Any, text: str) -> None:
    context.say(text.encode("utf-8", "replace"))


def says_elsewhere(context: Any, text: str) -> None:
    async def say() -> None:
        context.say("from the loop thread")

    context.wait(say())


def good(context: Any, text: str) -> None:
    async def who() -> int:
        assert threading.current_thread() is not threading.main_thread()
        return len((await context.client.list()).clients)

    if len(text) > 100:
        raise UsageError("that is too long; type less")
    where = "the menu" if context.chat is None else f"a chat with {context.chat.peer}"
    context.say(f"{context.wait(who())} are here, and you in {where}: {text}")


@pytest.mark.parametrize(
    ("run", "tests"),
    [
        (counts, {MENU, CHAT}),
        (needs_a_chat, {MENU}),
        (says_nothing, {MENU, CHAT}),
        (tells_a_story, {MENU, CHAT}),
        (returns, {MENU, CHAT}),
        (says_bytes, {MENU, CHAT}),
        (says_elsewhere, {MENU, CHAT}),
        (good, set()),
    ],
)
def test_a_command_that_breaks_its_contract_fails(pytester: pytest.Pytester, run: Any, tests: set[str]) -> None:
    info = CommandInfo("it", run, "does it")
    assert failures(pytester, CommandConformance, info) - {"test_in_a_chat_that_is_over_anything_may_be_typed"} == tests


@pytest.mark.parametrize(
    ("info", "test"),
    [
        (CommandInfo("two words", good, "does it"), "test_the_info_can_be_registered"),
        (CommandInfo("it", good), "test_help_has_a_line_for_it"),
        (CommandInfo("it", good, "two\nlines"), "test_help_has_a_line_for_it"),
    ],
)
def test_an_info_that_help_can_not_show_fails(pytester: pytest.Pytester, info: CommandInfo, test: str) -> None:
    assert failures(pytester, CommandConformance, info, only="help") == {test}


def test_work_that_does_not_end_is_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait_forever() -> None:
        await never.wait()

    import asyncio

    never = asyncio.Event()
    info = CommandInfo("it", lambda context, text: context.wait(wait_forever()), "waits")
    monkeypatch.setattr("ud2p.testing.loop_thread.DEADLINE_S", 0.5)
    assert failures(pytester, CommandConformance, info, only="menu_anything", typed=("",)) == {MENU}
