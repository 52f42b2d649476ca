"""``ud2p receive``: take what is sent, from whom it is wanted and as much as is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import UD2PError, UsageError
from ud2p.events import (
    BrokerClosed,
    ChatEnded,
    ChatFailed,
    ChatOpened,
    ClientEvent,
    FileOffered,
    FileWithdrawn,
    Invited,
)
from ud2p.tasks import Tasks
from ud2p_shell.file_screens import file_question
from ud2p_shell.headless.answers import ask
from ud2p_shell.headless.report import Report
from ud2p_shell.headless.session import Outcome, run_headless
from ud2p_shell.questions import INTO, folder_of

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.client import Client
    from ud2p.config import Settings
    from ud2p.contracts import FileOffer
    from ud2p.plugins import PluginManager

DECLINED = 4


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is taken."""

    into: Path
    peer: str | None
    """From whom; None is anybody."""
    max_bytes: int | None
    """Of one offer, everything in it together."""
    takes_all: bool
    """Whether nobody is asked."""
    keeps_on: bool
    """Whether it goes on after the first chat that brought something."""

    def why_not(self, chat: Chat, offer: FileOffer) -> str | None:
        """Why an offer is declined unasked."""
        if self.max_bytes is not None and offer.size_bytes > self.max_bytes:
            return f"the receiver takes up to {self.max_bytes:,} bytes at once; this is {offer.size_bytes:,}"
        return None


def run_receive(settings: Settings, plugins: PluginManager, wishes: Wishes, *, as_json: bool) -> int:
    """Wait for files, take them, and end with the chat that brought them.

    :returns: the exit code: that of the last file that did not get through, 0 when all did
    :raises UD2PError: it could not begin, or the broker sent this client away
    """
    if not wishes.takes_all and not sys.stdin.isatty():
        raise UsageError("nobody can be asked without a terminal; add --yes to take every file that fits")

    async def work(client: Client, report: Report) -> int:
        return await _Arrivals(client, report, wishes).run()

    return run_headless(settings, plugins, work, as_json=as_json)


class _Arrivals:
    """What comes in while this runs."""

    def __init__(self, client: Client, report: Report, wishes: Wishes) -> None:
        self._client = client
        self._report = report
        self._wishes = wishes
        self._outcome = Outcome()
        self._tasks = Tasks()
        self._files: dict[Chat, set[asyncio.Event]] = {}
        self._asking = asyncio.Lock()

    async def run(self) -> int:
        """Until the first chat that brought something is over, or for ever."""
        name = self._client.name
        self._report.tell("waiting", screen.Notice(f"Waiting for files, as {name}..."), name=name)
        try:
            async for event in self._client.events():
                await self._handle(event)
                if isinstance(event, ChatEnded) and await self._is_enough(event.chat):
                    return self._outcome.exit_code
        finally:
            await self._tasks.cancel()
        return self._outcome.exit_code

    async def _handle(self, event: ClientEvent) -> None:
        match event:
            case Invited():
                self._tasks.start(self._answer(event))
            case ChatOpened(chat):
                self._report.tell("chat", None, peer=chat.peer, path=chat.path, cipher=chat.cipher, trust=chat.trust)
            case ChatFailed(peer, reason, _):
                self._report.tell("failed", screen.ErrorShown(reason), peer=peer, reason=reason)
            case FileOffered(chat, offer):
                done = asyncio.Event()
                self._files.setdefault(chat, set()).add(done)
                self._tasks.start(self._take(chat, offer, done))
            case FileWithdrawn(chat, offer, reason):
                words = screen.FileWithdrawn(chat.peer, offer.name, reason)
                self._report.tell("withdrawn", words, name=offer.name, reason=reason, peer=chat.peer)
            case BrokerClosed(reason):
                raise UD2PError(reason)

    async def _answer(self, invited: Invited) -> None:
        invitation = invited.invitation
        wanted = self._wishes.peer
        is_wanted = wanted is None or invitation.peer.casefold() == wanted.casefold()
        with contextlib.suppress(UD2PError):  # The events tell.
            await self._client.answer(invitation, accept=is_wanted, reason="" if is_wanted else "not expected")

    async def _take(self, chat: Chat, offer: FileOffer, done: asyncio.Event) -> None:
        try:
            self._report.tell(
                "offered", None, name=offer.name, files=offer.n_files, bytes=offer.size_bytes, peer=chat.peer
            )
            refusal = self._wishes.why_not(chat, offer)
            into: Path | None = self._wishes.into
            if refusal is None and not self._wishes.takes_all:
                async with self._asking:
                    into = await self._ask(chat, offer)
                refusal = "" if into is None else None
            if refusal is not None or into is None:
                await self._decline(chat, offer, refusal or "")
                return
            folder = into
            await self._outcome.follow(
                self._report,
                lambda bar: chat.accept_file(offer, folder, bar),
                chat,
                offer.name,
                len(offer.entries),
                sent=False,
            )
        finally:
            done.set()

    async def _decline(self, chat: Chat, offer: FileOffer, reason: str) -> None:
        self._outcome.exit_code = DECLINED
        await chat.decline_file(offer, reason)
        text = reason or "you declined it"
        words = screen.FileFailed(offer.name, text, False)
        self._report.tell("refused", words, name=offer.name, reason=text, peer=chat.peer)

    async def _ask(self, chat: Chat, offer: FileOffer) -> Path | None:
        """Where the user wants it; None for nowhere."""
        into = self._wishes.into
        while offer in chat.files.waiting:
            question = file_question(chat.peer, offer, into)
            self._report.tell("question", question, name=offer.name, bytes=offer.size_bytes, into=str(into))
            answer = (await ask()).strip()
            if answer.casefold() == "y":
                return into
            if answer.casefold() in ("n", ""):
                return None
            if answer.casefold().startswith(INTO):
                try:
                    return folder_of(answer[len(INTO) :].strip())
                except UsageError as error:
                    self._report.fail(error)
        return None

    async def _is_enough(self, chat: Chat) -> bool:
        """A chat is over: whether that is all that was waited for."""
        files = self._files.pop(chat, set())
        for done in files:
            await done.wait()
        return bool(files) and not self._wishes.keeps_on
