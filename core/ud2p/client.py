"""The client: one name at one broker, its invitations and its chats, for asyncio.

::

    async with ud2p.Client("parrot", auto_accept=True) as client:
        async for event in client.events():
            match event:
                case ud2p.MessageReceived(chat, text) if chat.is_open:
                    chat.post(text)

When the connection to the broker is lost, the client goes on trying to get it back, and chats that run go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ud2p.broker_link import BrokerLink
from ud2p.chat import Chat
from ud2p.config import parse_broker
from ud2p.contracts import Decision, FileOffer, InvitationRequest
from ud2p.errors import BrokerError, BrokerLost, ChatError, InvitationFailed, PluginError, UD2PError
from ud2p.event_stream import EventStreams
from ud2p.events import (
    BrokerBack,
    BrokerClosed,
    BrokerEvent,
    BrokerGone,
    ChatFailed,
    ClientEvent,
    Introduced,
    Invitation,
    InvitationEnded,
    Invited,
    StatusChanged,
)
from ud2p.introduction import Introducer
from ud2p.plugins import PluginManager
from ud2p.protocol import messages as wire
from ud2p.protocol.broker import BrokerConnection

MAX_NAME = 32
RECONNECT_FIRST_S = 0.5
RECONNECT_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a listing of clients."""

    clients: tuple[wire.ListedClient, ...]
    total: int
    """How many match in all."""
    cursor: str | None
    """Ask for the next page with it; None at the end."""


class Client:
    """A person's, or a program's, presence at one broker. Belongs to the event loop on which it connects."""

    def __init__(
        self,
        name: str,
        broker: str = "localhost:17280",
        *,
        plugins: PluginManager | None = None,
        ciphers: Sequence[str] | None = None,
        transport: str = "udp",
        file_transfer: str = "tcp",
        online: bool = True,
        insecure: bool = False,
        auto_accept: bool = False,
    ) -> None:
        """
        :param name: 1 to 32 of ``A-Z a-z 0-9 _ . -``, a letter first
        :param broker: ``HOST[:PORT]``
        :param plugins: None loads every installed plugin
        :param ciphers: the ones to offer, the preferred first; None offers all that ud2p comes with
        :param online: whether others may invite this client from the start
        :param insecure: allow a broker outside this machine and private networks
        :param auto_accept: accept every invitation that no plugin refuses, as bots do
        :raises UsageError: when ``broker`` is no address
        :raises PluginError: when a named cipher is not there
        """
        self.name = name
        self.online = online
        self.plugins = plugins if plugins is not None else PluginManager.load()
        self.file_transfer = file_transfer
        self._host, self._port = parse_broker(broker)
        self._insecure = insecure
        self._auto_accept = auto_accept
        self._introducer = Introducer(self.plugins, ciphers, transport)
        self._link: BrokerLink | None = None
        self._token: bytes | None = None
        self._udp_port = 0
        self._is_closed = False
        self._streams: EventStreams[ClientEvent] = EventStreams(self._pump_chats)
        self._invitations: dict[bytes, Invitation] = {}
        self._withdrawn: set[bytes] = set()
        self._awaited: dict[str, asyncio.Future[Chat]] = {}
        self._chats: dict[bytes, Chat] = {}
        self._leaving: dict[bytes, Chat] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Client:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # what a user sees

    @property
    def broker(self) -> str:
        """The broker's address as ``HOST:PORT``."""
        return f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"

    @property
    def connected(self) -> bool:
        """Whether the broker knows this client now."""
        return self._link is not None

    @property
    def chats(self) -> tuple[Chat, ...]:
        """The chats that are open, oldest first."""
        return tuple(chat for chat in self._chats.values() if chat.is_open)

    @property
    def invitations(self) -> tuple[Invitation, ...]:
        """The invitations that wait for an answer, oldest first."""
        return tuple(self._invitations.values())

    @property
    def files(self) -> tuple[FileOffer, ...]:
        """The files that are offered to this client, sent or received now."""
        return tuple(offer for chat in self.chats for offer in (*chat.files.waiting, *chat.files.running))

    def events(self) -> AsyncIterator[ClientEvent]:
        """What happens, from now on; each call makes a stream of its own, the first also has what came before it.

        A stream ends when the client is closed. Whoever opens one reads it: messages are held back at the peer while a
        stream is 2,048 events behind.
        """
        return self._streams.open()

    # what a user does

    async def connect(self) -> None:
        """Connect to the broker and log in.

        :raises BrokerUnreachable: nobody, or something else, answers there
        :raises BrokerRefused: the broker said no; ``code`` and the sentence say why
        """
        await self._connect()

    async def list(self, prefix: str = "", cursor: str = "", limit: int = 50) -> Page:
        """Everyone connected, this client included, ordered by name.

        :param prefix: only names that begin so
        :param limit: 1 to 500
        :raises BrokerError: when the broker can't be asked
        """
        return await self._page(prefix, lambda c: c.send_list(self._now(), prefix=prefix, cursor=cursor, limit=limit))

    async def available(self, prefix: str = "", cursor: str = "", limit: int = 50) -> Page:
        """As :meth:`list`: those who are Online and can be invited."""
        now = self._now()
        return await self._page(prefix, lambda c: c.send_available(now, prefix=prefix, cursor=cursor, limit=limit))

    async def set_status(self, online: bool) -> None:
        """Be Online or Offline. Offline clients neither invite nor are invited.

        :raises BrokerError: when the broker can't be asked
        """
        answer = await self._broker_link.ask(lambda c: c.send_status(online, self._now()))
        assert isinstance(answer, wire.StatusSet)
        self.online = answer.online
        self.publish(StatusChanged(self.online))

    async def invite(self, peer: str) -> Chat:
        """Ask ``peer`` for a chat and wait until it is open. Cancelling withdraws the invitation.

        :raises InvitationFailed: declined, expired, or the peer left
        :raises BrokerRefused: the peer is not there, is Offline, or this client is
        :raises NoCommonCipher: no chat could be agreed on
        :raises ChatError: no path to the peer was found
        :raises PluginError: there is nothing to carry a chat
        """
        self._introducer.check()
        link = self._broker_link
        with self._expecting(peer) as awaited:
            invited = await link.ask(lambda c: c.send_invite(peer, self._introducer.offer, self._now()))
            assert isinstance(invited, wire.Invited)
            try:
                return await asyncio.shield(awaited)
            except asyncio.CancelledError:
                self._withdrawn.add(invited.invitation)
                self._start(self._withdraw(invited.invitation))
                raise

    async def answer(self, invitation: Invitation, accept: bool, reason: str = "") -> Chat | None:
        """Accept or decline an invitation.

        :param reason: what the other one reads of a decline
        :returns: the open chat, None when declined
        :raises InvitationFailed: it is over
        :raises ChatError: no chat came of it
        :raises PluginError: there is nothing to carry a chat; the invitation is declined
        """
        if self._invitations.pop(invitation.id, None) is None:
            raise InvitationFailed("over", f"the invitation from {invitation.peer} is over; invite them instead")
        link = self._broker_link
        if not accept:
            await self._refuse(link, invitation, reason)
            return None
        try:
            self._introducer.check()
        except PluginError:
            await self._refuse(link, invitation, "no transport to chat over")
            raise
        offer = self._introducer.offer
        with self._expecting(invitation.peer) as awaited:
            answer = await link.ask(lambda c: c.send_accept(invitation.id, offer, self._now()), about=invitation.id)
            if isinstance(answer, wire.InvitationOver):
                raise InvitationFailed(answer.reason, over_sentence(answer), answer.text)
            return await asyncio.shield(awaited)

    async def close(self) -> None:
        """Leave every chat and the broker, and end the event streams. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.gather(*(chat.leave() for chat in self._chats.values()), return_exceptions=True)
        if self._link is not None:
            link, self._link = self._link, None
            await link.leave()
        leaving = (chat.drain(in_a_hurry=True) for chat in self._leaving.values())
        await asyncio.gather(*leaving, return_exceptions=True)
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._streams.close()

    # the chats' side

    @property
    def has_room(self) -> bool:
        """See :class:`~ud2p.chat.ChatHost`."""
        return not self._streams.is_full

    def publish(self, event: ClientEvent) -> None:
        """See :class:`~ud2p.chat.ChatHost`."""
        self._streams.publish(event)

    def forget(self, chat: Chat) -> None:
        """See :class:`~ud2p.chat.ChatHost`."""
        if self._chats.pop(chat.session_id, None) is not None:
            self._leaving[chat.session_id] = chat
            self._start(self._drain(chat))

    # the broker's side

    async def _connect(self) -> None:
        link = await BrokerLink.connect(
            self._host, self._port, self._handle_push, self._handle_lost, insecure=self._insecure
        )
        try:
            welcome = await link.login(self.name, online=self.online, token=self._token)
        except BaseException:
            link.abort()
            raise
        self.name = welcome.name
        self._token = welcome.token
        self._udp_port = welcome.udp_port
        self._link = link

    def _handle_lost(self, reason: str) -> None:
        self._link = None
        self._fail_invitations()
        if not self._is_closed:
            self._start(self._reconnect(reason))

    async def _reconnect(self, reason: str) -> None:
        wait_s = RECONNECT_FIRST_S
        while True:
            pause_s = wait_s * random.uniform(0.75, 1.25)  # noqa: S311 - so that a broker's clients do not come in step
            self._tell_broker_event(BrokerGone(reason, pause_s))
            await asyncio.sleep(pause_s)
            try:
                await self._connect()
            except BrokerError as error:
                reason = str(error)
                wait_s = min(2 * wait_s, RECONNECT_MOST_S)
            else:
                self._tell_broker_event(BrokerBack())
                return

    def _handle_push(self, message: wire.Message) -> None:
        match message:
            case wire.InvitationPush():
                self._start(self._receive_invitation(message))
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
            case wire.Goodbye(reason="replaced"):
                self._is_closed = True  # Two clients that replace each other in turn would help nobody.
                self._tell_broker_event(BrokerClosed(message.text or "the same client connected anew elsewhere"))

    async def _receive_invitation(self, push: wire.InvitationPush) -> None:
        expires_at = self._now() + push.expires_s
        invitation = Invitation(push.invitation, push.peer, push.address, expires_at, push.offer)
        self._invitations[invitation.id] = invitation
        decision = await self.plugins.ask_invitation(InvitationRequest(push.peer))
        if invitation.id not in self._invitations:
            return
        if decision is Decision.ASK and self._auto_accept:
            decision = Decision.ACCEPT
        if decision is Decision.ASK:
            self.publish(Invited(invitation))
            return
        with contextlib.suppress(UD2PError):  # The events tell what became of it.
            await self.answer(invitation, decision is Decision.ACCEPT)

    def _receive_introduction(self, introduction: wire.Introduction) -> None:
        invitation = self._invitations.pop(introduction.invitation, None)
        if invitation is not None:
            self.publish(InvitationEnded(invitation, "accepted"))  # by inviting whoever had invited us
        awaited = self._awaited.get(introduction.peer.casefold())
        try:
            chat = self._introducer.make_chat(self, self.name, introduction, self._signal)
        except ChatError as error:
            self._fail_chat(introduction.peer, awaited, error)
            return
        self._chats[chat.session_id] = chat
        if introduction.invitation in self._withdrawn:
            chat.driver.leave("left")  # The peer said yes while this client took its invitation back.
            return
        self.publish(Introduced(introduction.peer))
        self._start(self._open_chat(chat, introduction, awaited))

    async def _open_chat(
        self, chat: Chat, introduction: wire.Introduction, awaited: asyncio.Future[Chat] | None
    ) -> None:
        try:
            link = self._broker_link
            await self._introducer.open_chat(chat, introduction, (link.peer_ip, self._udp_port))
        except (ChatError, BrokerLost) as error:
            self._chats.pop(chat.session_id, None)
            self._fail_chat(chat.peer, awaited, error)
        else:
            if awaited is not None and not awaited.done():
                awaited.set_result(chat)

    def _fail_chat(self, peer: str, awaited: asyncio.Future[Chat] | None, error: Exception) -> None:
        self.publish(ChatFailed(peer, str(error)))
        if awaited is not None and not awaited.done():
            awaited.set_exception(error)

    def _receive_over(self, over: wire.InvitationOver) -> None:
        invitation = self._invitations.pop(over.invitation, None)
        if invitation is not None:
            self.publish(InvitationEnded(invitation, over.reason))
            return
        awaited = self._awaited.get(over.peer.casefold())
        if awaited is not None and not awaited.done():
            awaited.set_exception(InvitationFailed(over.reason, over_sentence(over), over.text))

    def _fail_invitations(self) -> None:
        for invitation in self._invitations.values():
            self.publish(InvitationEnded(invitation, "broker-lost"))
        self._invitations.clear()
        for awaited in self._awaited.values():
            if not awaited.done():
                text = "the connection to the broker was lost; invite again when it is back"
                awaited.set_exception(InvitationFailed("broker-lost", text))

    # inside

    @property
    def _broker_link(self) -> BrokerLink:
        if self._link is None:
            raise BrokerLost("the broker can't be reached now; it is tried again in the background")
        return self._link

    async def _page(self, prefix: str, send: Callable[[BrokerConnection], int]) -> Page:
        if len(prefix) > MAX_NAME:  # The broker takes no such prefix, and nobody's name begins with it.
            return Page((), 0, None)
        answer = await self._broker_link.ask(send)
        assert isinstance(answer, wire.PageAnswer)
        return Page(answer.clients, answer.total, answer.cursor)

    @contextlib.contextmanager
    def _expecting(self, peer: str) -> Iterator[asyncio.Future[Chat]]:
        """The chat with ``peer`` that is about to come, known before it is asked for: the answer may be quick."""
        key = peer.casefold()
        awaited = self._awaited.setdefault(key, asyncio.get_running_loop().create_future())
        try:
            yield awaited
        except asyncio.CancelledError:
            for chat in list(self._chats.values()):
                if chat.peer.casefold() == key and not chat.is_open:
                    chat.driver.leave("left")
            raise
        finally:
            if awaited.done():
                awaited.exception()  # Asked for here, so that asyncio does not report it as never asked for.
            if self._awaited.get(key) is awaited:
                del self._awaited[key]

    async def _refuse(self, link: BrokerLink, invitation: Invitation, reason: str) -> None:
        await link.ask(lambda c: c.send_refuse(invitation.id, self._now(), reason=reason), about=invitation.id)

    async def _withdraw(self, invitation: bytes) -> None:
        with contextlib.suppress(BrokerError):  # Refused: it was answered meanwhile, and that chat is left.
            await self._broker_link.ask(lambda c: c.send_refuse(invitation, self._now()), about=invitation)
        self._withdrawn.discard(invitation)

    async def _drain(self, chat: Chat) -> None:
        await chat.drain()
        self._leaving.pop(chat.session_id, None)

    def _signal(self, session: bytes, data: bytes) -> None:
        if self._link is not None:
            self._link.signal(session, data)

    def _pump_chats(self) -> None:
        for chat in self._chats.values():
            chat.driver.pump_soon()

    def _tell_broker_event(self, event: BrokerEvent) -> None:
        self.publish(event)
        self.plugins.observe("ud2p_broker_event", event=event)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def over_sentence(over: wire.InvitationOver) -> str:
    """Why an invitation came to nothing, for the one who is told."""
    reasons = {
        "declined": f"{over.peer} declined",
        "withdrawn": f"{over.peer} withdrew the invitation",
        "expired": f"{over.peer} did not answer in time",
        "gone": f"{over.peer} is gone",
        "offline": f"{over.peer} went offline",
    }
    sentence = reasons.get(over.reason, f"{over.peer} can't be reached: {over.reason}")
    return f"{sentence}: {over.text}" if over.text else sentence
