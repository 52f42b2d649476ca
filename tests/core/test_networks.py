from __future__ import annotations

import pytest

from ud2p.networks import canonical_ip, is_loopback, is_private_test_network, parse_ip


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.255.255.255",
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
        "169.254.1.1",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "febf::1",
        "fc00::1",
        "fdff::1",
        "::ffff:127.0.0.1",
        "::ffff:192.168.1.1",
    ],
)
def test_this_machine_and_private_networks_are_allowed(host: str) -> None:
    assert is_private_test_network(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "::",
        "::ffff:0.0.0.0",
        "8.8.8.8",
        "11.0.0.1",
        "9.255.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "169.253.255.255",
        "100.64.0.1",
        "126.255.255.255",
        "128.0.0.1",
        "::2",
        "fec0::1",
        "fbff::1",
        "fe00::1",
        "2001:db8::1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "localhost",
        "",
        "127.1",
        "2130706433",
    ],
)
def test_everything_else_is_not(host: str) -> None:
    assert not is_private_test_network(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("x", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("::ffff:10.1.2.3", "10.1.2.3"), ("fe80::1%eth0", "fe80::1"), ("0:0::1", "::1"), ("10.1.2.3", "10.1.2.3")],
)
def test_an_address_has_one_form(host: str, expected: str) -> None:
    assert canonical_ip(host) == expected


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="localhost"):
        parse_ip("localhost")
