"""A connection between a transport that is made up and a real broker: what sockets show too rarely."""

from __future__ import annotations

import asyncio
import base64
import errno
import json

import pytest
from tests.support.brokers import StartBroker
from tests.support.identities import login_fields

from ud2p.protocol.refusals import Code
from ud2p_server.limits import Limits
from ud2p_server.link import ClientLink
from ud2p_server.server import Broker
from ud2p_server.switchboard import Switchboard


class MadeUpTransport(asyncio.Transport):
    """Keeps what is written; says how the connection stands."""

    def __init__(self, host: str) -> None:
        super().__init__({"peername": (host, 4242) if host else None})
        self.written = b""
        self.is_reading_now = True
        self.is_eof_written = False
        self.is_aborted = False
        self.is_reset = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def pause_reading(self) -> None:
        self.is_reading_now = False

    def resume_reading(self) -> None:
        self.is_reading_now = True

    def write_eof(self) -> None:
        if self.is_reset:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        self.is_eof_written = True

    def is_closing(self) -> bool:
        return self.is_aborted

    def close(self) -> None:
        self.is_aborted = True

    def abort(self) -> None:
        self.is_aborted = True

    def take(self) -> list[bytes]:
        lines, self.written = self.written.splitlines(), b""
        return lines


@pytest.fixture
async def broker(start: StartBroker) -> Broker:
    return await start(Limits(tick_s=0.01, connections_per_address=3, requests_a_turn=10))


def board_of(broker: Broker) -> Switchboard:
    assert broker._board is not None
    return broker._board


def connect(broker: Broker, host: str = "10.0.0.9") -> tuple[ClientLink, MadeUpTransport]:
    link, transport = ClientLink(board_of(broker)), MadeUpTransport(host)
    link.connection_made(transport)
    return link, transport


def hi(transport: MadeUpTransport, name: str) -> bytes:
    """The login that answers the greeting."""
    greeting = json.loads(transport.written.splitlines()[0].partition(b" ")[2])
    fields = login_fields(name, base64.b64decode(greeting["nonce"]))
    return b"$HI$ %s\n" % json.dumps({"id": 1, "version": 1, "name": name, **fields}).encode()


async def login(broker: Broker, name: str) -> tuple[ClientLink, MadeUpTransport]:
    link, transport = connect(broker)
    link.data_received(hi(transport, name))
    async with asyncio.timeout(10):
        while len(transport.written.splitlines()) < 2:
            await asyncio.sleep(0)
    transport.take()
    return link, transport


async def test_one_address_gets_so_many_connections_and_no_more(broker: Broker) -> None:
    links = [connect(broker) for _ in range(3)]
    assert all(transport.take()[0].startswith(b"$HI$") for _, transport in links)
    late, transport = connect(broker)
    (line,) = transport.take()
    assert Code.TOO_MANY_CONNECTIONS.encode() in line
    assert transport.is_eof_written
    _, elsewhere = connect(broker, "10.0.0.10")  # others are served
    assert elsewhere.take()[0].startswith(b"$HI$")
    for link in (late, links[0][0]):
        link.connection_lost(None)
    _, again = connect(broker)
    assert again.take()[0].startswith(b"$HI$")
    for link in list(board_of(broker).links):
        link.connection_lost(None)


async def test_this_machine_is_not_counted(broker: Broker) -> None:
    transports = [connect(broker, host)[1] for host in ("127.0.0.1", "::1", "::ffff:127.0.0.1") * 4]
    assert all(transport.take()[0].startswith(b"$HI$") for transport in transports)
    for link in list(board_of(broker).links):
        link.connection_lost(None)


async def test_a_turn_is_so_many_requests_long(broker: Broker) -> None:
    link, transport = await login(broker, "alice")
    link.data_received(b'$PING$ {"id": 7}\n' * 25)
    assert len(transport.take()) == 10
    assert not transport.is_reading_now
    counts = []
    async with asyncio.timeout(10):
        while not transport.is_reading_now:
            await asyncio.sleep(0)
            counts.append(len(transport.take()))
    assert [count for count in counts if count] == [10, 5]
    link.connection_lost(None)


async def test_who_does_not_read_is_not_read(broker: Broker) -> None:
    link, transport = await login(broker, "alice")
    link.pause_writing()
    link.data_received(b'$PING$ {"id": 7}\n')
    assert transport.take() == []
    assert not transport.is_reading_now
    link.resume_writing()
    assert transport.take() == [b'$PING$ {"re":7}']
    assert transport.is_reading_now
    link.connection_lost(None)


async def test_what_comes_after_the_end_is_dropped(broker: Broker) -> None:
    link, transport = await login(broker, "alice")
    link.data_received(b'$E$ {"id": 2}\n')
    assert transport.take() == [b'$E$ {"re":2}']
    assert transport.is_eof_written
    assert transport.is_reading_now
    link.data_received(b'$PING$ {"id": 7}\n')
    assert transport.take() == []
    assert not link.eof_received()  # then the transport closes itself
    link.connection_lost(None)
    assert broker.clients == 0


async def test_a_name_is_free_once_its_connection_is_closed(broker: Broker) -> None:
    """Not only once the other side has closed its own half."""
    link, _ = await login(broker, "alice")
    link.data_received(b'$E$ {"id": 2}\n')
    again, _ = await login(broker, "alice")
    assert broker.clients == 1
    link.connection_lost(None)
    assert broker.clients == 1
    again.connection_lost(None)


async def test_who_is_cut_off_in_the_middle_of_a_request_is_forgotten(broker: Broker) -> None:
    link, its = connect(broker)
    link.data_received(hi(its, "alice"))
    link.connection_lost(ConnectionResetError())
    other, transport = await login(broker, "bob")
    assert broker.clients == 1
    other.data_received(b'$L$ {"id": 2}\n')
    assert b'"total":1' in transport.take()[0]
    other.connection_lost(None)


async def test_who_is_cut_off_before_anything_is_known_of_it(broker: Broker) -> None:
    link, transport = connect(broker, "")
    assert transport.is_aborted
    assert transport.take() == []
    link.connection_lost(None)
    assert not board_of(broker).links


async def test_a_connection_that_was_reset_can_not_be_closed_politely(broker: Broker) -> None:
    link, transport = await login(broker, "alice")
    transport.is_reset = True
    link.data_received(b'$E$ {"id": 2}\n')
    assert not transport.is_eof_written
    assert broker.clients == 0
    link.connection_lost(ConnectionResetError())
