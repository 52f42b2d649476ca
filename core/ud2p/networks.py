"""Which addresses ud2p trusts while its connections to a broker are not encrypted: this machine and private networks.

Sources: RFC 1122 (127/8), RFC 1918, RFC 3927 (169.254/16), RFC 4193 (fc00::/7), RFC 4291 (::1, fe80::/10).
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)


def parse_ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IP address in ``host``: a zone is dropped, an IPv4 address mapped into IPv6 becomes IPv4.

    :raises ValueError: when it is no IP address
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=1024)
def canonical_ip(host: str) -> str:
    """The one text form of an IP address, by the rules of :func:`parse_ip`.

    :raises ValueError: when it is no IP address
    """
    return str(parse_ip(host))


def is_ip(host: str) -> bool:
    """Whether ``host`` is an IP address, and not a name."""
    try:
        parse_ip(host)
    except ValueError:
        return False
    return True


def is_private_test_network(host_ip: str) -> bool:
    """Whether an IP address is this machine's or a private network's.

    ``0.0.0.0`` and ``::`` mean every network, so they are not. A name is no IP address, and not either.
    """
    try:
        address = parse_ip(host_ip)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in _PRIVATE)


def is_loopback(host_ip: str) -> bool:
    """Whether an IP address is this machine's own, reached by nobody else."""
    try:
        return parse_ip(host_ip).is_loopback
    except ValueError:
        return False
