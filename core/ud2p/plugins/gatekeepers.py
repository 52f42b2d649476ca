"""Gatekeepers: plugins that may say no.

All are asked, one after the other, and the strictest answer wins. One that raises, takes longer than 2 s or answers
with something else than the hook allows has refused (an invitation: asks the user), and is asked again next time:
switching a gatekeeper off would open the gate. A hook may return an awaitable; it runs in a task of its own, so that
one that ignores its cancellation can be left behind.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pluggy

from ud2p.contracts import Decision, InvitationRequest, InviteRequest, LoginRequest, Refuse, Veto
from ud2p.errors import MessageVetoed
from ud2p.faults import describe
from ud2p.plugins.roster import Roster

if TYPE_CHECKING:
    from ud2p.chat import Chat

LIMIT_S = 2.0
_STRICTNESS = {Decision.ACCEPT: 0, Decision.ASK: 1, Decision.DECLINE: 2}


@dataclass(frozen=True, slots=True)
class _Broken:
    """A gatekeeper that gave no usable answer."""

    plugin: str
    problem: str


class Gatekeepers:
    """Asks everybody before something happens."""

    def __init__(self, roster: Roster, limit_s: float = LIMIT_S) -> None:
        self._roster = roster
        self._limit_s = limit_s

    async def message_sending(self, chat: Chat, text: str) -> str:
        """The text to send, as the plugins changed it.

        :raises MessageVetoed: with the reason of the first that refused
        """
        hook = "ud2p_message_sending"
        refusal: str | None = None
        for keeper in self._roster.implementations(hook):
            answer = await self._ask(keeper, hook, {"chat": chat, "text": text}, (str, Veto))
            if isinstance(answer, str):
                text = answer
            elif isinstance(answer, Veto):
                refusal = refusal or answer.reason or f'the plugin "{keeper.plugin_name}" refused the message'
            elif isinstance(answer, _Broken):
                refusal = refusal or (
                    f'the message was not sent: the plugin "{answer.plugin}" could not check it ({answer.problem}); '
                    f"turn it off with --no-plugin {answer.plugin}"
                )
        if refusal is not None:
            raise MessageVetoed(refusal)
        return text

    async def invitation(self, request: InvitationRequest) -> Decision | None:
        """What to do with an invitation; None when nobody has an opinion."""
        hook = "ud2p_invitation"
        answers = []
        for keeper in self._roster.implementations(hook):
            answer = await self._ask(keeper, hook, {"invitation": request}, (Decision,))
            if isinstance(answer, Decision):
                answers.append(answer)
            elif isinstance(answer, _Broken):
                answers.append(Decision.ASK)
        return max(answers, key=_STRICTNESS.__getitem__, default=None)

    async def broker_login(self, request: LoginRequest) -> str | None:
        """Why a login is refused, None when it is not."""
        return await self._refusal("ud2p_broker_login", {"login": request})

    async def broker_invite(self, request: InviteRequest) -> str | None:
        """Why an invitation is refused by the broker, None when it is not."""
        return await self._refusal("ud2p_broker_invite", {"invite": request})

    async def _refusal(self, hook: str, arguments: Mapping[str, object]) -> str | None:
        refusal: str | None = None
        for keeper in self._roster.implementations(hook):
            answer = await self._ask(keeper, hook, arguments, (Refuse,))
            if isinstance(answer, Refuse):
                refusal = refusal or answer.reason or "this broker refuses that"
            elif isinstance(answer, _Broken):  # this goes to a stranger: who could not decide, but not why
                refusal = refusal or f'the broker\'s plugin "{answer.plugin}" could not decide; try again later'
        return refusal

    async def _ask(
        self, keeper: pluggy.HookImpl, hook: str, arguments: Mapping[str, object], allowed: tuple[type, ...]
    ) -> object:
        """The answer of one gatekeeper: None, one of the types ``allowed``, or :class:`_Broken`."""
        try:
            answer = self._roster.call(keeper, arguments)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit included: a plugin does not end the program
            return self._broken(keeper, hook, f"raised {describe(error)}")
        if answer is not None and not isinstance(answer, allowed) and inspect.isawaitable(answer):
            answer = await self._settle(answer)
            if isinstance(answer, _Raised):
                return self._broken(keeper, hook, answer.problem)
        if inspect.iscoroutine(answer):
            answer.close()  # or Python complains on the screen that nobody awaited it
        problem = _problem_with(answer, allowed)
        return answer if problem is None else self._broken(keeper, hook, problem)

    async def _settle(self, answer: Awaitable[object]) -> object:
        import asyncio  # here: `ud2p plugins` and the like never ask, and asyncio costs them 60 ms

        task = asyncio.ensure_future(_outcome(answer))
        try:
            await asyncio.wait({task}, timeout=self._limit_s)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            return _Raised(f"gave no answer within {self._limit_s:g} s")
        return _Raised("raised CancelledError") if task.cancelled() else task.result()

    def _broken(self, keeper: pluggy.HookImpl, hook: str, problem: str) -> _Broken:
        plugin = self._roster.plugin_of(keeper)
        self._roster.blame(plugin, hook, f"{hook} {problem}; that counts as a refusal", failed=False)
        return _Broken(plugin.name, problem)


@dataclass(frozen=True, slots=True)
class _Raised:
    """What an awaited answer came to when it came to nothing."""

    problem: str


async def _outcome(answer: Awaitable[object]) -> object:
    """Await, and keep whatever is raised inside the task: a SystemExit that leaves a task ends the event loop."""
    import asyncio  # as above

    try:
        return await answer
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise
    except BaseException as error:  # noqa: BLE001
        return _Raised(f"raised {describe(error)}")


def _problem_with(answer: object, allowed: tuple[type, ...]) -> str | None:
    if answer is None:
        return None
    if not isinstance(answer, allowed):
        return f"answered with {type(answer).__name__}"
    if isinstance(answer, (Veto, Refuse)) and not isinstance(answer.reason, str):
        return f"gave a reason of type {type(answer.reason).__name__}"
    if isinstance(answer, str) and not _is_text(answer):
        return "answered with text that can't be sent"
    return None


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
