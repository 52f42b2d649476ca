"""Lines that stall, break and are stopped."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.line import ConnectionLost, Line, Stopped, StopSignal


class Ends:
    """A line and the raw socket at its other end."""

    def __init__(self) -> None:
        self.stop = StopSignal()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.there = socket.create_connection(listener.getsockname())
            here, _ = listener.accept()
        self.line = Line(here, self.stop)
        self.space = memoryview(bytearray(100))

    def stop_once_it_waits(self) -> threading.Thread:
        """Set the signal from another thread."""
        thread = threading.Thread(target=self.stop.set)
        thread.start()
        return thread


@pytest.fixture
def ends() -> Iterator[Ends]:
    made = Ends()
    yield made
    made.line.close()
    made.line.close()
    made.there.close()
    made.stop.close()


def test_what_is_sent_arrives_in_full(ends: Ends) -> None:
    data = os.urandom(5_000_000)
    received = bytearray()

    def read() -> None:
        while more := ends.there.recv(1 << 16):
            received.extend(more)

    thread = threading.Thread(target=read)
    thread.start()
    ends.line.send_all(memoryview(data))
    ends.line.end_sending()
    thread.join(20)
    assert received == data


def test_it_waits_until_bytes_are_there(ends: Ends) -> None:
    timer = threading.Timer(0.05, ends.there.sendall, [b"hello"])
    timer.start()
    assert ends.line.receive_into(ends.space[:5]) == 5
    assert bytes(ends.space[:5]) == b"hello"
    ends.there.sendall(b"end")
    ends.there.close()
    assert ends.line.receive_into(ends.space) == 3
    assert ends.line.receive_into(ends.space) == 0
    timer.join()


def test_silence_is_a_stall(ends: Ends) -> None:
    ends.line.patience_s = 0.02
    with pytest.raises(TransferFailed, match="stalled: nothing moved for"):
        ends.line.receive_into(ends.space)


def test_a_reader_that_does_not_read_is_a_stall(ends: Ends) -> None:
    ends.line.patience_s = 0.02
    with pytest.raises(TransferFailed, match="stalled"):
        ends.line.send_all(bytes(100_000_000))


def test_waiting_for_bytes_can_be_stopped(ends: Ends) -> None:
    thread = ends.stop_once_it_waits()
    with pytest.raises(Stopped):
        ends.line.receive_into(ends.space)
    thread.join()


def test_waiting_for_room_can_be_stopped(ends: Ends) -> None:
    thread = ends.stop_once_it_waits()
    with pytest.raises(Stopped):
        ends.line.send_all(bytes(100_000_000))
    thread.join()


def test_a_stop_reaches_every_line_that_has_it(ends: Ends) -> None:
    other = Ends()
    second = Line(other.line._socket.dup(), ends.stop)
    thread = ends.stop_once_it_waits()
    for line in (ends.line, second):
        with pytest.raises(Stopped):
            line.receive_into(ends.space)
    thread.join()
    late = Line(other.there.dup(), ends.stop)
    with pytest.raises(Stopped):
        late.receive_into(ends.space)
    late.close()
    second.close()
    other.line.close()
    other.there.close()
    other.stop.close()


def test_bytes_that_never_end_do_not_hide_the_stop(ends: Ends) -> None:
    ends.there.sendall(b"x" * 50)
    ends.stop.set()
    with pytest.raises(Stopped):
        ends.line.receive_into(ends.space)


def test_a_broken_connection_is_lost(ends: Ends) -> None:
    ends.there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    ends.there.close()  # a reset
    with pytest.raises(ConnectionLost, match="was lost"):
        ends.line.receive_into(ends.space)
    with pytest.raises(ConnectionLost, match="was lost"):
        ends.line.send_all(b"x")
    with pytest.raises(ConnectionLost, match="was lost"):
        ends.line.end_sending()


def test_a_signal_may_be_set_at_any_time() -> None:
    stop = StopSignal()
    stop.check()
    stop.close()
    stop.set()
    stop.set()
    with pytest.raises(Stopped):
        stop.check()
