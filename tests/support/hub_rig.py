"""A broker's hub with people around it: real machines on both sides, no sockets, a clock that is set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TypeVar

from tests.support.identities import identity_of

from ud2p.contracts.directory import Directory, DirectoryPage, Entry, NameStore
from ud2p.contracts.gate import InviteRequest, LoginRequest
from ud2p.contracts.transport import Address
from ud2p.identity import Identity
from ud2p.protocol import messages as wire
from ud2p.protocol.broker import BadInput, BrokerConnection, ConnectionLost, Side, State, WrongService
from ud2p.protocol.login import sign_login
from ud2p.protocol.messages import Message
from ud2p.protocol.rendezvous import RendezvousClient
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.client import Client
from ud2p_server.hub import Hub, HubSettings
from ud2p_server.limits import Limits
from ud2p_server.names import OwnedNames

M = TypeVar("M", bound=Message)


class SlowDirectory:
    """Gives everybody else a turn before and after each call, as one across a network would."""

    def __init__(self) -> None:
        self._inner = MemoryDirectory()

    async def put(self, entry: Entry) -> bool:
        await asyncio.sleep(0)
        done = await self._inner.put(entry)
        await asyncio.sleep(0)
        return done

    async def remove(self, name: str, route: str) -> bool:
        await asyncio.sleep(0)
        done = await self._inner.remove(name, route)
        await asyncio.sleep(0)
        return done

    async def set_status(self, name: str, route: str, online: bool) -> bool:
        await asyncio.sleep(0)
        done = await self._inner.set_status(name, route, online)
        await asyncio.sleep(0)
        return done

    async def find(self, name: str) -> Entry | None:
        await asyncio.sleep(0)
        found = await self._inner.find(name)
        await asyncio.sleep(0)
        return found

    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        await asyncio.sleep(0)
        return await self._inner.page(prefix=prefix, cursor=cursor, limit=limit, only_online=only_online)

    async def close(self) -> None:
        await self._inner.close()


@dataclass
class Keepers:
    """Gatekeepers that say what they are told to say."""

    login: str | None = None
    invite: str | None = None
    asked: list[LoginRequest | InviteRequest] = field(default_factory=list)

    async def ask_broker_login(self, request: LoginRequest) -> str | None:
        self.asked.append(request)
        await asyncio.sleep(0)
        return self.login

    async def ask_broker_invite(self, request: InviteRequest) -> str | None:
        self.asked.append(request)
        await asyncio.sleep(0)
        return self.invite


class Person:
    """A client at the hub, with the machines of both ends of its connection. Keeps the hub's Link contract."""

    def __init__(self, rig: Rig, host: str, port: int) -> None:
        self._rig = rig
        self.client_side = BrokerConnection(Side.CLIENT, rig.now)
        self.broker_side = BrokerConnection(Side.BROKER, rig.now)
        self.got: list[Message] = []
        self.closed = False
        self.queued = 0
        self.client: Client = rig.hub.connect(self, host, port)
        rig.hub.greet(self.client)
        self.greetings = list(self.got)

    # What the hub calls

    def send(self, message: Message) -> None:
        if self.closed or self.client.gone or self.broker_side.broker_state is State.OVER:
            return
        self.broker_side.send(message)
        self.client_side.receive_data(self.broker_side.data_to_send(), self._rig.now)
        for event in self.client_side.events():
            assert not isinstance(event, BadInput | WrongService | ConnectionLost), event
            self.got.append(event)

    def welcomed(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def queued_bytes(self) -> int:
        return self.queued

    # What a test calls

    async def flush(self) -> None:
        """Let the hub handle what this person's machine has to send."""
        self.broker_side.receive_data(self.client_side.data_to_send(), self._rig.now)
        for event in self.broker_side.events():
            assert isinstance(event, Message), event
            work = self._rig.hub.handle(self.client, event, self._rig.now)
            if work is not None:
                await work

    def take(self) -> list[Message]:
        """What came since the last look."""
        got, self.got = self.got, []
        return got

    def take_one(self, kind: type[M]) -> M:
        """The one message that came since the last look."""
        (message,) = self.take()
        assert isinstance(message, kind), message
        return message

    async def login(
        self, name: str, *, online: bool = True, identity: Identity | None = None, signature: bytes | None = None
    ) -> list[Message]:
        """
        :param identity: None is the one that belongs to the name
        :param signature: None is the right one
        """
        (greeting,) = [got for got in self.greetings if isinstance(got, wire.Greeting)]
        self.take()
        identity = identity or identity_of(name)
        keys = identity.public_keys
        if signature is None:
            signature = sign_login(identity.login_key, greeting.nonce, self._rig.certificate_hash, name, keys)
        self.client_side.send_login(name, keys, signature, self._rig.now, online=online)
        await self.flush()
        return self.take()

    async def status(self, online: bool) -> list[Message]:
        self.client_side.send_status(online, self._rig.now)
        await self.flush()
        return self.take()

    async def listing(self, *, prefix: str = "", cursor: str = "", limit: int = 50) -> wire.ListPage:
        self.client_side.send_list(self._rig.now, prefix=prefix, cursor=cursor, limit=limit)
        await self.flush()
        return self.take_one(wire.ListPage)

    async def available(self, *, prefix: str = "", cursor: str = "", limit: int = 50) -> wire.AvailablePage:
        self.client_side.send_available(self._rig.now, prefix=prefix, cursor=cursor, limit=limit)
        await self.flush()
        return self.take_one(wire.AvailablePage)

    async def invite(self, to: str, offer: bytes = b"offer") -> list[Message]:
        self.client_side.send_invite(to, offer, self._rig.now)
        await self.flush()
        return self.take()

    async def accept(self, invitation: bytes, offer: bytes = b"answer") -> list[Message]:
        self.client_side.send_accept(invitation, offer, self._rig.now)
        await self.flush()
        return self.take()

    async def refuse(self, invitation: bytes, reason: str = "") -> list[Message]:
        self.client_side.send_refuse(invitation, self._rig.now, reason=reason)
        await self.flush()
        return self.take()

    async def signal(self, session: bytes, data: bytes) -> list[Message]:
        self.client_side.send_signal(session, data, self._rig.now)
        await self.flush()
        return self.take()

    async def leave(self) -> list[Message]:
        self.client_side.send_leave(self._rig.now)
        await self.flush()
        got = self.take()
        await self.vanish()
        return got

    async def vanish(self) -> None:
        """The connection is cut."""
        self.client.gone = True
        work = self._rig.hub.disconnect(self.client, self._rig.now)
        if work is not None:
            await work


class Rig:
    """The hub and what it stands on."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        directory: Directory | None = None,
        show_addresses: bool = False,
        keepers: Keepers | None = None,
        names: NameStore | None = None,
    ) -> None:
        self.now = 1000.0
        self.log: list[str] = []
        self.keepers = keepers or Keepers()
        self.directory = directory or SlowDirectory()
        self._count = 0
        self._port = 40000
        self.certificate_hash = b"the hash of the certificate"
        settings = HubSettings("test", 17280, show_addresses, self.certificate_hash)
        self.names = names or OwnedNames(None)
        self.limits = limits or Limits()
        self.hub = Hub(settings, self.limits, self.directory, self.names, self.keepers, self.random, self.log.append)

    def random(self, size: int) -> bytes:
        """Never the same twice, and easy to read."""
        self._count += 1
        return self._count.to_bytes(size, "big")

    def connect(self, host: str = "10.0.0.1") -> Person:
        self._port += 1
        return Person(self, host, self._port)

    async def join(self, name: str, *, online: bool = True, host: str = "10.0.0.1") -> Person:
        person = self.connect(host)
        (welcome,) = await person.login(name, online=online)
        assert isinstance(welcome, wire.Welcome), welcome
        return person

    def wait(self, seconds: float) -> None:
        """Let time pass, and the hub do what was due, at its time."""
        end = self.now + seconds
        while (due := self.hub.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.hub.handle_timer(self.now)
        self.now = end
        self.hub.handle_timer(self.now)

    def register(self, introduction: wire.Introduction, source: Address) -> bytes | None:
        """One rendezvous datagram of a peer that was introduced."""
        client = RendezvousClient(introduction.rendezvous, introduction.rendezvous_key, int(self.now * 1000))
        (datagram,) = client.datagrams_to_send(self.now)
        return self.hub.introductions.receive_datagram(datagram, source, self.now)

    async def introduce(self, inviter: Person, target: Person) -> tuple[wire.Introduction, wire.Introduction]:
        """Bring two people together; the introductions of the inviter and of the target."""
        await inviter.invite(target.client.name)
        (push,) = target.take()
        assert isinstance(push, wire.InvitationPush)
        (for_target,) = [got for got in await target.accept(push.invitation) if isinstance(got, wire.Introduction)]
        (for_inviter,) = [got for got in inviter.take() if isinstance(got, wire.Introduction)]
        return for_inviter, for_target
