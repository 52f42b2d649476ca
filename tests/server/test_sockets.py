from __future__ import annotations

import errno
import socket

import pytest

from ud2p_server.sockets import ATTEMPTS, bind_ports


def test_both_ports_have_one_number() -> None:
    ports = bind_ports("127.0.0.1", 0)
    try:
        assert ports.host == "127.0.0.1"
        assert ports.port == ports.udp.getsockname()[1] > 0
    finally:
        ports.close()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_port_is_an_error_and_leaves_nothing_open(kind: socket.SocketKind) -> None:
    # Any other program may take the port as soon as it is free; what is left open keeps it every time.
    assert any(can_be_had_once_it_is_free(kind) for _ in range(5))


def can_be_had_once_it_is_free(kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="already in use") as caught:
            bind_ports("127.0.0.1", port)
        assert caught.value.errno == errno.EADDRINUSE
    try:
        bind_ports("127.0.0.1", port).close()
    except OSError:
        return False
    return True


def test_any_free_port_is_looked_for_again_where_udp_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel offers free TCP ports; whether UDP has the number is known only afterwards."""
    failures = 3
    real = socket.socket

    class Unlucky(real):  # type: ignore[valid-type,misc]
        def bind(self, address: tuple[str, int]) -> None:
            nonlocal failures
            if self.type == socket.SOCK_DGRAM and failures:
                failures -= 1
                raise OSError(errno.EADDRINUSE, "Address already in use")
            super().bind(address)

    monkeypatch.setattr(socket, "socket", Unlucky)
    bind_ports("127.0.0.1", 0).close()
    assert failures == 0
    failures = ATTEMPTS
    with pytest.raises(OSError, match="already in use"):
        bind_ports("127.0.0.1", 0)


def test_a_name_is_looked_up() -> None:
    ports = bind_ports("localhost", 0)
    ports.close()


def test_an_address_of_another_machine() -> None:
    with pytest.raises(OSError, match="assign requested address") as caught:
        bind_ports("192.0.2.1", 0)
    assert caught.value.errno == errno.EADDRNOTAVAIL
