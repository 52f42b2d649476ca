"""The table of errors in docs/protocol.md, tried on a real broker: each code is provoked, and what follows is seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.support.brokers import Connect, StartBroker, broker_starter, client_connector, memory_only
from tests.support.identities import identity_of, login_fields
from tests.support.markdown import Page, bare
from tests.support.raw_client import RawClient

from ud2p.contracts import DirectoryInfo, LoginRequest, Refuse
from ud2p.contracts import InviteRequest as Invite
from ud2p.hookspecs import impl
from ud2p.protocol.refusals import Code
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.limits import Limits
from ud2p_server.server import ServeSettings

THEN = {bare(row[0]): row[3] for row in Page.read("docs/protocol.md").table("code", "sentence", "when", "then")}
OFFER = "e30="
PROOF = login_fields("alice", bytes(32))
"""A signature, but over no nonce of a broker's."""


class Refusing:
    """Lets nobody called zoe in, and nobody invite bob."""

    @impl
    def ud2p_broker_login(self, login: LoginRequest) -> Refuse | None:
        return Refuse("not you") if login.name == "zoe" else None

    @impl
    def ud2p_broker_invite(self, invite: Invite) -> Refuse | None:
        return Refuse("not him") if invite.target == "bob" else None


class FailingDirectory(MemoryDirectory):
    """Finds nobody, and breaks on it."""

    async def find(self, name: str) -> None:
        raise OSError("out of order")


class Failing:
    """Brings it."""

    @impl
    def ud2p_register_directories(self) -> list[DirectoryInfo]:
        return [DirectoryInfo("failing", FailingDirectory)]


class Scene:
    """A broker as the case needs it, and people."""

    def __init__(self, start: StartBroker, start_tls: StartBroker, connect: Connect) -> None:
        self._start = start
        self._start_tls = start_tls
        self._connect = connect
        self._port = 0
        self.now = 1000.0
        """The broker's clock."""

    async def broker(self, limits: Limits | None = None, *plugins: object, directory: str = "memory") -> None:
        settings = ServeSettings(port=0, directory=directory)
        limits = replace(limits or Limits(), tick_s=0.01)
        self._port = (await self._start(limits, memory_only(*plugins), settings, lambda: self.now)).port

    async def stranger(self) -> RawClient:
        """Connected, and the greeting not read."""
        if not self._port:
            await self.broker()
        return await self._connect(self._port)

    async def stranger_at_tls(self) -> RawClient:
        """Connected to a broker that speaks TLS."""
        return await self._connect((await self._start_tls()).port)

    async def greeted(self) -> RawClient:
        client = await self.stranger()
        assert (await client.line())[0] == "$HI$"
        return client

    async def person(self, name: str = "alice") -> RawClient:
        if not self._port:
            await self.broker()
        return await self._connect(self._port, name)


Provoke = Callable[[Scene], Awaitable[RawClient]]
CASES: dict[str, Provoke] = {}
"""By code, or code and what is special; each returns who gets the refusal."""


def case(name: str) -> Callable[[Provoke], Provoke]:
    def keep(provoke: Provoke) -> Provoke:
        CASES[name] = provoke
        return provoke

    return keep


def says(name: str, line: bytes) -> None:
    @case(name)
    async def provoke(scene: Scene) -> RawClient:
        client = await scene.person()
        await client.send(line)
        return client


def greets(name: str, line: bytes, *plugins: object) -> None:
    @case(name)
    async def provoke(scene: Scene) -> RawClient:
        await scene.broker(None, *plugins)
        client = await scene.greeted()
        await client.send(line)
        return client


says("bad-line", b"hello\n")
says("unknown-tag", b'$FOO$ {"id":2}\n')
says("bad-message", b'$L$ {"id":"two"}\n')
says("too-long", b"x" * 20_000 + b"\n")
says("not-utf8", b'$L$ {"id":2,"new":"\xff"}\n')
says("too-many-errors", b"hello\n" * 10)
says("already-logged-in", b"$HI$ %s\n" % json.dumps({"id": 2, "version": 1, "name": "a", **PROOF}).encode())
says("unknown-client", b'$CON$ {"id":2,"to":"nobody","offer":"e30="}\n')
says("own-client", b'$CON$ {"id":2,"to":"ALICE","offer":"e30="}\n')
says("name-invalid, elsewhere", b'$CON$ {"id":2,"to":"1","offer":"e30="}\n')
says("no-such-invitation", b'$Y$ {"id":2,"invitation":"AAAAAAAAAAAAAAAAAAAAAA==","offer":"e30="}\n')
says("no-such-session", b'$SIG$ {"session":"AAAAAAAAAAAAAAAAAAAAAA==","data":"eA=="}\n')
greets("not-logged-in", b'$L$ {"id":1}\n')
greets("not-logged-in, unreadable", b"hello\n")
greets("not-logged-in, unknown", b"$FOO$ {}\n")
greets("bad-message, first", b'$HI$ {"id":1}\n')


def logs_in(called: str, fields: dict[str, Any], *plugins: object, limits: Limits | None = None) -> None:
    @case(called)
    async def provoke(scene: Scene) -> RawClient:
        await scene.broker(limits, *plugins)
        client = await scene.greeted()
        await client.hi(**{"name": "alice", **fields})
        return client


logs_in("version", {"version": 2})
logs_in("name-invalid", {"name": "x"})
logs_in("bad-signature", {"signature": PROOF["signature"]})
logs_in("refused", {"name": "zoe"}, Refusing())
logs_in("too-many-names", {}, limits=Limits(names_per_identity=0))


@case("too-slow")
async def half_a_line(scene: Scene) -> RawClient:
    client = await scene.person()
    await client.send(b'$PING$ {"id":2}\n$L$ ')
    assert (await client.line())[0] == "$PING$"
    scene.now += 10.1
    return client


@case("too-slow, no login")
async def no_login(scene: Scene) -> RawClient:
    client = await scene.greeted()
    scene.now += 10.1
    return client


@case("silent")
async def silence(scene: Scene) -> RawClient:
    client = await scene.person()
    scene.now += 90.1
    return client


@case("name-taken")
async def the_same_name(scene: Scene) -> RawClient:
    await scene.person()
    client = await scene.greeted()
    await client.hi("Alice", identity_of("somebody else"))
    return client


@case("tls-required")
async def plain_words_at_a_broker_with_tls(scene: Scene) -> RawClient:
    client = await scene.stranger_at_tls()
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    return client


@case("too-many-connections")
async def one_from_this_address_too_many(scene: Scene) -> RawClient:
    await scene.broker(Limits(connections_per_address=0, spares_loopback=False))
    return await scene.stranger()


@case("broker-full")
async def no_room(scene: Scene) -> RawClient:
    await scene.broker(Limits(connections=0))
    return await scene.stranger()


@case("refused, an invitation")
async def not_him(scene: Scene) -> RawClient:
    await scene.broker(None, Refusing())
    return await invites(scene)


@case("offline")
async def offline(scene: Scene) -> RawClient:
    client = await scene.person()
    assert (await client.ask("$Stts$", id=2, online=False))[1] == {"re": 2, "online": False}
    await client.type("$CON$", id=3, to="bob", offer=OFFER)
    return client


@case("target-offline")
async def target_offline(scene: Scene) -> RawClient:
    bob = await scene.person("bob")
    await bob.ask("$Stts$", id=2, online=False)
    return await invites(scene)


@case("already-invited")
async def twice(scene: Scene) -> RawClient:
    await scene.person("bob")
    alice = await invites(scene)
    assert (await alice.line())[0] == "$CON$"
    await alice.type("$CON$", id=4, to="bob", offer=OFFER)
    return alice


@case("too-many-invitations")
async def one_too_many(scene: Scene) -> RawClient:
    await scene.broker(Limits(outgoing_invitations=0))
    await scene.person("bob")
    return await invites(scene)


@case("not-your-invitation")
async def yes_to_oneself(scene: Scene) -> RawClient:
    await scene.person("bob")
    alice = await invites(scene)
    _, invited = await alice.line()
    await alice.type("$Y$", id=4, invitation=invited["invitation"], offer=OFFER)
    return alice


@case("busy")
async def busy(scene: Scene) -> RawClient:
    await scene.broker(Limits(busy_bytes=-1))
    await scene.person("bob")
    return await invites(scene)


@case("peer-away")
async def nobody_in_the_other_seat(scene: Scene) -> RawClient:
    bob = await scene.person("bob")
    alice = await invites(scene)
    invitation = (await bob.line())[1]["invitation"]
    await bob.type("$Y$", id=4, invitation=invitation, offer=OFFER)
    while "session" not in (introduction := (await alice.line())[1]):
        assert "to" in introduction
    bob.writer.transport.abort()
    async with asyncio.timeout(10):
        while (await alice.ask("$L$", id=5))[1]["total"] > 1:
            pass
    await alice.type("$SIG$", session=introduction["session"], data="")
    return alice


@case("internal")
async def broken_directory(scene: Scene) -> RawClient:
    await scene.broker(None, Failing(), directory="failing")
    return await invites(scene)


async def invites(scene: Scene) -> RawClient:
    alice = await scene.person()
    await alice.type("$CON$", id=3, to="bob", offer=OFFER)
    return alice


OTHERWISE = {
    "bad-message, first": "ends",
    "name-invalid, elsewhere": "goes on",
    "refused, an invitation": "goes on",
}
"""Where the page's last column says one thing and its *when* adds another."""


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with broker_starter([]) as start, broker_starter([], tls=True) as start_tls:
        async with client_connector() as connect:
            yield Scene(start, start_tls, connect)


@pytest.mark.parametrize("name", CASES)
async def test_a_refusal_ends_the_connection_or_does_not(scene: Scene, name: str) -> None:
    client = await CASES[name](scene)
    code = name.partition(",")[0]
    while (refused := await client.error())[0] != code:
        assert code == "too-many-errors"
    then = OTHERWISE.get(name, THEN[code])
    if then == "ends":
        await client.end()
    else:
        assert await client.is_served(), refused


def test_every_code_is_tried() -> None:
    assert {name.partition(",")[0] for name in CASES} == set(Code)
