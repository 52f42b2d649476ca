"""The receiver's door, and who else comes to it."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from ud2p.errors import TransferFailed
from ud2p.protocol.hello import Hello, Side
from ud2p.protocol.transfer import proof
from ud2p_plugins.transfers.connecting import connect
from ud2p_plugins.transfers.door import MAX_GUESTS, PORT, Door
from ud2p_plugins.transfers.line import Line, Stopped, StopSignal

HOST = "127.0.0.1"
ID = bytes(range(16))
DEADLINE_S = 20


def prove(label: bytes, context: bytes) -> bytes:
    return proof(b"s" * 32, label, context)


class Opened:
    """A door with somebody behind it."""

    def __init__(self, host: str = HOST, **limits: Any) -> None:
        self.stop = StopSignal()
        self.door = Door([host], 0)
        self.host, self.port = host, self.door.port
        self.pool = ThreadPoolExecutor(4)
        self.admitted: Future[tuple[Line, bytes]] = self.pool.submit(
            lambda: self.door.admit(ID, prove, self.stop, **limits)
        )
        self.guests: list[socket.socket] = []

    def guest(self) -> socket.socket:
        """Somebody connects, and is silent."""
        guest = socket.create_connection((self.host, self.port), timeout=DEADLINE_S)
        self.guests.append(guest)
        return guest

    def greeted(self, guest: socket.socket) -> bytes:
        """What the door said to a guest first."""
        nonce = b""
        while len(nonce) < 32 and (more := guest.recv(32 - len(nonce))):
            nonce += more
        return nonce

    def expect(self, by: Any = prove) -> tuple[Line, bytes]:
        """The one who belongs here comes in; that it is really the one is tried with a byte each way."""
        line, context = self.pool.submit(lambda: connect([self.host], self.port, ID, by, self.stop)).result(DEADLINE_S)
        admitted, context_inside = self.admitted.result(DEADLINE_S)
        assert context == context_inside
        space = memoryview(bytearray(1))
        for here, there in ((line, admitted), (admitted, line)):
            here.send_all(b"!")
            assert there.receive_into(space) == 1
        line.close()
        admitted.close()
        return line, context

    def close(self) -> None:
        self.stop.set()
        self.pool.shutdown()
        if not self.admitted.exception():
            self.admitted.result()[0].close()
        for guest in self.guests:
            guest.close()
        self.door.close()
        self.stop.close()


@pytest.fixture
def opened() -> Iterator[Opened]:
    place = Opened()
    yield place
    place.close()


def is_closed(guest: socket.socket) -> bool:
    """Whether the other end hangs up, with nothing more to say."""
    try:
        return guest.recv(100) == b""
    except ConnectionError:
        return True


def test_who_belongs_here_comes_in(opened: Opened) -> None:
    opened.expect()
    with pytest.raises(ConnectionError):  # the door is shut behind it
        opened.greeted(opened.guest())


def test_over_ipv6() -> None:
    try:
        opened = Opened("::1")
    except TransferFailed as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    opened.expect()
    opened.close()


def test_whoever_else_comes_first_is_seen_off(opened: Opened) -> None:
    silent, noisy, hasty, gone, slow = (opened.guest() for _ in range(5))
    noisy.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curious, and with very much more to say\r\n\r\n")
    opened.greeted(noisy)
    assert is_closed(noisy)
    hasty.sendall(secrets.token_bytes(100_000))
    opened.greeted(hasty)
    assert is_closed(hasty)
    gone.close()
    opened.greeted(slow)
    slow.sendall(b"\0")
    opened.expect()
    assert len(opened.greeted(silent)) == 32
    assert is_closed(silent)
    assert is_closed(slow)


def test_a_recorded_hello_does_not_open_the_door() -> None:
    first = Opened()
    tape = tapped(first)
    first.close()
    second = Opened()
    guest = second.guest()
    second.greeted(guest)
    guest.sendall(tape)
    assert is_closed(guest)
    second.expect()
    second.close()


def tapped(opened: Opened) -> bytes:
    """A true connector's hello, taken down on the way."""
    guest = opened.guest()
    hello = Hello(Side.CONNECTOR, ID, secrets.token_bytes(32), prove)
    hello.receive_data(opened.greeted(guest))
    guest.sendall(said := hello.data_to_send())
    opened.admitted.result(DEADLINE_S)
    return said


def test_a_hello_by_another_secret_does_not_open_the_door(opened: Opened) -> None:
    guest = opened.guest()
    hello = Hello(Side.CONNECTOR, ID, secrets.token_bytes(32), lambda label, context: proof(b"t" * 32, label, context))
    hello.receive_data(opened.greeted(guest))
    guest.sendall(hello.data_to_send())
    assert is_closed(guest)
    opened.expect()


def test_every_guest_hears_another_nonce(opened: Opened) -> None:
    nonces = {opened.greeted(opened.guest()) for _ in range(MAX_GUESTS)}
    assert len(nonces) == MAX_GUESTS


def test_the_silent_hold_eight_places_and_only_for_a_while() -> None:
    opened = Opened(hello_s=0.3)
    silent = [opened.guest() for _ in range(MAX_GUESTS + 3)]
    for guest in silent[:MAX_GUESTS]:
        assert len(opened.greeted(guest)) == 32
    opened.expect()  # behind all of them
    for guest in silent[:MAX_GUESTS]:
        assert is_closed(guest)
    opened.close()


def test_a_ninth_guest_waits_outside() -> None:
    opened = Opened(hello_s=60)
    for _ in range(MAX_GUESTS):
        opened.greeted(opened.guest())
    ninth = opened.guest()
    ninth.settimeout(0.1)  # nothing can show that nothing comes, but it would be there by then
    with pytest.raises(TimeoutError):
        ninth.recv(1)
    ninth.settimeout(DEADLINE_S)
    opened.guests[0].close()  # whose place it takes
    assert len(opened.greeted(ninth)) == 32
    opened.close()


def test_nobody_comes() -> None:
    opened = Opened(wait_s=0.05)
    with pytest.raises(TransferFailed, match="nobody connected within 0 seconds"):
        opened.admitted.result(DEADLINE_S)
    opened.close()


def test_waiting_can_be_stopped(opened: Opened) -> None:
    opened.greeted(opened.guest())
    opened.stop.set()
    with pytest.raises(Stopped):
        opened.admitted.result(DEADLINE_S)


def test_connecting_can_be_stopped() -> None:
    """The receiver's machine takes the connection, and its program says nothing."""
    stop = StopSignal()
    with socket.create_server((HOST, 0)) as listener, ThreadPoolExecutor(1) as pool:
        connecting_ = pool.submit(connect, [HOST], listener.getsockname()[1], ID, prove, stop)
        there, _ = listener.accept()
        stop.set()
        with pytest.raises(Stopped):
            connecting_.result(DEADLINE_S)
        there.close()
    stop.close()


def test_a_port_that_is_taken_is_not_insisted_on() -> None:
    first = Door([HOST], 0)
    second = Door([HOST], first.port)
    assert first.port != second.port
    first.close()
    second.close()
    assert PORT == 9999


def test_it_listens_on_all_addresses_at_one_port_where_that_is_free() -> None:
    stop = StopSignal()
    with socket.create_server(("127.0.0.3", 0)) as taken, ThreadPoolExecutor(1) as pool:
        door = Door([HOST, "127.0.0.2", "127.0.0.3", "198.51.100.7", "no address"], taken.getsockname()[1])
        assert door.port == taken.getsockname()[1]
        assert [listener.getsockname() for listener in door._listeners] == [(HOST, door.port), ("127.0.0.2", door.port)]
        admitted = pool.submit(door.admit, ID, prove, stop)
        strangers = [socket.create_connection((host, door.port)) for host in (HOST, "127.0.0.2") for _ in range(6)]
        line, context = connect(["127.0.0.2"], door.port, ID, prove, stop)
        there, context_there = admitted.result(DEADLINE_S)
        assert context == context_there
        for opened in (line, there):
            opened.close()
        for stranger in strangers:
            stranger.close()
    stop.close()


@pytest.mark.parametrize(
    ("host", "sentence"), [("198.51.100.7", "could not be listened on"), ("example", "not an IP address")]
)
def test_an_address_that_is_not_ours(host: str, sentence: str) -> None:
    with pytest.raises(TransferFailed, match=sentence):
        Door([host])


def test_no_thread_is_left() -> None:
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ud2p-")]
