"""The connecting end, on a network that lets some of it through."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from ud2p.errors import TransferFailed
from ud2p.protocol.transfer import proof
from ud2p_plugins.transfers.connecting import NotLetIn, Unreachable, connect
from ud2p_plugins.transfers.door import Door
from ud2p_plugins.transfers.line import StopSignal

ID = bytes(range(16))
SILENT = "192.0.2.1"
"""Of TEST-NET-1 (RFC 5737): nobody is there."""


def prove(label: bytes, context: bytes) -> bytes:
    return proof(b"s" * 32, label, context)


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return int(gone.getsockname()[1])


@pytest.mark.parametrize("hosts", [["127.0.0.2", "127.0.0.1"], ["::1", "127.0.0.1"], [SILENT, "::1", "127.0.0.1"]])
def test_the_address_that_answers_is_used_at_once(hosts: list[str]) -> None:
    stop, door = StopSignal(), Door(["127.0.0.1"], 0)
    admitting = threading.Thread(target=lambda: door.admit(ID, prove, stop)[0].close(), daemon=True)
    admitting.start()
    began = time.monotonic()
    line, _ = connect(hosts, door.port, ID, prove, stop, connect_s=60)
    assert time.monotonic() - began < 20
    assert line._socket.getpeername() == ("127.0.0.1", door.port)
    line.close()
    admitting.join(20)
    stop.close()


def test_nobody_answers_anywhere_and_each_address_has_its_reason() -> None:
    stop, port = StopSignal(), refused_port()
    with pytest.raises(Unreachable) as unreachable:
        connect(["127.0.0.1", "127.0.0.2"], port, ID, prove, stop)
    assert str(unreachable.value) == (
        f"the other side could not be reached on port {port} of 127.0.0.1 (connection refused), "
        "127.0.0.2 (connection refused); a firewall may be in the way"
    )
    stop.close()


def test_who_does_not_answer_is_not_waited_for_longer_than_said() -> None:
    """A full queue of a listener drops what comes, as a firewall does."""
    stop = StopSignal()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        with pytest.raises(Unreachable, match="timed out"):
            connect(["127.0.0.1"], full.getsockname()[1], ID, prove, stop, connect_s=0.3)
        for sock in waiting:
            sock.close()
    stop.close()


def test_a_system_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socket

    def without(family: int = -1, *arguments: int, **named: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, *arguments, **named)

    monkeypatch.setattr(socket, "socket", without)
    stop, port = StopSignal(), refused_port()
    with pytest.raises(Unreachable, match=r"::1 \(address family not supported by protocol\)"):
        connect(["::1", "127.0.0.1"], port, ID, prove, stop)
    stop.close()


def test_somebody_else_answers() -> None:
    stop = StopSignal()
    with socket.create_server(("127.0.0.1", 0)) as other:

        def greet() -> None:
            there, _ = other.accept()
            there.sendall(bytes(64))
            there.recv(80)
            there.close()

        greeting = threading.Thread(target=greet, daemon=True)
        greeting.start()
        with pytest.raises(NotLetIn, match="did not let this connection in"):
            connect(["127.0.0.1"], other.getsockname()[1], ID, prove, stop)
        greeting.join(20)
    stop.close()


def test_somebody_else_at_one_address_is_not_the_end() -> None:
    """Such as the router of the peer, which answers on the port for itself."""
    stop = StopSignal()
    with socket.create_server(("127.0.0.2", 0)) as router:
        door = Door(["127.0.0.1"], router.getsockname()[1])
        assert door.port == router.getsockname()[1]

        def hang_up() -> None:
            there, _ = router.accept()
            there.close()

        threads = [
            threading.Thread(target=hang_up, daemon=True),
            threading.Thread(target=lambda: door.admit(ID, prove, stop)[0].close(), daemon=True),
        ]
        for thread in threads:
            thread.start()
        line, _ = connect(["127.0.0.2", "127.0.0.1"], door.port, ID, prove, stop)
        assert line._socket.getpeername()[0] == "127.0.0.1"
        line.close()
        for thread in threads:
            thread.join(20)
    stop.close()


def test_what_is_no_address() -> None:
    stop = StopSignal()
    with pytest.raises(TransferFailed, match="not an IP address"):
        connect(["example"], 9, ID, prove, stop)
    stop.close()
