"""Which addresses this machine has, without asking anybody.

On Linux the kernel tells all of them (rtnetlink, RFC 3549). Elsewhere the standard library can't list them: there it is
the address that faces the broker and those of the default routes, one a family, which is what most machines have.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from collections.abc import Iterator
from typing import Any

from ud2p.local_address import local_address_toward

# linux/rtnetlink.h, linux/if_addr.h
_RTM_NEWADDR, _RTM_GETADDR = 20, 22
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_F_DADFAILED, _IFA_F_DEPRECATED, _IFA_F_TENTATIVE = 0x08, 0x20, 0x40
_UNUSABLE = _IFA_F_DADFAILED | _IFA_F_DEPRECATED | _IFA_F_TENTATIVE
_HEAD = struct.Struct("=IHHII")
_ADDRESS = struct.Struct("=BBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_ANYWHERE = ("192.0.2.1", "2001:db8::1")  # RFC 5737, RFC 3849: routed like the rest of the world, and nobody's.
_READ_BYTES = 65536


def own_addresses(toward: str) -> list[str]:
    """The own IP addresses at which others may reach this machine: the one that faces ``toward`` first, then IPv6, then
    IPv4; neither IPv6 link-local ones nor those that the system does not use yet or any more. Loopback is among them
    only where it faces ``toward``.

    :param toward: the broker's IP address
    """
    first = list(_facing(toward))
    try:
        others = list(_listed_by_linux())
    except (OSError, AttributeError, struct.error):
        others = [address for host in _ANYWHERE for address in _facing(host)]
    others = [address for address in others if not ipaddress.ip_address(address).is_loopback]
    found: dict[str, None] = {}
    for address in first + sorted(others, key=lambda each: ":" not in each):
        ip = ipaddress.ip_address(address.partition("%")[0])
        if not (ip.is_unspecified or ip.is_multicast or (ip.version == 6 and ip.is_link_local)):
            found[str(ip)] = None
    return list(found)


def _facing(host: str) -> Iterator[str]:
    with contextlib.suppress(OSError):  # No route leads there.
        yield local_address_toward(host)


def _listed_by_linux() -> Iterator[str]:
    """:raises OSError: or AttributeError, where there is no rtnetlink"""
    netlink: Any = socket  # What is not there on other systems is an AttributeError, told above.
    with socket.socket(netlink.AF_NETLINK, socket.SOCK_RAW, netlink.NETLINK_ROUTE) as kernel:
        kernel.settimeout(1.0)
        request = _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        kernel.send(_HEAD.pack(_HEAD.size + len(request), _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0) + request)
        while True:
            data = kernel.recv(_READ_BYTES)
            while data:
                length, kind, *_ = _HEAD.unpack_from(data)
                if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEAD.size:
                    return
                if kind == _RTM_NEWADDR:
                    yield from _address_in(data[_HEAD.size : length])
                data = data[_aligned(length) :]


def _address_in(message: bytes) -> Iterator[str]:
    family, _, flags, _, _ = _ADDRESS.unpack_from(message)
    if flags & _UNUSABLE or family not in (socket.AF_INET, socket.AF_INET6):
        return
    attributes: dict[int, bytes] = {}
    at = _ADDRESS.size
    while at + _ATTRIBUTE.size <= len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, at)
        attributes[kind] = message[at + _ATTRIBUTE.size : at + length]
        at += max(_aligned(length), _ATTRIBUTE.size)
    # Of a point-to-point link, IFA_ADDRESS is the other end.
    packed = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    if packed is not None and len(packed) == (4 if family == socket.AF_INET else 16):
        yield socket.inet_ntop(family, packed)


def _aligned(length: int) -> int:
    return (length + 3) & ~3
