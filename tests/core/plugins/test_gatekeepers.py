"""Gatekeepers: all are asked, the strictest wins, and trouble never opens the gate."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from ud2p.contracts import Decision, InvitationRequest, InviteRequest, LoginRequest, Refuse, Veto
from ud2p.errors import MessageVetoed
from ud2p.hookspecs import impl
from ud2p.plugins import PluginManager
from ud2p.plugins.gatekeepers import Gatekeepers

if TYPE_CHECKING:
    from ud2p.chat import Chat

CHAT = cast("Chat", object())
INVITATION = InvitationRequest("bob")
LOGIN = LoginRequest("bob", "127.0.0.1:4242")
INVITE = InviteRequest("alice", "bob")
ACCEPT, ASK, DECLINE = Decision.ACCEPT, Decision.ASK, Decision.DECLINE


class Keeping:
    """A plugin whose gatekeeper hooks all answer with what a function makes of their argument."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer
        self.asked: list[object] = []

    def _ask(self, about: object) -> Any:
        self.asked.append(about)
        return self._answer(about)

    @impl
    def ud2p_message_sending(self, chat: object, text: str) -> Any:
        assert chat is CHAT
        return self._ask(text)

    @impl
    def ud2p_invitation(self, invitation: InvitationRequest) -> Any:
        return self._ask(invitation)

    @impl
    def ud2p_broker_login(self, login: LoginRequest) -> Any:
        return self._ask(login)

    @impl
    def ud2p_broker_invite(self, invite: InviteRequest) -> Any:
        return self._ask(invite)


def kept_by(*keepers: Keeping | Callable[[Any], Any]) -> tuple[PluginManager, list[str]]:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    for number, keeper in enumerate(keepers):
        plugin = keeper if isinstance(keeper, Keeping) else Keeping(keeper)
        manager.register(plugin, f"k{number}", f"keep{number}", "1.0")
    return manager, warnings


def always(answer: Any) -> Callable[[Any], Any]:
    return lambda _: answer


def later(answer: Any) -> Callable[[Any], Any]:
    async def make(_: Any) -> Any:
        await asyncio.sleep(0)
        return answer

    return make


def raises(error: BaseException) -> Callable[[Any], Any]:
    def make(_: Any) -> Any:
        raise error

    return make


def raises_later(error: BaseException) -> Callable[[Any], Any]:
    async def make(_: Any) -> Any:
        await asyncio.sleep(0)
        raise error

    return make


async def hangs(_: Any) -> Any:
    await asyncio.Event().wait()


BROKEN = [
    raises(ValueError("no luck")),
    raises(SystemExit(1)),
    raises(asyncio.CancelledError()),
    raises_later(ValueError("no luck")),
    raises_later(SystemExit(1)),
    raises_later(asyncio.CancelledError()),
    always(3),
    always(b"bytes"),
    always([]),
    always(False),
    always(Veto),
    later(3),
    always(Veto(None)),  # type: ignore[arg-type]
    always(Refuse(3)),  # type: ignore[arg-type]
]


async def test_without_gatekeepers_nothing_is_refused() -> None:
    manager, _ = kept_by()
    assert await manager.ask_message_sending(CHAT, "text") == "text"
    assert await manager.ask_invitation(INVITATION) is None
    assert await manager.ask_broker_login(LOGIN) is None
    assert await manager.ask_broker_invite(INVITE) is None


async def test_no_opinion_refuses_nothing() -> None:
    manager, warnings = kept_by(always(None), later(None))
    assert await manager.ask_message_sending(CHAT, "text") == "text"
    assert await manager.ask_invitation(INVITATION) is None
    assert await manager.ask_broker_login(LOGIN) is None
    assert await manager.ask_broker_invite(INVITE) is None
    assert warnings == []


async def test_hooks_get_what_they_are_asked_about() -> None:
    keeper = Keeping(always(None))
    manager, _ = kept_by(keeper)
    await manager.ask_message_sending(CHAT, "text")
    await manager.ask_invitation(INVITATION)
    await manager.ask_broker_login(LOGIN)
    await manager.ask_broker_invite(INVITE)
    assert keeper.asked == ["text", INVITATION, LOGIN, INVITE]


async def test_text_is_handed_from_one_to_the_next() -> None:
    manager, warnings = kept_by(lambda text: text + "1", later(None), always(None), lambda text: text + "2")
    assert await manager.ask_message_sending(CHAT, "0") == "012"
    assert warnings == []


async def test_a_veto_gives_its_reason_and_all_are_asked() -> None:
    after = Keeping(always(Veto("the second reason")))
    manager, warnings = kept_by(lambda text: text.upper(), later(Veto("too loud")), after)
    with pytest.raises(MessageVetoed) as caught:
        await manager.ask_message_sending(CHAT, "hey")
    assert str(caught.value) == "too loud"
    assert after.asked == ["HEY"]
    assert warnings == []


async def test_a_veto_without_a_reason_names_the_plugin() -> None:
    manager, _ = kept_by(always(Veto("")))
    with pytest.raises(MessageVetoed, match='"k0" refused'):
        await manager.ask_message_sending(CHAT, "hey")


@pytest.mark.parametrize("broken", [*BROKEN, always("\ud800"), always(Refuse("not for messages"))])
async def test_a_message_stays_here_when_a_gatekeeper_breaks(broken: Callable[[Any], Any]) -> None:
    before, after = Keeping(always(None)), Keeping(always("changed"))
    manager, warnings = kept_by(before, broken, after)
    for _ in range(2):
        with pytest.raises(MessageVetoed, match='"k1" could not check it') as caught:
            await manager.ask_message_sending(CHAT, "text")
        assert "--no-plugin k1" in str(caught.value)
    assert before.asked == after.asked == ["text", "text"]
    assert len(warnings) == 1
    assert warnings[0].startswith('plugin "k1" (keep1 1.0): ud2p_message_sending ')
    assert manager.records[1].state == "on"


@pytest.mark.parametrize(
    ("answers", "decision"),
    [
        ([ACCEPT], ACCEPT),
        ([ACCEPT, None], ACCEPT),
        ([None, DECLINE, ACCEPT], DECLINE),
        ([ACCEPT, ASK], ASK),
        ([ASK, ACCEPT, DECLINE, ASK], DECLINE),
    ],
)
async def test_the_strictest_decides_about_an_invitation(answers: list[Decision | None], decision: Decision) -> None:
    keepers = [Keeping(always(answer)) for answer in answers]
    manager, _ = kept_by(*keepers)
    assert await manager.ask_invitation(INVITATION) is decision
    assert all(keeper.asked == [INVITATION] for keeper in keepers)
    manager, _ = kept_by(*[later(answer) for answer in answers])
    assert await manager.ask_invitation(INVITATION) is decision


@pytest.mark.parametrize("broken", [*BROKEN, always("accept"), always(True)])
async def test_the_user_is_asked_when_a_gatekeeper_breaks(broken: Callable[[Any], Any]) -> None:
    manager, warnings = kept_by(broken, always(ACCEPT))
    assert await manager.ask_invitation(INVITATION) is ASK
    assert len(warnings) == 1
    manager, _ = kept_by(broken, always(DECLINE))
    assert await manager.ask_invitation(INVITATION) is DECLINE


async def test_a_broker_gives_the_first_reason_and_asks_all() -> None:
    last = Keeping(always(Refuse("the third")))
    manager, _ = kept_by(always(None), later(Refuse("closed today")), last)
    assert await manager.ask_broker_login(LOGIN) == "closed today"
    assert await manager.ask_broker_invite(INVITE) == "closed today"
    assert last.asked == [LOGIN, INVITE]


async def test_a_refusal_without_a_reason_is_one() -> None:
    manager, _ = kept_by(always(Refuse("")))
    assert await manager.ask_broker_login(LOGIN) == "this broker refuses that"


@pytest.mark.parametrize("broken", [*BROKEN, always("no"), always(True)])
async def test_a_broker_refuses_when_a_gatekeeper_breaks(broken: Callable[[Any], Any]) -> None:
    manager, warnings = kept_by(broken)
    for _ in range(2):
        assert await manager.ask_broker_login(LOGIN) == ('the broker\'s plugin "k0" could not decide; try again later')
        assert "could not decide" in (await manager.ask_broker_invite(INVITE) or "")
    assert len(warnings) == 2
    assert "no luck" not in (await manager.ask_broker_login(LOGIN) or "")


def impatient(*keepers: Callable[[Any], Any]) -> tuple[Gatekeepers, list[str]]:
    manager, warnings = kept_by(*keepers)
    return Gatekeepers(manager._roster, limit_s=0.02), warnings


async def test_one_that_does_not_answer_in_time_has_refused() -> None:
    gatekeepers, warnings = impatient(hangs, always(ACCEPT))
    with pytest.raises(MessageVetoed, match=r"no answer within 0\.02 s"):
        await gatekeepers.message_sending(CHAT, "text")
    assert await gatekeepers.invitation(INVITATION) is ASK
    assert await gatekeepers.broker_login(LOGIN) is not None
    assert len([warning for warning in warnings if "gave no answer" in warning]) == 3


async def test_one_that_ignores_its_cancellation_is_left_behind() -> None:
    released = asyncio.Event()
    finished = asyncio.Event()

    async def stubborn(_: Any) -> Any:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        finished.set()

    gatekeepers, _ = impatient(stubborn)
    async with asyncio.timeout(10):
        assert await gatekeepers.invitation(INVITATION) is ASK
        released.set()
        await finished.wait()


async def test_the_limit_is_two_seconds() -> None:
    assert PluginManager()._gatekeepers._limit_s == 2.0


async def test_who_stops_asking_stops_the_gatekeeper_too() -> None:
    stopped = asyncio.Event()
    began = asyncio.Event()

    async def slow(_: Any) -> Any:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    manager, warnings = kept_by(slow)
    async with asyncio.timeout(10):
        asking = asyncio.create_task(manager.ask_message_sending(CHAT, "text"))
        await began.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await stopped.wait()
    assert warnings == []


async def test_a_task_or_a_future_is_an_awaitable_too() -> None:
    async def work() -> str:
        return "changed"

    def with_future(_: str) -> Any:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_result("by a future")
        return future

    manager, _ = kept_by(lambda _: asyncio.ensure_future(work()))
    assert await manager.ask_message_sending(CHAT, "text") == "changed"
    manager, _ = kept_by(with_future)
    assert await manager.ask_message_sending(CHAT, "text") == "by a future"


async def test_the_user_may_interrupt() -> None:
    manager, _ = kept_by(raises(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        await manager.ask_invitation(INVITATION)


async def test_an_exception_that_quotes_a_peer_can_not_reach_the_terminal() -> None:
    def quoting(about: object) -> Any:
        raise ValueError(about)

    manager, (*_,) = kept_by(quoting)
    with pytest.raises(MessageVetoed) as caught:
        await manager.ask_message_sending(CHAT, "\x1b]52;c;ZXZpbA==\x07")
    assert str(caught.value).isprintable()


async def test_nothing_is_left_unawaited() -> None:
    manager, _ = kept_by(later(None), raises_later(ValueError()), later(Veto("no")))
    with pytest.raises(MessageVetoed):
        await manager.ask_message_sending(CHAT, "text")
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}
