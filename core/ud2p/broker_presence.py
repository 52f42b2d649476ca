"""This client's presence at its broker: logged in, and again after the connection was lost, with growing pauses."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Protocol

from ud2p.broker_link import BrokerLink
from ud2p.broker_trust import BrokerTrust, Credentials
from ud2p.contracts import Address
from ud2p.errors import BrokerError, BrokerLost, BrokerNotTrusted, BrokerUnreachable, ConfigError
from ud2p.events import BrokerBack, BrokerClosed, BrokerEvent, BrokerGone
from ud2p.identity import Identity
from ud2p.local_address import is_own_address
from ud2p.protocol import messages as wire
from ud2p.protocol.broker import BrokerConnection
from ud2p.tasks import Tasks

RECONNECT_FIRST_S = 0.5
RECONNECT_MOST_S = 30.0
LOOKS_EVERY_S = 5.0
"""How often this end looks whether its address is still its own. Nothing comes to an address that is gone, not even the
word that the connection is lost, and silence alone would take a minute to tell."""


class PresenceUser(Protocol):
    """Who is told what the broker says."""

    def handle_push(self, message: wire.Message) -> None:
        """The broker said something unasked."""
        ...

    def handle_broker_event(self, event: BrokerEvent) -> None:
        """The connection was lost, found again or closed."""
        ...


class BrokerPresence:
    """One name at one broker."""

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        user: PresenceUser,
        *,
        identity: Callable[[], Identity],
        online: bool,
        trust: BrokerTrust | None,
    ) -> None:
        """
        :param identity: gives what signs the logins, and owns the name; asked at each connection
        :param online: whether others may invite this client from the start
        :param trust: what the broker is held against; None speaks plain text, on this machine alone
        """
        self.name = name
        self.online = online
        self.host = host
        self.port = port
        self._identity = identity
        self._trust = trust
        self.credentials: Credentials | None = None
        """What the broker showed at the first connection."""
        self._user = user
        self._link: BrokerLink | None = None
        self._udp_port = 0
        self._stays_away = False
        self._tasks = Tasks()

    @property
    def is_connected(self) -> bool:
        """Whether the broker knows this client now."""
        return self._link is not None

    @property
    def rendezvous(self) -> Address:
        """The broker's UDP address.

        :raises BrokerLost: when there is no connection
        """
        return self._connected_link().peer_ip, self._udp_port

    async def connect(self) -> None:
        """Connect and log in.

        :raises BrokerUnreachable: nobody, or something else, answers there, or a broker that gives this client a name
            that it did not ask for
        :raises BrokerNotTrusted: it is not the broker that is known
        :raises BrokerRefused: the broker said no
        :raises ConfigError: the file of known brokers or the identity can't be read or written
        """
        identity = self._identity()  # Before anybody is bothered: it may be missing.
        link = await BrokerLink.connect(self.host, self.port, self._handle_push, self._handle_lost, self._trust)
        try:
            welcome = await link.login(self.name, identity, online=self.online)
            self._check_name(welcome.name)
        except BaseException:
            link.abort()
            raise
        self.name = welcome.name
        self._udp_port = welcome.udp_port
        self._link = link
        self.credentials = self.credentials or link.credentials
        self._tasks.start(self._watch(link))

    async def ask(self, send: Callable[[BrokerConnection, float], int], about: bytes | None = None) -> wire.Message:
        """Send a request and wait for its answer, see :meth:`BrokerLink.ask`.

        :param send: one of the connection's ``send_*`` methods, applied to the connection and the time
        :raises BrokerError: the broker refused, or can't be asked
        """
        now = asyncio.get_running_loop().time()
        return await self._connected_link().ask(lambda connection: send(connection, now), about)

    def signal(self, session: bytes, data: bytes) -> None:
        """Pass bytes to the peer of ``session``, or drop them."""
        if self._link is not None:
            self._link.signal(session, data)

    async def close(self) -> None:
        """Leave the broker for good."""
        self._stays_away = True
        await self._tasks.cancel()
        if self._link is not None:
            link, self._link = self._link, None
            await link.leave()

    def _check_name(self, given: str) -> None:
        """The name goes into every handshake: with another one, peers would be told that somebody else comes."""
        if given.casefold() != self.name.casefold():
            raise BrokerUnreachable(
                f"the broker logged {self.name} in as {given}, so that peers would be deceived; ask whoever runs it"
            )

    def _connected_link(self) -> BrokerLink:
        if self._link is None:
            raise BrokerLost("the broker can't be reached now; it is tried again in the background")
        return self._link

    def _handle_push(self, message: wire.Message) -> None:
        if isinstance(message, wire.Goodbye) and message.reason == "replaced":
            self._stays_away = True  # Two clients that replace each other in turn would help nobody.
            text = message.text or "the same client connected anew elsewhere"
            self._user.handle_broker_event(BrokerClosed(text))
        else:
            self._user.handle_push(message)

    def _handle_lost(self, reason: str) -> None:
        self._link = None
        if not self._stays_away:
            self._tasks.start(self._reconnect(reason))

    async def _watch(self, link: BrokerLink) -> None:
        """Give a connection up once its address is not this machine's any more."""
        while self._link is link:
            await asyncio.sleep(LOOKS_EVERY_S)
            if self._link is link and not is_own_address(link.own_ip):
                link.abandon("this machine's address changed")

    async def _reconnect(self, reason: str) -> None:
        wait_s = RECONNECT_FIRST_S
        while True:
            pause_s = wait_s * random.uniform(0.75, 1.25)  # noqa: S311 - so that a broker's clients do not come in step
            self._user.handle_broker_event(BrokerGone(reason, pause_s))
            await asyncio.sleep(pause_s)
            try:
                await self.connect()
            except (BrokerNotTrusted, ConfigError) as error:
                # Trying again would help nobody but somebody in between.
                self._stays_away = True
                self._user.handle_broker_event(BrokerClosed(str(error)))
                return
            except BrokerError as error:
                reason = str(error)
                wait_s = min(2 * wait_s, RECONNECT_MOST_S)
            else:
                self._user.handle_broker_event(BrokerBack())
                return
