"""Which own address faces another one."""

from __future__ import annotations

import pytest

from ud2p.local_address import is_own_address, local_address_toward


def test_loopback_faces_loopback() -> None:
    assert local_address_toward("127.0.0.1") == "127.0.0.1"
    assert local_address_toward("127.9.9.9", 17280) == "127.0.0.1"
    assert local_address_toward("::1") == "::1"


def test_no_route_leads_to_nonsense() -> None:
    with pytest.raises(OSError, match=r"not known|not supported|No address"):
        local_address_toward("no address")


@pytest.mark.parametrize(
    ("host", "is_own"), [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("2001:db8::1", False)]
)
def test_which_addresses_are_this_machines(host: str, is_own: bool) -> None:
    assert is_own_address(host) is is_own
