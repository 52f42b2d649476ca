from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.contracts import Address
from ud2p.errors import RemoteProtocolError
from ud2p.protocol.candidates import (
    MAX_CANDIDATES,
    Rank,
    decode_candidates,
    encode_candidates,
    nameable,
    probeable,
    rank_of,
)

NOWHERE = [
    ("224.0.0.1", 5000),
    ("239.255.255.250", 1900),
    ("255.255.255.255", 5000),
    ("240.0.0.1", 5000),
    ("0.0.0.0", 5000),
    ("0.1.2.3", 5000),
    ("::", 5000),
    ("ff02::1", 5000),
    ("::ffff:224.0.0.1", 5000),
    ("::ffff:0.0.0.0", 5000),
    ("::ffff:255.255.255.255", 5000),
    ("192.0.2.2", 0),
    ("192.0.2.2", 65536),
    ("192.0.2.2", -1),
    ("example.org", 5000),
    ("", 5000),
    ("192.0.2", 5000),
]


@pytest.mark.parametrize("address", NOWHERE)
def test_where_no_peer_can_be(address: Address) -> None:
    assert probeable(address) is None


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        (("127.0.0.1", 1), ("127.0.0.1", 1)),
        (("2001:DB8::0001", 65535), ("2001:db8::1", 65535)),
        (("fe80::1%eth0", 5), ("fe80::1%eth0", 5)),
        (("::ffff:192.0.2.1", 5), ("192.0.2.1", 5)),
    ],
)
def test_where_a_peer_can_be(address: Address, canonical: Address) -> None:
    assert probeable(address) == canonical


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_only_where_it_is_allowed(host: str) -> None:
    assert probeable((host, 5), allows_loopback=False) is None
    assert probeable((host, 5)) is not None


def test_a_link_local_address_means_nothing_to_others() -> None:
    assert not nameable(("fe80::1", 5))
    assert nameable(("fd00::1", 5))


@pytest.mark.parametrize(
    ("host", "rank"),
    [
        ("127.0.0.1", Rank.LOOPBACK),
        ("::1", Rank.LOOPBACK),
        ("192.168.1.7", Rank.LAN),
        ("10.1.2.3", Rank.LAN),
        ("172.16.0.1", Rank.LAN),
        ("fd00::7", Rank.LAN),
        ("2001:db8::7", Rank.IPV6),
        ("172.32.0.1", Rank.IPV4),
        ("198.51.100.7", Rank.IPV4),
    ],
)
def test_ranks(host: str, rank: Rank) -> None:
    assert rank_of((host, 5)) is rank


hosts = st.one_of(
    st.integers(1 << 24, (224 << 24) - 1).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0x2001 << 112, (0x2002 << 112) - 1).map(lambda n: str(ipaddress.IPv6Address(n))),
)
addresses = st.tuples(hosts, st.integers(1, 65535))


@given(st.integers(0, 2**32 - 1), st.lists(addresses, unique=True, max_size=MAX_CANDIDATES))
def test_a_list_comes_back_as_it_went(generation: int, listed: list[Address]) -> None:
    assert decode_candidates(encode_candidates(generation, listed)) == (generation, listed)


@given(st.binary(max_size=400))
def test_whatever_comes_is_a_short_list_of_places_or_an_error(body: bytes) -> None:
    try:
        _, listed = decode_candidates(body)
    except RemoteProtocolError:
        return
    assert len(listed) <= MAX_CANDIDATES
    assert all(probeable(address) == address and nameable(address) for address in listed)


def test_a_list_of_a_thousand_is_cut_and_what_is_no_place_is_left_out() -> None:
    thousand = [("198.51.100.7", port) for port in range(1, 1001)]
    assert decode_candidates(encode_candidates(0, thousand))[1] == thousand[:MAX_CANDIDATES]
    bad = [("224.0.0.1", 5), ("255.255.255.255", 5), ("0.0.0.0", 5), ("ff02::1", 5), ("fe80::1", 5), ("10.0.0.1", 0)]
    assert decode_candidates(encode_candidates(0, [*bad, ("10.0.0.1", 5)]))[1] == [("10.0.0.1", 5)]
