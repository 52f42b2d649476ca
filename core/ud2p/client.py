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

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from ud2p.admission import Admission
from ud2p.broker_presence import BrokerPresence
from ud2p.broker_trust import BrokerTrust, Credentials
from ud2p.config import parse_broker
from ud2p.contracts import FileOffer
from ud2p.event_stream import EventStreams
from ud2p.events import BrokerBack, BrokerEvent, ClientEvent, Invitation, MessageDelivered, StatusChanged
from ud2p.identity import Identity, check_fingerprint, load_identity
from ud2p.introduction import Introducer
from ud2p.known_brokers import KnownBrokers
from ud2p.known_peers import KnownPeers
from ud2p.meetings import Meetings
from ud2p.plugins import PluginManager
from ud2p.protocol import messages as wire
from ud2p.protocol.broker import BrokerConnection

if TYPE_CHECKING:
    from ud2p.chat import Chat


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
        plaintext: bool = False,
        trust_broker: str | None = None,
        auto_accept: bool = False,
        identity: Identity | None = None,
        known_peers: KnownPeers | None = None,
        peer_key: str | None = None,
        require_verified: bool = False,
    ) -> None:
        """
        :param name: 1 to 32 of ``A-Z a-z 0-9 _ . -``, a letter first
        :param broker: ``HOST[:PORT]``
        :param plugins: None loads every installed plugin
        :param ciphers: the ones to offer, the preferred first; None offers all that ud2p comes with
        :param online: whether others may invite this client from the start
        :param plaintext: speak to the broker without TLS; on this machine alone
        :param trust_broker: the fingerprint (``SHA256:...``) that the broker's key must have, which is then remembered;
            None goes by what is remembered, and remembers the key of a broker that is met for the first time
        :param auto_accept: accept every invitation that no plugin refuses, as bots do
        :param identity: None takes the one that this user has under ``name``, made on the first start
        :param known_peers: None takes this user's, and keeps who is met there
        :param peer_key: chat only with whoever has this key, a fingerprint (``SHA256:...``)
        :param require_verified: chat only with peers whose words were compared before; others' invitations are declined
        :raises UsageError: when ``broker`` is no address, or ``trust_broker`` or ``peer_key`` no fingerprint
        :raises PluginError: when a named cipher is not there
        """
        self.plugins = plugins if plugins is not None else PluginManager.load()
        self.file_transfer = file_transfer
        host, port = parse_broker(broker)
        trust = None if plaintext else BrokerTrust(host, port, KnownBrokers.of_this_user(), trust_broker)
        self._presence = BrokerPresence(
            name, host, port, self, identity=self._login_identity, online=online, trust=trust
        )
        self._identity = identity
        self._known_peers = known_peers
        self._peer_key = None if peer_key is None else check_fingerprint(peer_key)
        self._require_verified = require_verified
        introducer = Introducer(self.plugins, ciphers, transport, lambda: self.identity)
        self._meetings = Meetings(self, self._presence, introducer, auto_accept=auto_accept)
        self._streams: EventStreams[ClientEvent] = EventStreams(self._meetings.pump)
        self._is_closed = False

    async def __aenter__(self) -> Client:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # what a user sees

    @property
    def name(self) -> str:
        """Who this is, as registered at the broker."""
        return self._presence.name

    @property
    def identity(self) -> Identity:
        """By which keys peers and brokers know this client.

        :raises IdentityError: it can't be read or made
        """
        if self._identity is None:
            self._identity = load_identity(self.name)
        return self._identity

    @property
    def known_peers(self) -> KnownPeers:
        """Whom this client knows.

        :raises ConfigError: the file of known peers can't be read or understood
        """
        return self.admission.peers

    @cached_property
    def admission(self) -> Admission:
        """See :class:`~ud2p.chat.ChatHost`."""
        peers = KnownPeers.load() if self._known_peers is None else self._known_peers
        return Admission(peers, self.broker, peer_key=self._peer_key, require_verified=self._require_verified)

    @property
    def online(self) -> bool:
        """Whether others may invite this client."""
        return self._presence.online

    @property
    def broker(self) -> str:
        """The broker's address as ``HOST:PORT``."""
        host, port = self._presence.host, self._presence.port
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def broker_credentials(self) -> Credentials | None:
        """What the broker showed when this client first connected; None before that, and under plain text."""
        return self._presence.credentials

    @property
    def connected(self) -> bool:
        """Whether the broker knows this client now."""
        return self._presence.is_connected

    @property
    def chats(self) -> tuple[Chat, ...]:
        """The chats that are open, oldest first."""
        return self._meetings.chats

    @property
    def invitations(self) -> tuple[Invitation, ...]:
        """The invitations that wait for an answer, oldest first."""
        return self._meetings.invitations

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

        :raises IdentityError: this client's identity can't be read or made
        :raises ConfigError: the file of known peers can't be read or understood
        :raises BrokerUnreachable: nobody, or something else, answers there
        :raises BrokerNotTrusted: its key is not the one that is known; nothing was sent to it
        :raises BrokerRefused: the broker said no; ``code`` and the sentence say why
        :raises ConfigError: the file of known brokers can't be read or written
        """
        if re.match(wire.NAME_PATTERN, self.name):  # What is no name, the broker refuses.
            _ = self.identity, self.known_peers  # They would be missed at the first chat otherwise.
        await self._presence.connect()

    async def list(self, prefix: str = "", cursor: str = "", limit: int = 50) -> Page:
        """Everyone connected, this client included, ordered by name.

        :param prefix: only names that begin so
        :param limit: 1 to 500
        :raises BrokerError: when the broker can't be asked
        """
        return await self._page(prefix, lambda c, now: c.send_list(now, prefix=prefix, cursor=cursor, limit=limit))

    async def available(self, prefix: str = "", cursor: str = "", limit: int = 50) -> Page:
        """As :meth:`list`: those who are Online and can be invited."""
        return await self._page(prefix, lambda c, now: c.send_available(now, prefix=prefix, cursor=cursor, limit=limit))

    async def set_status(self, online: bool) -> None:
        """Be Online or Offline. Offline clients neither invite nor are invited.

        :raises BrokerError: when the broker can't be asked
        """
        answer = await self._presence.ask(lambda c, now: c.send_status(online, now))
        assert isinstance(answer, wire.StatusSet)
        self._presence.online = answer.online
        self.publish(StatusChanged(answer.online))

    def failures(self, peer: str) -> int:
        """How many introductions with ``peer`` failed in a row, since the last chat or since this client was made."""
        return self._meetings.failures.in_a_row(peer)

    async def invite(self, peer: str, *, despite_failures: bool = False) -> Chat:
        """Ask ``peer`` for a chat and wait until it is open. Cancelling withdraws the invitation.

        :param despite_failures: the user was asked whether there should be another introduction after three failed in
            a row: somebody in between has one guess at the words in each
        :raises InvitationFailed: declined, expired, or the peer left
        :raises BrokerRefused: the peer is not there, is Offline, or this client is
        :raises NoCommonCipher: no chat could be agreed on
        :raises PeerNotTrusted: the peer is blocked, or its key is not the one that is known or wanted
        :raises HandshakeFailed: the two sides did not agree on keys, or three introductions in a row failed
        :raises ChatError: no path to the peer was found
        :raises PluginError: there is nothing to carry a chat
        """
        return await self._meetings.invite(peer, despite_failures=despite_failures)

    async def answer(self, invitation: Invitation, accept: bool, reason: str = "") -> Chat | None:
        """Accept or decline an invitation.

        :param reason: what the other one reads of a decline
        :returns: the open chat, None when declined
        :raises InvitationFailed: it is over
        :raises ChatError: no chat came of it
        :raises PluginError: there is nothing to carry a chat; the invitation is declined
        """
        return await self._meetings.answer(invitation, accept, reason)

    async def block(self, peer: str) -> None:
        """Want nothing from ``peer``: what it asks is declined unseen from now on, and a chat with it ends.

        :raises UsageError: that is no name
        :raises ConfigError: the file of known peers can't be used
        """
        self.known_peers.block(self.broker, peer)
        await self._meetings.send_away(peer)

    async def close(self) -> None:
        """Leave every chat and the broker, and end the event streams. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._meetings.leave_all()
        await self._presence.close()
        await self._meetings.close()
        self._streams.close()

    # the chats' side

    @property
    def has_room(self) -> bool:
        """See :class:`~ud2p.chat.ChatHost`."""
        return not self._streams.is_full

    def publish(self, event: ClientEvent) -> None:
        """See :class:`~ud2p.chat.ChatHost`."""
        # Whoever only sends may never read events: its ticks must not pile up, nor hold back what comes in.
        self._streams.publish(event, keep=type(event) is not MessageDelivered)

    def forget(self, chat: Chat) -> None:
        """See :class:`~ud2p.chat.ChatHost`."""
        self._meetings.forget(chat)

    # the broker's side

    def handle_push(self, message: wire.Message) -> None:
        """See :class:`~ud2p.broker_presence.PresenceUser`."""
        self._meetings.handle_push(message)

    def handle_broker_event(self, event: BrokerEvent) -> None:
        """See :class:`~ud2p.broker_presence.PresenceUser`."""
        if isinstance(event, BrokerBack):
            self._meetings.broker_back()
        else:
            self._meetings.broker_lost()
        self.publish(event)
        self.plugins.observe("ud2p_broker_event", event=event)

    def _login_identity(self) -> Identity:
        """What signs a login. What is no name has none, and the broker is asked to say what is wrong with it."""
        return self.identity if re.match(wire.NAME_PATTERN, self.name) else Identity.generate()

    async def _page(self, prefix: str, send: Callable[[BrokerConnection, float], int]) -> Page:
        if len(prefix) > wire.MAX_NAME_LENGTH:  # The broker takes no such prefix, and nobody's name begins with it.
            return Page((), 0, None)
        answer = await self._presence.ask(send)
        assert isinstance(answer, wire.PageAnswer)
        return Page(answer.clients, answer.total, answer.cursor)
