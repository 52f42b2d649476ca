"""The desk: what the shells share. It hears what the client tells, shows it, and keeps what waits for an answer.

The client lives on the loop thread; everything here runs on the main thread. Events cross over through
:meth:`MainThread.post`, commands through :meth:`Desk.wait`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ud2p import events as told
from ud2p import screen
from ud2p.errors import ChatClosed, UD2PError
from ud2p.failures import MAX_FAILED_INTRODUCTIONS
from ud2p_shell.file_screens import file_done, file_question
from ud2p_shell.people_list import PeopleList
from ud2p_shell.questions import Question, Questions
from ud2p_shell.transfers import Transfers
from ud2p_shell.trusting import Trusting

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.client import Client
    from ud2p.contracts import FileOffer
    from ud2p.plugins import PluginManager
    from ud2p_shell.stage import Stage
    from ud2p_shell.terminal import Console, LineInput, LoopThread

T = TypeVar("T")

OPEN_CHAT = "\0open"
"""Put into the menu's queue: a chat opened that no command waited for."""
CHAT_OVER = "\0over"
"""Put into the chat's queue: the chat on the screen has ended."""
TICK_WAIT_S = 0.15
"""How long a message is held back from the screen for its tick: round trips are mostly shorter."""
EVENTS_UNDER_WAY = 256
MAX_KEPT_MESSAGES = 1000
MAX_SHOWN_LINES = 200


class Desk:
    """See the module."""

    def __init__(
        self,
        client: Client,
        plugins: PluginManager,
        stage: Stage,
        console: Console,
        loop: LoopThread,
        downloads: Path,
    ) -> None:
        """:param downloads: the folder that received files go to"""
        self.client = client
        self.plugins = plugins
        self.stage = stage
        self.main = console.main
        self.loop = loop
        self.downloads = downloads
        self.questions = Questions(stage.show)
        self.chat: Chat | None = None
        """The chat on the screen."""
        self.menu_input: LineInput | None = None
        self.chat_input: LineInput | None = None
        self.invitation_to_accept: told.Invitation | None = None
        """Said yes to in a chat, which is left first."""
        self.people = PeopleList(self)
        self.transfers = Transfers(self, console.progress, wait_for_each=not console.is_interactive)
        self.trusting = Trusting(self)
        self.known_names: set[str] = set()
        """For completion."""
        self._is_opening = False
        self._unconfirmed: dict[tuple[bytes, int], str] = {}
        self._kept: dict[bytes, list[str]] = {}
        self._told_broker_gone = False
        self._relaying: asyncio.Future[None] | None = None
        self._is_posting = False
        self._held: list[Callable[[], None]] = []

    # commands

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` on the loop thread and wait for it; Ctrl-C cancels it and waits for its clean-up."""
        return self.loop.wait(work)

    def say(self, text: str) -> None:
        """Show a line to the user."""
        self.stage.show(screen.Notice(text))

    def listen(self) -> None:
        """Begin to hear what the client tells."""
        self.loop.call_soon(self._start_relay)

    def open_chat(self, work: Coroutine[Any, Any, Chat | None]) -> Chat | None:
        """Wait for an invitation or an answer to become a chat."""
        self._is_opening = True
        try:
            return self.wait(work)
        finally:
            self._is_opening = False

    def enter(self, chat: Chat) -> None:
        """Put a chat on the screen, with what it said before."""
        self.chat = chat
        self.known_names.add(chat.peer)
        self.stage.show(screen.ChatHeading(chat.peer, chat.path, chat.cipher, chat.trust))
        for text in self._kept.pop(chat.session_id, []):
            self.stage.show(screen.PeerMessage(chat.peer, text))

    def next_chat(self) -> Chat | None:
        """An open chat that is not on the screen."""
        return next((chat for chat in self.client.chats if chat is not self.chat), None)

    def post(self, text: str) -> None:
        """Send a message in the chat on the screen, and show it, with its tick if that comes at once."""
        chat = self.chat
        if chat is None:
            self.stage.show(screen.MessageNotSent("the chat is over; connect again to go on", text))
            return
        self._is_posting = True
        try:
            self._post(chat, text)
        finally:
            self._is_posting = False
            held, self._held = self._held, []
            for handle in held:
                handle()

    def _post(self, chat: Chat, text: str) -> None:
        try:
            number, is_delivered = self.wait(_post(chat, text))
        except ChatClosed as error:
            self.stage.show(screen.MessageNotSent(str(error), text))
            return
        if not is_delivered:
            self._unconfirmed[chat.session_id, number] = text
        self.stage.show(screen.OwnMessage(text, is_delivered))

    def status_bar(self) -> screen.StatusBar:
        """What the row below the input shows."""
        host = self.client.broker
        bar = screen.StatusBar(self.client.name, self.client.online, self.client.connected, host)
        question = self.questions.current
        if question is not None and question.expires_at is not None:
            left_s = max(0, round(question.expires_at - time.monotonic()))
            bar = replace(bar, invitation=question.peer, invitation_s=left_s)
        if self.chat is not None and self.chat.is_open:
            chat = self.chat
            bar = replace(
                bar, chat=chat.peer, path=chat.path, cipher=chat.cipher, trust=chat.trust, undelivered=chat.undelivered
            )
        return bar

    # what the client tells

    def _start_relay(self) -> None:
        self._relaying = asyncio.ensure_future(self._relay())

    async def _relay(self) -> None:
        """On the loop thread: hand every event to the main thread, a bounded number at a time."""
        room = asyncio.Semaphore(EVENTS_UNDER_WAY)
        async for event in self.client.events():
            await room.acquire()
            self.main.post(lambda event=event: self._handle_and_release(event, room))  # type: ignore[misc]

    def _handle_and_release(self, event: told.ClientEvent, room: asyncio.Semaphore) -> None:
        if self._is_posting:  # The answer to a message must not stand above it, nor what became of it.
            self._held.append(lambda: self._handle_and_release(event, room))
            return
        try:
            self.handle(event)
        finally:
            self.loop.call_soon(room.release)

    def handle(self, event: told.ClientEvent) -> None:
        """Something happened."""
        show = self.stage.show
        match event:
            case told.MessageReceived(chat, text):
                self._receive(chat, _shortened(text))
            case told.MessageDelivered(chat, message):
                delivered = self._unconfirmed.pop((chat.session_id, message), None)
                if delivered is not None:
                    show(screen.MessageDelivered(delivered))
            case told.MessageFailed(chat, message, reason):
                show(screen.MessageNotSent(reason, self._unconfirmed.pop((chat.session_id, message), "")))
            case told.ChatSilent(chat, silent_s, lost) if chat is self.chat:
                show(screen.PeerSilent(chat.peer, round(silent_s), lost))
            case told.ChatHeard(chat) if chat is self.chat:
                show(screen.PeerHeard(chat.peer))
            case told.FileOffered(chat, offer):
                self._ask_about_file(chat, offer)
            case told.FileWithdrawn(chat, offer, reason):
                if self.questions.withdraw(offer.id):
                    show(screen.FileWithdrawn(chat.peer, offer.name, reason))
            case told.FileDone(_, receipt, sent):
                show(file_done(receipt, sent=sent))
            case _:
                self._handle_meeting(event)

    def _handle_meeting(self, event: told.ClientEvent) -> None:
        """Invitations, and chats that begin and end."""
        show = self.stage.show
        match event:
            case told.Invited(invitation):
                self._ask_about_invitation(invitation)
            case told.InvitationEnded(invitation, reason):
                if self.questions.withdraw(invitation.id) and reason != "accepted":
                    show(screen.InvitationOver(invitation.peer, reason, outgoing=False, text=""))
            case told.Introduced():
                show(screen.CheckedIn())
            case told.ChatOpened(chat):
                if not self._is_opening and chat is not self.chat and self.menu_input is not None:
                    self.menu_input.interrupt_with(OPEN_CHAT)
            case told.ChatFailed():
                self.trusting.show_failure(event)
            case told.ChatEnded(chat, reason, by_peer):
                self._kept.pop(chat.session_id, None)
                self.trusting.chat_ended(chat)
                if chat is self.chat:
                    self.chat = None
                    show(screen.ChatOver(chat.peer, reason if by_peer or not reason.startswith("you ") else ""))
                    if self.chat_input is not None:
                        self.chat_input.interrupt_with(CHAT_OVER)
            case told.BrokerGone(reason, retry_in_s):
                if not self._told_broker_gone:
                    self._told_broker_gone = True
                    show(screen.BrokerDown(reason, max(1.0, retry_in_s)))
            case told.BrokerBack():
                self._told_broker_gone = False
                show(screen.BrokerUp())
            case told.BrokerClosed(reason):
                show(screen.BrokerGoodbye(reason))

    def _receive(self, chat: Chat, text: str) -> None:
        if chat is self.chat:
            self.stage.show(screen.PeerMessage(chat.peer, text))
            return
        kept = self._kept.setdefault(chat.session_id, [])
        if len(kept) < MAX_KEPT_MESSAGES:
            kept.append(text)

    def _ask_about_invitation(self, invitation: told.Invitation) -> None:
        def show() -> screen.ScreenEvent:
            left_s = max(0, round(invitation.expires_at - time.monotonic()))
            failures = invitation.failures if invitation.failures >= MAX_FAILED_INTRODUCTIONS else 0
            return screen.InvitationArrived(invitation.peer, invitation.address, left_s, failures)

        def answer(yes: bool, reason: str) -> None:
            self.answer_invitation(invitation, yes, reason)

        self.known_names.add(invitation.peer)
        self.questions.ask(Question(invitation.id, invitation.peer, show, answer, invitation.expires_at))

    def answer_invitation(self, invitation: told.Invitation, yes: bool, reason: str) -> None:
        """Say no at once, or remember the yes: the shell that is on the screen makes room for the chat first."""
        if yes:
            self.invitation_to_accept = invitation
            return
        with contextlib.suppress(UD2PError):  # It is over anyway.
            self.wait(self.client.answer(invitation, accept=False, reason=reason))
        self.stage.show(screen.InvitationOver(invitation.peer, "declined", outgoing=False, text=""))

    def _ask_about_file(self, chat: Chat, offer: FileOffer) -> None:
        def show() -> screen.ScreenEvent:
            return file_question(chat.peer, offer, self.downloads)

        def answer(yes: bool, reason: str) -> None:
            if yes:
                self.transfers.receive(chat, offer, self.downloads)
            else:
                self.wait(chat.decline_file(offer, reason))

        def into(folder: Path) -> None:
            self.transfers.receive(chat, offer, folder)

        self.questions.ask(Question(offer.id, chat.peer, show, answer, into=into))


def _shortened(text: str) -> str:
    """A message of so many lines that it would push everything else off the screen, cut."""
    lines = text.split("\n")
    if len(lines) <= MAX_SHOWN_LINES:
        return text
    return "\n".join([*lines[:MAX_SHOWN_LINES], f"(and {len(lines) - MAX_SHOWN_LINES} lines more)"])


async def _post(chat: Chat, text: str) -> tuple[int, bool]:
    posted = chat.post(text)
    # A veto or the end of the chat is told by an event of its own. Ctrl-C does not take back what was posted.
    with contextlib.suppress(TimeoutError, UD2PError, asyncio.CancelledError):
        await asyncio.wait_for(posted.delivered(), TICK_WAIT_S)
    return posted.number, posted.is_delivered
