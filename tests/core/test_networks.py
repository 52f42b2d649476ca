from __future__ import annotations

import pytest

from ud2p.networks import canonical_ip, counted_as, is_loopback, parse_ip


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


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::1"),
    ],
)
def test_limits_count_a_household_once(host: str, expected: str) -> None:
    assert counted_as(host) == expected
