"""The broker on real sockets: lines typed by hand. (test_uvloop.py runs them again.)"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.brokers import Connect, StartBroker, broker_starter, client_connector, memory_only
from tests.support.identities import identity_of, login_fields
from tests.support.raw_client import WAIT_S, RawClient

import ud2p
from ud2p.contracts.directory import DirectoryInfo, DirectoryPage, Entry
from ud2p.contracts.gate import InviteRequest, LoginRequest, Refuse
from ud2p.errors import PluginError, UsageError
from ud2p.hookspecs import impl
from ud2p.protocol.messages import MAX_LINE_BYTES
from ud2p.protocol.refusals import SENTENCES, Code
from ud2p.protocol.rendezvous import RendezvousClient
from ud2p.testing import Clock
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.limits import Limits
from ud2p_server.server import Broker, ServeSettings


@pytest.fixture
async def broker(start: StartBroker) -> Broker:
    return await start()


async def invited(inviter: RawClient, target: RawClient, to: str) -> str:
    """Invite; the invitation as both were told of it."""
    _, answer = await inviter.ask("$CON$", id=50, to=to, offer="")
    tag, push = await target.line()
    assert tag == "$CON$"
    assert push["invitation"] == answer["invitation"]
    return str(push["invitation"])


async def introduced(inviter: RawClient, target: RawClient, to: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Bring two together; their introductions."""
    invitation = await invited(inviter, target, to)
    _, for_target = await target.ask("$Y$", id=51, invitation=invitation, offer="")
    _, for_inviter = await inviter.line()
    return for_inviter, for_target


async def until(condition: Any) -> None:
    """Wait until something is so in the same loop."""
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.005)


# The straight way


async def test_a_session_typed_by_hand(broker: Broker, connect: Connect) -> None:
    client = await connect(broker.port)
    tag, greeting = await client.line()
    assert tag == "$HI$"
    assert greeting["software"] == f"ud2p {ud2p.__version__}"
    assert len(base64.b64decode(greeting["nonce"])) == 32
    await client.hi("alice")
    tag, welcome = await client.line()
    address = f"127.0.0.1:{client.local_port}"
    assert tag == "$HI$"
    assert (welcome["name"], welcome["address"], welcome["udp_port"]) == ("alice", address, broker.port)
    listed = {"name": "alice", "online": True, "address": address}
    assert await client.ask("$L$", id=2) == ("$L$", {"re": 2, "clients": [listed], "total": 1})
    assert await client.ask("$C$", id=3) == ("$C$", {"re": 3, "clients": [], "total": 0})
    assert await client.ask("$Stts$", id=4, online=False) == ("$Stts$", {"re": 4, "online": False})
    assert await client.ask("$PING$", id=5) == ("$PING$", {"re": 5})
    assert await client.ask("$E$", id=6) == ("$E$", {"re": 6})
    await client.end()
    await client.close()
    await until(lambda: broker.clients == 0)


async def test_two_people_are_introduced_and_signal(broker: Broker, connect: Connect) -> None:
    alice, bob = await connect(broker.port, "alice"), await connect(broker.port, "bob")
    for_alice, for_bob = await introduced(alice, bob, "BOB")
    assert for_alice["peer"] == "bob"
    assert for_bob["peer"] == "alice"
    assert for_alice["key"] == for_bob["key"]
    await alice.type("$SIG$", session=for_alice["session"], data="aGk=")
    assert await bob.line() == ("$SIG$", {"session": for_bob["session"], "data": "aGk="})


async def test_requests_are_answered_in_their_order(broker: Broker, connect: Connect) -> None:
    client = await connect(broker.port)
    assert (await client.line())[0] == "$HI$"
    lines = [client.hi_line("alice").rstrip()]
    for number in range(2, 300):
        word = (b"$L$", b"$PING$", b"nonsense", b"$C$")[number % 4]
        lines.append(word if word == b"nonsense" else word + b' {"id": %d}' % number)
        if number % 20 == 0:
            lines.append(b'$CON$ {"id": %d, "to": "nobody", "offer": ""}' % (1000 + number))
    await client.send(b"\n".join(lines) + b"\n")
    assert (await client.line())[1]["re"] == 1
    for typed in lines[1:]:
        tag, answer = await client.line()
        expected, _, body = typed.decode().partition(" ")
        if expected == "nonsense":
            assert answer["code"] == Code.BAD_LINE
        elif expected == "$CON$":
            assert (answer["code"], answer["re"]) == (Code.UNKNOWN_CLIENT, json.loads(body)["id"])
        else:
            assert (tag, answer["re"]) == (expected, json.loads(body)["id"])


async def test_a_script_that_closes_its_side_gets_its_answers(broker: Broker, connect: Connect) -> None:
    """Everything is answered before the broker closes, too."""
    client = await connect(broker.port)
    assert (await client.line())[0] == "$HI$"
    await client.send(client.hi_line("alice") + b'$L$ {"id": 2}\n$PING$ {"id": 3}\n')
    client.writer.write_eof()
    tags = [(await client.line())[0] for _ in range(3)]
    assert tags == ["$HI$", "$L$", "$PING$"]
    await client.end()
    await until(lambda: broker.clients == 0)


async def test_single_bytes_make_lines(broker: Broker, connect: Connect) -> None:
    client = await connect(broker.port)
    await client.line()
    client.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in client.hi_line("alice"):
        await client.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await client.line())[1]["name"] == "alice"


# Bad input


ANOTHER_LOGIN = b"$HI$ " + json.dumps({"id": 1, "version": 1, "name": "zoe", **login_fields("zoe", b"")}).encode()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello", Code.BAD_LINE),
        (b"", Code.BAD_LINE),
        (b"$L$", Code.BAD_LINE),
        (b'$L$ {"id": 1}\r', Code.BAD_LINE),
        (b'$L$ {"id": 1', Code.BAD_LINE),
        (b'$WHO$ {"id": 1}', Code.UNKNOWN_TAG),
        (b'$L$ {"id": "1"}', Code.BAD_MESSAGE),
        (b'$PING$ {"id": 1, "x": ' + b"[" * 8000 + b"]" * 8000 + b"}", Code.BAD_LINE),
        (ANOTHER_LOGIN, Code.ALREADY_LOGGED_IN),
    ],
)
async def test_a_bad_line_costs_a_sentence(broker: Broker, connect: Connect, line: bytes, code: Code) -> None:
    client = await connect(broker.port, "alice")
    await client.send(line + b"\n")
    got, text = await client.error()
    assert got == code
    assert text
    assert await client.is_served()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * MAX_LINE_BYTES, Code.TOO_LONG),
        (b'$PING$ {"id": 1, "x": "' + b"x" * MAX_LINE_BYTES + b'"}\n', Code.TOO_LONG),
        (b"$L$ \xff\n", Code.NOT_UTF8),
    ],
)
async def test_a_broken_stream_is_explained_and_closed(
    broker: Broker, connect: Connect, log: list[str], data: bytes, code: Code
) -> None:
    client = await connect(broker.port, "alice")
    await client.send(data)
    assert await client.error() == (code, SENTENCES[code])
    await client.end()
    assert any(f"127.0.0.1:{client.local_port}" in line for line in log)


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\n", b'$L$ {"id": 1}\n', b"\n"]
)
async def test_other_protocols_at_this_port(broker: Broker, connect: Connect, data: bytes) -> None:
    client = await connect(broker.port)
    await client.line()
    await client.send(data)
    code, text = await client.error()
    assert code in (Code.NOT_LOGGED_IN, Code.NOT_UTF8)
    assert text
    await client.end()


async def test_too_many_bad_lines(broker: Broker, connect: Connect) -> None:
    client = await connect(broker.port, "alice")
    await client.send(b"nonsense\n" * 50)
    for _ in range(10):
        assert (await client.error())[0] == Code.BAD_LINE
    assert (await client.error())[0] == Code.TOO_MANY_ERRORS
    await client.end()


async def test_the_last_sentence_arrives_although_the_client_goes_on_talking(broker: Broker, connect: Connect) -> None:
    """Closing a socket with unread data would destroy what is on its way."""
    client = await connect(broker.port, "alice")
    await client.send(b"x" * 2_000_000)
    assert (await client.error())[0] == Code.TOO_LONG
    await client.send(b"y" * 2_000_000)
    await client.end()


async def test_a_name_that_is_taken(broker: Broker, connect: Connect) -> None:
    await connect(broker.port, "alice")
    client = await connect(broker.port)
    await client.line()
    await client.hi("Alice", identity_of("somebody else"))
    assert await client.error() == (Code.NAME_TAKEN, "the name Alice is taken; choose another")
    await client.end()


@pytest.mark.parametrize("name", ["", "no name", "1st", "x" * 33, "Ä", "X", "q", "a\x1b[2J"])
async def test_a_name_that_is_none(broker: Broker, connect: Connect, name: str) -> None:
    client = await connect(broker.port)
    await client.line()
    await client.hi(name)
    assert await client.error() == (Code.NAME_INVALID, SENTENCES[Code.NAME_INVALID])
    await client.end()


# Time


async def test_an_invitation_expires(start: StartBroker, connect: Connect) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    alice, bob = await connect(broker.port, "alice"), await connect(broker.port, "bob")
    invitation = await invited(alice, bob, "bob")
    clock.now += 60
    for client, peer in ((alice, "bob"), (bob, "alice")):
        over = {"invitation": invitation, "peer": peer, "reason": "expired"}
        assert await client.line() == ("$N$", over)
    _, answer = await bob.ask("$Y$", id=9, invitation=invitation, offer="")
    assert (answer["code"], answer["re"]) == (Code.NO_SUCH_INVITATION, 9)


async def test_a_login_that_never_comes(start: StartBroker, connect: Connect) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    slow, quick = await connect(broker.port), await connect(broker.port, "quick")
    await slow.line()
    clock.now += 11
    assert (await slow.error())[0] == Code.TOO_SLOW
    await slow.end()
    assert await quick.is_served()


async def test_half_a_line_has_ten_seconds(start: StartBroker, connect: Connect) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    client = await connect(broker.port, "alice")
    clock.now += 20
    assert await client.is_served()
    board = broker._board
    assert board is not None
    # By now it stands in the wheel for its silence alone, a minute and a half away.
    await until(lambda: all(link.bucket * board.limits.tick_s > clock.now + 80 for link in board.links))
    await client.send(b'$PING$ {"id"')
    assert await (await connect(broker.port, "bob")).is_served()  # by now the half line has arrived
    clock.now += 9
    await client.send(b":")
    clock.now += 1.5
    assert (await client.error())[0] == Code.TOO_SLOW
    await client.end()


async def test_a_silent_client_is_dropped(start: StartBroker, connect: Connect) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    silent, lively = await connect(broker.port, "silent"), await connect(broker.port, "lively")
    clock.now += 60
    assert await lively.is_served()
    clock.now += 31
    assert (await silent.error())[0] == Code.SILENT
    await silent.end()
    assert await lively.is_served()
    await until(lambda: broker.clients == 1)


async def test_who_does_not_close_is_cut(start: StartBroker, connect: Connect) -> None:
    clock = Clock()
    broker = await start(clock=clock)
    board = broker._board
    assert board is not None
    client = await connect(broker.port, "alice")
    await client.type("$E$", id=2)
    assert (await client.line())[0] == "$E$"
    await client.end()  # and does not close its own side
    assert len(board.links) == 1
    clock.now += 6
    await until(lambda: not board.links)


# Those who do not read


def flood_line(session: str) -> bytes:
    return b'$SIG$ {"session":"%s","data":"%s"}\n' % (session.encode(), b"A" * 8192)


async def test_a_slow_reader_is_dropped(start: StartBroker, connect: Connect, log: list[str]) -> None:
    broker = await start(Limits(tick_s=0.01, busy_bytes=1 << 40))
    alice = await connect(broker.port, "alice")
    bob = await connect(broker.port, "bob", receive_buffer=4096)
    for_alice, _ = await introduced(alice, bob, "bob")
    line = flood_line(for_alice["session"])
    async with asyncio.timeout(WAIT_S):
        while broker.clients == 2:
            await alice.send(line * 8)
            await asyncio.sleep(0)
    assert any("bob does not read" in entry for entry in log)
    await bob.lost()


async def test_nobody_gets_somebody_else_dropped(broker: Broker, connect: Connect) -> None:
    """With the usual limits it is the sender who is told, and what waits for the other one stays small."""
    alice = await connect(broker.port, "alice")
    bob = await connect(broker.port, "bob", receive_buffer=4096)
    for_alice, _ = await introduced(alice, bob, "bob")
    line = flood_line(for_alice["session"])
    refused = asyncio.create_task(alice.error())
    async with asyncio.timeout(WAIT_S):
        while not refused.done():
            await alice.send(line * 8)
            await asyncio.sleep(0)
    assert (await refused)[0] == Code.BUSY
    assert broker.clients == 2
    got = 0
    async with asyncio.timeout(WAIT_S):
        while not (await bob.line())[1].get("data"):
            got += 1
    assert await (await connect(broker.port, "carol")).is_served()


async def test_who_does_not_read_its_answers_waits_for_itself(broker: Broker, connect: Connect) -> None:
    """Backpressure: nothing is lost, nothing piles up, and others are served meanwhile."""
    client = await connect(broker.port, "alice", receive_buffer=4096)
    other = await connect(broker.port, "bob")
    count = 8_000
    sending = asyncio.create_task(client.send(b"".join(b'$L$ {"id": %d}\n' % number for number in range(1, count + 1))))
    for _ in range(20):
        assert await other.is_served()
    for number in range(1, count + 1):
        tag, answer = await client.line()
        assert (tag, answer["re"]) == ("$L$", number)
    await sending
    assert await client.is_served()


async def test_large_answers_wait_for_who_reads_them_slowly(start: StartBroker, connect: Connect) -> None:
    """Asked for all at once, far more than may ever wait for a client."""
    settings = ServeSettings(port=0, directory="odd")
    broker = await start(plugins=memory_only(OddPlugin(never_waits=True)), settings=settings)
    client = await connect(broker.port, "alice", receive_buffer=4096)
    count = 80
    await client.send(b"".join(b'$L$ {"id": %d, "prefix": "many"}\n' % number for number in range(1, count + 1)))
    received = 0
    for number in range(1, count + 1):
        _, answer = await client.line()
        assert answer["re"] == number
        received += len(str(answer))
    assert received > 3 * Limits().queued_bytes


async def test_a_flood_of_requests_leaves_room_for_others(broker: Broker, connect: Connect) -> None:
    flooder, other = await connect(broker.port, "flooder"), await connect(broker.port, "other")
    stop = False

    async def flood() -> None:
        while not stop:
            await flooder.send(b'$PING$ {"id": 1}\n' * 5000)

    async def drink() -> None:
        while await flooder.reader.read(65536):
            pass

    tasks = [asyncio.create_task(flood()), asyncio.create_task(drink())]
    for _ in range(20):
        assert await other.is_served()
    stop = True
    await tasks[0]
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# Many at once


async def test_a_full_broker_says_so(start: StartBroker, connect: Connect) -> None:
    broker = await start(Limits(tick_s=0.01, connections=2))
    first, second = await connect(broker.port, "alice"), await connect(broker.port, "bob")
    third = await connect(broker.port)
    assert await third.error() == (Code.BROKER_FULL, SENTENCES[Code.BROKER_FULL])
    await third.end()
    await third.close()
    await first.close()
    await until(lambda: broker.clients == 1)
    await connect(broker.port, "carol")
    assert await second.is_served()


async def test_hundreds_come_and_go(broker: Broker, connect: Connect) -> None:
    clients = await asyncio.gather(*(connect(broker.port, f"n{number}") for number in range(200)))
    assert broker.clients == 200
    assert (await clients[0].ask("$L$", id=2, limit=3))[1]["total"] == 200
    for client in clients[::2]:
        client.writer.transport.abort()
    await until(lambda: broker.clients == 100)
    assert (await clients[1].ask("$L$", id=3, limit=1))[1]["total"] == 100


# The same client again


async def test_the_same_identity_replaces_the_older_connection(broker: Broker, connect: Connect) -> None:
    older = await connect(broker.port, "alice")
    newer = await connect(broker.port, "Alice")
    tag, goodbye = await older.line()
    assert (tag, goodbye["reason"]) == ("$E$", "replaced")
    assert goodbye["text"]
    await older.end()
    await older.close()
    assert (await newer.ask("$L$", id=2))[1]["clients"][0]["name"] == "Alice"
    assert broker.clients == 1


# The rendezvous


class Datagrams(asyncio.DatagramProtocol):
    """A peer's UDP socket."""

    def __init__(self) -> None:
        self.got: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.got.put_nowait(data)


Udp = tuple[asyncio.DatagramTransport, Datagrams]


@pytest.fixture
async def udp(broker: Broker) -> AsyncIterator[Any]:
    transports: list[asyncio.DatagramTransport] = []

    async def open_socket(host: str = "127.0.0.1") -> Udp:
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(
            Datagrams, local_addr=(host, 0), remote_addr=("127.0.0.1", broker.port)
        )
        transports.append(transport)
        return transport, protocol

    yield open_socket
    for transport in transports:
        transport.close()
    await asyncio.sleep(0)


def rendezvous_client(introduction: dict[str, Any], counter: int = 1) -> RendezvousClient:
    decode = base64.b64decode
    return RendezvousClient(decode(introduction["rendezvous"]), decode(introduction["rendezvous_key"]), counter)


async def test_the_rendezvous_tells_both(broker: Broker, connect: Connect, udp: Any) -> None:
    alice, bob = await connect(broker.port, "alice"), await connect(broker.port, "bob")
    for_alice, for_bob = await introduced(alice, bob, "bob")
    ports = {}
    for introduction in (for_alice, for_bob):
        transport, protocol = await udp()
        peer = rendezvous_client(introduction)
        (datagram,) = peer.datagrams_to_send(0)
        transport.sendto(datagram)
        async with asyncio.timeout(WAIT_S):
            answer = await protocol.got.get()
        assert len(answer) <= len(datagram)
        assert peer.receive_datagram(answer, 0)
        assert peer.reflexive == transport.get_extra_info("sockname")
        ports[introduction["peer"]] = transport.get_extra_info("sockname")[1]
    session = for_alice["session"]
    told = {"session": session, "ip": "127.0.0.1", "port": bob.local_port, "udp_port": ports["alice"]}
    assert await alice.line() == ("$P2P$", told)
    told = {"session": session, "ip": "127.0.0.1", "port": alice.local_port, "udp_port": ports["bob"]}
    assert await bob.line() == ("$P2P$", told)


async def test_forged_datagrams_are_neither_answered_nor_believed(broker: Broker, connect: Connect, udp: Any) -> None:
    alice, bob = await connect(broker.port, "alice"), await connect(broker.port, "bob")
    for_alice, for_bob = await introduced(alice, bob, "bob")
    (valid,) = rendezvous_client(for_alice).datagrams_to_send(0)
    (of_bob,) = rendezvous_client(for_bob).datagrams_to_send(0)
    (newest,) = rendezvous_client(for_alice, counter=100).datagrams_to_send(0)
    stranger, strangers = await udp()
    victim, victims = await udp("127.0.0.2")  # as if its address were forged
    for forged in (
        b"",
        b"\x01",
        bytes(75),
        valid[:-1],
        valid + b"x",
        valid[:-1] + bytes([valid[-1] ^ 1]),
        valid[:17] + of_bob[17:],
        b"\x01" + bytes(16) + valid[17:],
    ):
        stranger.sendto(forged)
    victim.sendto(valid)
    right, rights = await udp()
    right.sendto(newest)
    async with asyncio.timeout(WAIT_S):
        assert rendezvous_client(for_alice, 100).receive_datagram(await rights.got.get(), 0) is False
    stranger.sendto(valid)  # a replay of an older one
    right.sendto(of_bob)
    async with asyncio.timeout(WAIT_S):
        await rights.got.get()
    assert strangers.got.empty()
    assert victims.got.empty()
    assert (await bob.line())[1]["udp_port"] == right.get_extra_info("sockname")[1]


# Plugins


class Doorkeeper:
    """A gatekeeper plugin."""

    @impl
    def ud2p_broker_login(self, login: LoginRequest) -> Refuse | None:
        if login.name == "mallory":
            return Refuse("mallory is not welcome here")
        if login.name == "boom":
            raise RuntimeError("a fault in the plugin")
        return None

    @impl
    async def ud2p_broker_invite(self, invite: InviteRequest) -> Refuse | None:
        await asyncio.sleep(0.01)
        return Refuse(f"{invite.target} is busy") if invite.target == "bob" else None


async def test_gatekeepers_are_asked(start: StartBroker, connect: Connect) -> None:
    broker = await start(plugins=memory_only(Doorkeeper()))
    mallory = await connect(broker.port)
    await mallory.line()
    await mallory.hi("mallory")
    assert await mallory.error() == (Code.REFUSED, "mallory is not welcome here")
    await mallory.end()
    alice, bob = await connect(broker.port, "alice"), await connect(broker.port, "bob")
    await alice.send(b'$CON$ {"id": 2, "to": "bob", "offer": ""}\n$PING$ {"id": 3}\n')
    assert await alice.error() == (Code.REFUSED, "bob is busy")
    assert (await alice.line())[0] == "$PING$"
    assert (await bob.ask("$CON$", id=2, to="alice", offer=""))[0] == "$CON$"


async def test_a_gatekeeper_that_raises_refuses(start: StartBroker, connect: Connect) -> None:
    broker = await start(plugins=memory_only(Doorkeeper()))
    client = await connect(broker.port)
    await client.line()
    await client.hi("boom")
    code, text = await client.error()
    assert code == Code.REFUSED
    assert "a fault in the plugin" not in text
    await client.end()
    await connect(broker.port, "alice")


class Odd(MemoryDirectory):
    """A directory that fails, or waits, when it is told to."""

    async def page(self, *, prefix: str, cursor: str, limit: int, only_online: bool) -> DirectoryPage:
        if prefix == "fail":
            raise RuntimeError("out of order \x1b[2J")
        if prefix == "wait":
            await asyncio.sleep(0.01)
        if prefix == "garble":
            return DirectoryPage((Entry("a", True, "\udcff", "?"),), None, 1)
        if prefix == "huge":
            return DirectoryPage((Entry("a" * 32, True, "1" * 45, "?"),) * 300, None, 300)
        if prefix == "many":
            return DirectoryPage((Entry("a" * 32, True, "1" * 45, "?"),) * 110, None, 110)
        return await super().page(prefix="", cursor=cursor, limit=limit, only_online=only_online)

    async def remove(self, name: str, route: str) -> bool:
        if name == "stuck":
            await asyncio.sleep(0.01)
            raise RuntimeError("it does not come out")
        return await super().remove(name, route)

    async def put(self, entry: Any) -> bool:
        if entry.name == "fail":
            raise RuntimeError("out of order")
        return await super().put(entry)


class OddPlugin:
    """Brings it."""

    def __init__(self, never_waits: bool) -> None:
        self._never_waits = never_waits

    @impl
    def ud2p_register_directories(self) -> list[DirectoryInfo]:
        return [DirectoryInfo("odd", Odd, never_waits=self._never_waits)]


@pytest.mark.parametrize("never_waits", [False, True])
async def test_a_directory_that_fails(start: StartBroker, connect: Connect, log: list[str], never_waits: bool) -> None:
    settings = ServeSettings(port=0, directory="odd")
    broker = await start(plugins=memory_only(OddPlugin(never_waits)), settings=settings)
    client = await connect(broker.port, "alice")
    await client.send(
        b'$L$ {"id": 2, "prefix": "fail"}\n$L$ {"id": 3}\n$L$ {"id": 4, "prefix": "wait"}\n$L$ {"id": 5}\n'
    )
    assert await client.error() == (Code.INTERNAL, SENTENCES[Code.INTERNAL])
    assert (await client.line())[1]["re"] == 3
    tag, fourth = await client.line()
    # One that promised never to wait is held to it.
    assert (tag, fourth["re"]) == ("$ERR$" if never_waits else "$L$", 4)
    assert (await client.line())[1]["re"] == 5
    assert "out of order" in log[0]
    assert log[0].isprintable()
    for prefix in ("garble", "huge"):
        _, answer = await client.ask("$L$", id=6, prefix=prefix)
        assert (answer["code"], answer["re"]) == (Code.INTERNAL, 6)
    stranger = await connect(broker.port)
    await stranger.line()
    await stranger.hi("fail")
    assert (await stranger.error())[0] == Code.INTERNAL
    await stranger.end()
    stuck = await connect(broker.port, "stuck")
    await stuck.type("$E$", id=2)
    await until(lambda: "could not take stuck out of the directory" in log[-1])
    assert broker.clients == 1


# Starting and stopping


async def test_stopping_tells_everybody(broker: Broker, connect: Connect) -> None:
    alice, stranger = await connect(broker.port, "alice"), await connect(broker.port)
    await stranger.line()
    closing = asyncio.create_task(broker.close())
    tag, goodbye = await alice.line()
    assert (tag, goodbye["reason"]) == ("$E$", "shutdown")
    await alice.end()
    await stranger.end()
    await alice.close()
    await stranger.close()
    async with asyncio.timeout(WAIT_S):
        await closing
    with pytest.raises(ConnectionRefusedError):
        await RawClient.connect(broker.port)
    await broker.close()


async def test_stopping_waits_for_nobody_for_long(start: StartBroker, connect: Connect) -> None:
    broker = await start(Limits(tick_s=0.01, shutdown_s=0.05))
    alice = await connect(broker.port, "alice")
    bob = await connect(broker.port, "bob", receive_buffer=4096)
    for_alice, _ = await introduced(alice, bob, "bob")
    await alice.send(flood_line(for_alice["session"]) * 60)
    async with asyncio.timeout(WAIT_S):
        await broker.close()
    await bob.lost()


async def test_the_ports_are_free_again(start: StartBroker) -> None:
    broker = await start()
    await broker.close()
    again = await start(settings=ServeSettings(port=broker.port))
    assert again.port == broker.port


async def test_a_taken_port(broker: Broker, start: StartBroker) -> None:
    with pytest.raises(OSError, match="already in use"):
        await start(settings=ServeSettings(port=broker.port))


async def test_an_unknown_directory(start: StartBroker) -> None:
    with pytest.raises(PluginError, match="memory"):
        await start(settings=ServeSettings(port=0, directory="redis"))


async def test_plain_text_is_for_this_machine_alone(start: StartBroker) -> None:
    with pytest.raises(UsageError, match="leave out --plaintext"):
        await start(settings=ServeSettings(host="0.0.0.0", port=0))


@pytest.mark.parametrize("shows", [False, True])
async def test_a_broker_for_others_shows_no_addresses(shows: bool) -> None:
    """It shows them on loopback, or when it is told to."""
    async with broker_starter([], tls=True) as start, client_connector(tls=True) as connect:
        broker = await start(settings=ServeSettings(host="0.0.0.0", port=0, show_addresses=shows))
        alice = await connect(broker.port, "alice")
        bob = await connect(broker.port, "bob")
        for tag in ("$L$", "$C$"):
            _, page = await bob.ask(tag, id=2)
            assert [("address" in one) for one in page["clients"]] == [shows] * len(page["clients"])
            assert page["clients"]
        await alice.type("$CON$", id=3, to="bob", offer="")
        assert ("address" in (await bob.line())[1]) is shows


async def test_ipv6(start: StartBroker, connect: Connect) -> None:
    try:
        broker = await start(settings=ServeSettings(host="::1", port=0))
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    client = await connect(broker.port, host="::1")
    await client.line()
    await client.hi("alice")
    assert (await client.line())[1]["address"] == f"[::1]:{client.local_port}"
