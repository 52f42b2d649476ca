"""The hub: what a broker does with its clients' requests. It waits for the directory and for gatekeepers, and for
nothing else; who is told what goes through each client's :class:`~ud2p_server.client.Link`.

Theory of operation. The requests of one client are handled one after the other, those of different clients in any
order; so what was true before an ``await`` is looked at again after it. The rooms behind the hub: presence (who is
logged in), inviting (who asked whom), introductions (who was brought together).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ud2p.contracts.directory import Directory, NameStore
from ud2p.contracts.gate import LoginRequest as Question
from ud2p.protocol.login import is_login_signed
from ud2p.protocol.messages import (
    PROTOCOL_VERSION,
    AcceptRequest,
    AvailableRequest,
    Goodbye,
    Greeting,
    InviteRequest,
    LeaveRequest,
    Left,
    ListRequest,
    Login,
    Message,
    PingRequest,
    Pong,
    RefuseRequest,
    Signal,
    StatusRequest,
    StatusSet,
    Welcome,
)
from ud2p.protocol.refusals import Code
from ud2p_server.client import Client, Link
from ud2p_server.gatekeepers import Gatekeepers
from ud2p_server.introductions import Introductions
from ud2p_server.inviting import Inviting
from ud2p_server.limits import Limits
from ud2p_server.listing import list_available, list_everybody
from ud2p_server.naming import Naming
from ud2p_server.presence import Presence

RESERVED_NAMES = frozenset({"x", "q"})
"""What people type to leave and to cancel."""
REPLACEMENTS = 8
"""How often a login tries to take the place of its own identity, which may be logging in several times at once."""

Work: TypeAlias = Coroutine[Any, Any, None]
Handler: TypeAlias = Callable[[Client, Any, float], Work | None]


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What a hub is told about its broker."""

    software: str
    """In the greeting."""
    udp_port: int
    """Where the rendezvous listens."""
    show_addresses: bool
    """Whether clients see each other's addresses before they are introduced."""
    certificate_hash: bytes = b""
    """SHA-256 of the broker's certificate (DER), which logins sign; empty under plain text."""


class Hub:
    """The broker without its sockets. All calls on one loop; ``now`` in seconds on one clock."""

    def __init__(
        self,
        settings: HubSettings,
        limits: Limits,
        directory: Directory,
        names: NameStore,
        gatekeepers: Gatekeepers,
        random: Callable[[int], bytes],
        log: Callable[[str], None],
    ) -> None:
        """
        :param random: gives that many unpredictable bytes (``os.urandom``)
        :param log: takes a sentence for whoever runs the broker
        """
        self._settings = settings
        self._gatekeepers = gatekeepers
        self._random = random
        self._log = log
        self._next_route = 0
        self.presence = Presence(directory)
        self._naming = Naming(names, limits)
        self.introductions = Introductions(limits, random)
        self.inviting = Inviting(
            self.presence,
            self.introductions,
            gatekeepers,
            limits,
            random,
            show_addresses=settings.show_addresses,
        )
        self._handlers: Mapping[type[Message], Handler] = {
            Login: self._login,
            ListRequest: self._list,
            AvailableRequest: self._available,
            StatusRequest: self._status,
            InviteRequest: self.inviting.invite,
            AcceptRequest: self.inviting.accept,
            RefuseRequest: self.inviting.refuse,
            Signal: self._signal,
            LeaveRequest: self._leave,
            PingRequest: self._ping,
        }

    def connect(self, link: Link, host: str, port: int) -> Client:
        """Somebody connected.

        :param host: the IP address, in canonical form
        """
        self._next_route += 1
        return Client(link, host, port, f"{self._next_route:x}")

    def greet(self, client: Client) -> None:
        """Send the first line of all."""
        client.nonce = self._random(32)
        client.link.send(Greeting(version=PROTOCOL_VERSION, nonce=client.nonce, software=self._settings.software))

    def handle(self, client: Client, message: Message, now: float) -> Work | None:
        """Handle what a client sent.

        :returns: the rest of the work, to be awaited before this client's next message; None when it is done
        """
        return self._handlers[type(message)](client, message, now)

    def fail(self, client: Client, message: Message, error: BaseException) -> None:
        """Handling a message raised: tell the client that it was not its fault, and the log whose it was."""
        self._log(f"could not handle a {type(message).__name__} of {client.name or client.address}: {error!r}")
        client.refuse(message, Code.INTERNAL)
        if isinstance(message, Login):
            client.link.close()

    def disconnect(self, client: Client, now: float) -> Work | None:
        """The connection is over, in whatever way. Called when nothing that this client sent is under way.

        :returns: the rest of the work, as :meth:`handle` does
        """
        client.gone = True
        self._forget(client, now)
        return self.presence.release(client) if client.name else None

    def shut_down(self) -> None:
        """Tell everybody that the broker ends."""
        for client in self.presence.clients():
            client.link.send(Goodbye(reason="shutdown", text="the broker shuts down; it may be back later"))

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` has something to do."""
        times = (self.inviting.next_timer(), self.introductions.next_timer())
        return min((time for time in times if time is not None), default=None)

    def handle_timer(self, now: float) -> None:
        """Do what is due; calling it early is harmless."""
        self.inviting.handle_timer(now)
        self.introductions.handle_timer(now)

    def sweep(self, now: float) -> None:
        """Forget what need not be known any more; every minute or so is often enough."""
        self._naming.sweep(now)
        self.inviting.sweep(now)

    # Coming and going

    async def _login(self, client: Client, login: Login, now: float) -> None:
        refusal = await self._why_not(client, login) or await self._take_name(client, login, now)
        if refusal is None:
            self._welcome(client, login)
            self.introductions.come(client, now)
        else:
            client.refuse(login, *refusal)
            client.link.close()

    async def _why_not(self, client: Client, login: Login) -> tuple[Code, str] | None:
        """Why this login is refused before its name is looked up."""
        nonce, client.nonce = client.nonce, b""
        if login.version != PROTOCOL_VERSION:
            return Code.VERSION, (
                f"this broker speaks version {PROTOCOL_VERSION} of the protocol, the client version {login.version};"
                " update the older of the two"
            )
        if login.name.casefold() in RESERVED_NAMES:
            return Code.NAME_INVALID, ""
        certificate_hash = self._settings.certificate_hash
        if not is_login_signed(login.signature, nonce, certificate_hash, login.name, login.identity):
            return Code.BAD_SIGNATURE, ""
        reason = await self._gatekeepers.ask_broker_login(Question(login.name, client.address))
        return None if reason is None else (Code.REFUSED, reason)

    async def _take_name(self, client: Client, login: Login, now: float) -> tuple[Code, str] | None:
        """Log in under a name that is this identity's; why not, if it can't be."""
        refusal = await self._naming.why_not(login.name, login.identity[:32], client.host, now)
        if refusal is not None:
            return refusal
        client.identity = login.identity
        for _ in range(REPLACEMENTS):
            if await self.presence.add(client, login.name, login.online):
                return None
            older = await self.presence.holder(login.name)
            if older is not None and older.identity[:32] != login.identity[:32]:
                break  # The name was released while its owner was here.
            if older is not None:
                await self._replace(older, now)
        return Code.NAME_TAKEN, f"the name {login.name} is taken; choose another"

    async def _replace(self, older: Client, now: float) -> None:
        text = "the same identity connected anew; this connection is over"
        older.link.send(Goodbye(reason="replaced", text=text))
        older.link.close()
        self._forget(older, now)
        await self.presence.release(older)

    def _welcome(self, client: Client, login: Login) -> None:
        client.link.welcomed()
        client.link.send(
            Welcome(re=login.id, name=client.name, address=client.address, udp_port=self._settings.udp_port)
        )

    def _leave(self, client: Client, request: LeaveRequest, now: float) -> None:
        self.introductions.leave(client)
        client.link.send(Left(re=request.id))
        client.link.close()

    def _forget(self, client: Client, now: float) -> None:
        if self.presence.forget(client):
            self.inviting.end_of(client, "gone")
            self.introductions.go(client, now)

    async def _status(self, client: Client, request: StatusRequest, now: float) -> None:
        if not await self.presence.set_status(client, request.online):
            return  # Replaced meanwhile and told so.
        if not request.online:
            self.inviting.end_of(client, "offline")
        client.link.send(StatusSet(re=request.id, online=request.online))

    # Asking

    async def _list(self, client: Client, request: ListRequest, now: float) -> None:
        shows = self._settings.show_addresses
        client.link.send(await list_everybody(self.presence.directory, request, shows))

    async def _available(self, client: Client, request: AvailableRequest, now: float) -> None:
        shows = self._settings.show_addresses
        client.link.send(await list_available(self.presence.directory, request, shows, client))

    def _ping(self, client: Client, request: PingRequest, now: float) -> None:
        client.link.send(Pong(re=request.id))

    def _signal(self, client: Client, signal: Signal, now: float) -> None:
        peer = self.introductions.peer_of(client, signal.session)
        if peer is None:
            client.refuse(signal, Code.NO_SUCH_SESSION)
        elif peer.is_empty:
            client.refuse(signal, Code.PEER_AWAY)
        elif not self.introductions.pass_on(signal, peer.client):
            client.refuse(signal, Code.BUSY, f"{peer.client.name} does not keep up with what comes in; try again later")


def finish(work: Work) -> None:
    """Run to its end what has promised not to wait."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("the directory promised never to wait, and waits")
