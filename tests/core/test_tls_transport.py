"""The parts of a TLS transport that sockets show too rarely; tests/server/test_tls_door.py has the rest."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from tests.support.certificates import make_leaf
from tests.support.raw_client import any_broker

from ud2p.protocol.tls import Fault, TlsFailure, TlsState, Tunnel
from ud2p.tls_transport import MAX_UNREAD_BYTES, TlsTransport

LEAF = make_leaf("chat.example")


class Wire(asyncio.Transport):
    """A TCP connection that is made up."""

    def __init__(self) -> None:
        super().__init__({"peername": ("10.0.0.1", 4242)})
        self.written = b""
        self.waiting = 0
        self.said: list[str] = []

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def take(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return "close" in self.said or "abort" in self.said

    def close(self) -> None:
        self.said.append("close")

    def abort(self) -> None:
        self.said.append("abort")

    def write_eof(self) -> None:
        self.said.append("eof")


class Inside(asyncio.Protocol):
    """What is behind the tunnel."""

    def __init__(self) -> None:
        self.got = b""
        self.told: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.got += data

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self.told.append("lost")


class End(TlsTransport):
    """The end under test."""

    def __init__(self, tunnel: Tunnel, inside: Inside | None) -> None:
        super().__init__(tunnel)
        self.inside = inside
        self.failures: list[TlsFailure] = []

    def opened(self, tunnel: Tunnel) -> asyncio.Protocol | None:
        return self.inside

    def failed(self, failure: TlsFailure) -> None:
        self.failures.append(failure)


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    return LEAF.context(tmp_path)


def joined(context: ssl.SSLContext, inside: Inside | None = None) -> tuple[End, Wire, Tunnel]:
    """A broker's end, its wire, and a client's tunnel with it."""
    end, wire = End(Tunnel(context, server_side=True), inside), Wire()
    end.connection_made(wire)
    client = Tunnel(any_broker(), server_side=False, host="chat.example")
    for _ in range(3):
        end.data_received(client.data_to_send())
        client.receive_data(wire.take())
    assert client.state is TlsState.OPEN
    return end, wire, client


def test_nothing_inside_hears_anything_before_the_tunnel_is_open(context: ssl.SSLContext) -> None:
    inside = Inside()
    end, wire, client = joined(context, inside)
    assert inside.told == ["made"]
    client.send_data(b"hello")
    end.data_received(client.data_to_send())
    assert inside.got == b"hello"
    end.write(b"welcome")
    assert client.receive_data(wire.take()) == b"welcome"
    assert end.get_extra_info("peername") == ("10.0.0.1", 4242)


def test_who_is_not_believed_is_cut(context: ssl.SSLContext) -> None:
    _, wire, _ = joined(context, None)
    assert wire.said == ["abort"]


def test_who_does_not_read_what_tls_itself_answers_is_cut(context: ssl.SSLContext) -> None:
    end, wire, _ = joined(context, Inside())
    wire.waiting = MAX_UNREAD_BYTES
    end.write(b"x")
    assert not wire.said
    wire.waiting += 1
    end.write(b"x")
    assert wire.said == ["abort"]


def test_after_its_last_word_it_is_deaf(context: ssl.SSLContext) -> None:
    inside = Inside()
    end, wire, client = joined(context, inside)
    end.write_eof()
    assert wire.said == ["eof"]
    assert client.receive_data(wire.take()) == b""
    assert client.state is TlsState.OVER
    client.send_data(b"more")
    end.data_received(client.data_to_send())
    assert inside.got == b""
    end.close()
    assert wire.said == ["eof", "close"]


def test_the_other_sides_last_word_is_told_once(context: ssl.SSLContext) -> None:
    inside = Inside()
    end, wire, client = joined(context, inside)
    client.send_data(b"bye")
    client.send_close()
    end.data_received(client.data_to_send())
    assert (inside.got, inside.told) == (b"bye", ["made", "eof"])
    assert end.eof_received() is True
    assert inside.told == ["made", "eof"]
    end.write(b"an answer")
    assert client.receive_data(wire.take()) == b"an answer"
    end.connection_lost(None)
    assert inside.told == ["made", "eof", "lost"]


def test_a_record_that_does_not_open_ends_it(context: ssl.SSLContext) -> None:
    inside = Inside()
    end, wire, client = joined(context, inside)
    client.send_data(b"hello")
    sealed = bytearray(client.data_to_send())
    sealed[-1] ^= 1
    end.data_received(bytes(sealed))
    assert inside.got == b""
    assert wire.said == ["close"]
    assert not end.failures  # what is inside hears connection_lost


def test_an_end_before_the_tunnel_is_a_failure(context: ssl.SSLContext) -> None:
    end = End(Tunnel(context, server_side=True), Inside())
    end.connection_made(Wire())
    assert end.eof_received() is False
    assert [failure.fault for failure in end.failures] == [Fault.BROKEN]
