"""IP addresses: their one form, and which are this machine's own (RFC 1122 for 127/8, RFC 4291 for ::1)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


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


def is_loopback(host_ip: str) -> bool:
    """Whether an IP address is this machine's own, reached by nobody else."""
    try:
        return parse_ip(host_ip).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1024)
def counted_as(host_ip: str) -> str:
    """What limits count an address as: itself, or the /64 of an IPv6 address, for that is one household's (RFC 6177).

    :raises ValueError: when it is no IP address
    """
    address = parse_ip(host_ip)
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)
