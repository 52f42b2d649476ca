"""Meetings: invitations both ways, and the chats that come of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ud2p.broker_presence import BrokerPresence
from ud2p.contracts import Decision, InvitationRequest
from ud2p.errors import (
    BrokerError,
    ChatError,
    ConfigError,
    HandshakeFailed,
    InvitationFailed,
    PeerNotTrusted,
    PluginError,
    UD2PError,
)
from ud2p.events import ChatFailed, Introduced, Invitation, InvitationEnded, Invited
from ud2p.failures import FailedIntroductions
from ud2p.introduction import Introducer
from ud2p.meeting_ends import failures_sentence, over_sentence, session_twice, wrong_peer
from ud2p.protocol import messages as wire
from ud2p.tasks import Tasks

if TYPE_CHECKING:
    from ud2p.chat import Chat, ChatHost


EXPIRY_GRACE_S = 5.0
"""How much longer than it said may a broker take to tell that an invitation has expired."""


@dataclass(slots=True)
class _Awaited:
    """A chat that is about to come of an invitation."""

    chat: asyncio.Future[Chat]
    invitation: bytes = b""
    """Empty until the broker has said which."""
    is_introduced: bool = False
    """Whether the broker made its introduction: there is one for each question. Every further one would be another
    guess at the words, for nothing, for a broker that sits in between."""


class Meetings:
    """Everybody this client has to do with. Handles what the broker pushes about them."""

    def __init__(self, host: ChatHost, presence: BrokerPresence, introducer: Introducer, *, auto_accept: bool) -> None:
        """:param auto_accept: accept every invitation that no plugin refuses"""
        self._host = host
        self._presence = presence
        self._introducer = introducer
        self._auto_accept = auto_accept
        self._invitations: dict[bytes, Invitation] = {}
        self._withdrawn: set[bytes] = set()
        self._awaited: dict[str, _Awaited] = {}
        self._chats: dict[bytes, Chat] = {}
        self._leaving: dict[bytes, Chat] = {}
        self._tasks = Tasks()
        self.failures = FailedIntroductions()

    @property
    def chats(self) -> tuple[Chat, ...]:
        """The chats that are open, oldest first."""
        return tuple(chat for chat in self._chats.values() if chat.is_open)

    @property
    def invitations(self) -> tuple[Invitation, ...]:
        """The invitations that wait for an answer, oldest first."""
        return tuple(self._invitations.values())

    async def invite(self, peer: str, *, despite_failures: bool) -> Chat:
        """See :meth:`ud2p.Client.invite`."""
        self._introducer.check()
        try:
            self._host.admission.check_name(peer)
            if self.failures.must_ask(peer) and not despite_failures:
                raise HandshakeFailed(failures_sentence(peer, self.failures.in_a_row(peer)))
        except ChatError as error:
            self._host.publish(ChatFailed(peer, str(error), error))
            raise
        offer = self._introducer.offer
        with self._expecting(peer) as awaited:
            invited = await self._presence.ask(lambda c, now: c.send_invite(peer, offer, now))
            assert isinstance(invited, wire.Invited)
            awaited.invitation = invited.invitation
            try:
                await asyncio.wait({awaited.chat}, timeout=invited.expires_s + EXPIRY_GRACE_S)
                if not awaited.is_introduced and not awaited.chat.done():
                    raise InvitationFailed("expired", f"{peer} did not answer in time")
                return await asyncio.shield(awaited.chat)
            except asyncio.CancelledError:
                self._withdrawn.add(invited.invitation)
                self._tasks.start(self._withdraw(invited.invitation))
                raise

    async def answer(self, invitation: Invitation, accept: bool, reason: str) -> Chat | None:
        """See :meth:`ud2p.Client.answer`."""
        if self._invitations.pop(invitation.id, None) is None:
            raise InvitationFailed("over", f"the invitation from {invitation.peer} is over; invite them instead")
        if not accept:
            await self._refuse(invitation.id, reason)
            return None
        try:
            self._introducer.check()
        except PluginError:
            await self._refuse(invitation.id, "no transport to chat over")
            raise
        offer = self._introducer.offer
        with self._expecting(invitation.peer) as awaited:
            awaited.invitation = invitation.id
            answer = await self._presence.ask(lambda c, now: c.send_accept(invitation.id, offer, now), invitation.id)
            if isinstance(answer, wire.InvitationOver):
                raise InvitationFailed(answer.reason, over_sentence(answer), answer.text)
            return await asyncio.shield(awaited.chat)

    async def send_away(self, peer: str) -> None:
        """Decline what ``peer`` asks, and leave the chats with it."""
        key = peer.casefold()
        for invitation in [each for each in self._invitations.values() if each.peer.casefold() == key]:
            self._host.publish(InvitationEnded(invitation, "declined"))
            with contextlib.suppress(UD2PError):  # It is over anyway.
                await self.answer(invitation, accept=False, reason="")
        for chat in [each for each in self._chats.values() if each.peer.casefold() == key]:
            await chat.leave()

    async def leave_all(self) -> None:
        """Leave every chat."""
        await asyncio.gather(*(chat.leave() for chat in self._chats.values()), return_exceptions=True)

    async def close(self) -> None:
        """Let go of every socket, once the peers know or do not answer."""
        leaving = (chat.drain(in_a_hurry=True) for chat in self._leaving.values())
        await asyncio.gather(*leaving, return_exceptions=True)
        await self._tasks.cancel()

    def forget(self, chat: Chat) -> None:
        """The chat is over."""
        if self._chats.pop(chat.session_id, None) is not None:
            self._leaving[chat.session_id] = chat
            self._tasks.start(self._drain(chat))

    def pump(self) -> None:
        """There is room for events again."""
        for chat in self._chats.values():
            chat.driver.pump_soon()

    def handle_push(self, message: wire.Message) -> None:
        """The broker said something about somebody."""
        match message:
            case wire.InvitationPush():
                self._tasks.start(self._receive_invitation(message))
            case wire.Introduction():
                self._receive_introduction(message)
            case wire.InvitationOver():
                self._receive_over(message)
            case wire.PeerAddress(session=session, udp_port=int() as port):
                if session in self._chats:
                    self._chats[session].driver.add_candidate((message.ip, port))
            case wire.Signal(session=session, data=data):
                chat = self._chats.get(session) or self._leaving.get(session)
                if chat is not None:
                    chat.driver.receive_signal(data)

    def broker_lost(self) -> None:
        """Nobody can answer an invitation any more."""
        for invitation in self._invitations.values():
            self._host.publish(InvitationEnded(invitation, "broker-lost"))
        self._invitations.clear()
        for awaited in self._awaited.values():
            if not awaited.chat.done():
                text = "the connection to the broker was lost; invite again when it is back"
                awaited.chat.set_exception(InvitationFailed("broker-lost", text))

    def broker_back(self) -> None:
        """The broker passes signals on again."""
        for chat in self._chats.values():
            chat.driver.broker_back(self._presence.rendezvous)

    async def _receive_invitation(self, push: wire.InvitationPush) -> None:
        expires_at = asyncio.get_running_loop().time() + push.expires_s
        failures = self.failures.in_a_row(push.peer)
        invitation = Invitation(push.invitation, push.peer, push.address, expires_at, push.offer, failures)
        self._invitations[invitation.id] = invitation
        try:
            self._host.admission.check_name(push.peer)
        except PeerNotTrusted:
            with contextlib.suppress(UD2PError):  # Nobody is told but the one who asked.
                await self.answer(invitation, accept=False, reason="")
            return
        decision = await self._host.plugins.ask_invitation(InvitationRequest(push.peer))
        if invitation.id not in self._invitations:
            return
        if decision is None:  # No plugin has an opinion.
            decision = Decision.ACCEPT if self._auto_accept else Decision.ASK
        if decision is Decision.ACCEPT and self.failures.must_ask(push.peer):
            decision = Decision.ASK  # Each introduction is a guess at the words for whoever is in between.
        if decision is Decision.ASK:
            self._host.publish(Invited(invitation))
            return
        with contextlib.suppress(UD2PError):  # The events tell what became of it.
            await self.answer(invitation, decision is Decision.ACCEPT, "")

    def _receive_introduction(self, introduction: wire.Introduction) -> None:
        invitation = self._invitations.pop(introduction.invitation, None)
        if invitation is not None:
            self._host.publish(InvitationEnded(invitation, "accepted"))  # by inviting whoever had invited us
        awaited = self._awaited.get(introduction.peer.casefold())
        waiting = None if awaited is None else awaited.chat
        if awaited is None and (wrong := self._awaited_by(introduction.invitation)) is not None:
            self._fail_chat(introduction.peer, wrong.chat, wrong_peer(introduction.peer))
            return
        if introduction.session in self._chats or introduction.session in self._leaving:
            self._fail_chat(introduction.peer, waiting, session_twice(introduction.peer))
            return
        try:
            chat = self._introducer.make_chat(self._host, self._presence.name, introduction, self._presence.signal)
        except UD2PError as error:
            self._fail_chat(introduction.peer, waiting, error)
            return
        self._chats[chat.session_id] = chat
        if introduction.invitation in self._withdrawn or awaited is None or awaited.is_introduced:
            # The peer said yes while this client took its invitation back, or the broker made it up.
            chat.driver.leave("left")
            return
        awaited.is_introduced = True
        self._host.publish(Introduced(introduction.peer))
        self._tasks.start(self._open_chat(chat, introduction, awaited.chat))

    def _awaited_by(self, invitation: bytes) -> _Awaited | None:
        """What is to come of an invitation."""
        return next((each for each in self._awaited.values() if each.invitation == invitation), None)

    async def _open_chat(
        self, chat: Chat, introduction: wire.Introduction, awaited: asyncio.Future[Chat] | None
    ) -> None:
        try:
            await self._introducer.open_chat(chat, introduction, self._presence.rendezvous)
        except UD2PError as error:
            self._chats.pop(chat.session_id, None)
            if not chat.was_left and not isinstance(error, (PeerNotTrusted, PluginError, ConfigError)):
                self.failures.failed(chat.peer)
            self._fail_chat(chat.peer, awaited, error)
        else:
            self.failures.opened(chat.peer)
            if awaited is not None and not awaited.done():
                awaited.set_result(chat)

    def _fail_chat(self, peer: str, awaited: asyncio.Future[Chat] | None, error: UD2PError) -> None:
        self._host.publish(ChatFailed(peer, str(error), error))
        if awaited is not None and not awaited.done():
            awaited.set_exception(error)
            awaited.exception()  # Whoever waited may have given up meanwhile.

    def _receive_over(self, over: wire.InvitationOver) -> None:
        invitation = self._invitations.pop(over.invitation, None)
        if invitation is not None:
            self._host.publish(InvitationEnded(invitation, over.reason))
            return
        awaited = self._awaited.get(over.peer.casefold())
        if awaited is not None and not awaited.chat.done():
            awaited.chat.set_exception(InvitationFailed(over.reason, over_sentence(over), over.text))

    @contextlib.contextmanager
    def _expecting(self, peer: str) -> Iterator[_Awaited]:
        """The chat with ``peer`` that is about to come, known before it is asked for: the answer may be quick."""
        key = peer.casefold()
        awaited = self._awaited.setdefault(key, _Awaited(asyncio.get_running_loop().create_future()))
        try:
            yield awaited
        except asyncio.CancelledError:
            for chat in list(self._chats.values()):
                if chat.peer.casefold() == key and not chat.is_open:
                    chat.driver.leave("left")
            raise
        finally:
            if awaited.chat.done():
                awaited.chat.exception()  # Asked for here, so that asyncio does not report it as never asked for.
            if self._awaited.get(key) is awaited:
                del self._awaited[key]

    async def _refuse(self, invitation: bytes, reason: str = "") -> None:
        await self._presence.ask(lambda c, now: c.send_refuse(invitation, now, reason=reason), invitation)

    async def _withdraw(self, invitation: bytes) -> None:
        with contextlib.suppress(BrokerError):  # Refused: it was answered meanwhile, and that chat is left.
            await self._refuse(invitation)
        self._withdrawn.discard(invitation)

    async def _drain(self, chat: Chat) -> None:
        await chat.drain()
        self._leaving.pop(chat.session_id, None)
