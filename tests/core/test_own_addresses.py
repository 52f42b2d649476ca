"""The own addresses of the machine that the tests run on, and of networks made for it in tests/netlab."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from ud2p import own_addresses as module
from ud2p.own_addresses import own_addresses


def can_bind(host: str) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
        return True


def test_every_one_is_this_machines() -> None:
    found = own_addresses("127.0.0.1")
    assert found[0] == "127.0.0.1"
    assert all(can_bind(host) for host in found)
    assert len(set(found)) == len(found)


def test_loopback_is_there_only_toward_a_broker_on_loopback() -> None:
    assert own_addresses("127.0.0.1").count("127.0.0.1") == 1
    assert not any(ipaddress.ip_address(host).is_loopback for host in own_addresses("192.0.2.1"))


def test_where_the_system_can_not_list_them_the_routes_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = own_addresses("192.0.2.1")
    monkeypatch.delattr(socket, "AF_NETLINK", raising=False)
    assert set(own_addresses("192.0.2.1")) <= set(listed)
    assert own_addresses("127.0.0.1")[0] == "127.0.0.1"


def test_no_route_toward_the_broker_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(host: str) -> str:
        raise OSError

    monkeypatch.setattr(module, "local_address_toward", nowhere)
    assert all(can_bind(host) for host in own_addresses("192.0.2.1"))
