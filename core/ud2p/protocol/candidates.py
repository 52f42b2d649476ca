"""Candidates: where a peer may be reached, as it says itself, sealed; which of them are probed; which is better.

The body of a CANDIDATES frame::

    generation u32 | (ip [16] | port u16)*        IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2)

Frames of one generation add up; a newer generation replaces an older one, which is ignored when it comes late. An
address says by itself how good it is; nobody's word is taken for it.

Never probed, whoever names them: multicast, broadcast, unspecified and reserved addresses, port 0; and loopback, unless
the broker is on loopback itself: everybody else's loopback is this machine's, and a peer has no business there. An
IPv6 link-local address means nothing without its interface, so nobody can name one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from enum import IntEnum
from struct import Struct
from typing import TypeAlias

from ud2p.contracts.transport import Address
from ud2p.errors import RemoteProtocolError
from ud2p.protocol.frames import FrameType, encode_frame

MAX_CANDIDATES = 16
_GENERATION = Struct(">I")
_CANDIDATE = Struct(">16sH")
CANDIDATE_BYTES = _CANDIDATE.size
GENERATION_BYTES = _GENERATION.size

_Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_LAN = tuple(
    ipaddress.ip_network(network)
    # RFC 1918, RFC 3927; RFC 4193, RFC 4291 section 2.5.6
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
_NOWHERE = tuple(
    ipaddress.ip_network(network)
    # RFC 6890: "this network", multicast, reserved and broadcast; RFC 4291: unspecified, multicast
    for network in ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8")
)


class Rank(IntEnum):
    """How good a path to an address is, the best first; a relay will come last."""

    LOOPBACK = 0
    LAN = 1
    IPV6 = 2
    IPV4 = 3
    LEARNED = 4
    """Nobody named it: a record came from there."""


def probeable(address: Address, *, allows_loopback: bool = True) -> Address | None:
    """The canonical form of an address that one host can be at.

    :param allows_loopback: whether a peer may be on this machine
    :returns: None for any other; see the module
    """
    host, port = address
    try:
        ip = _parse(host)
    except ValueError:
        return None
    if not 0 < port <= 65535 or any(ip in network for network in _NOWHERE if network.version == ip.version):
        return None
    if ip.is_loopback and not allows_loopback:
        return None
    return str(ip), port


def nameable(address: Address) -> bool:
    """Whether an address means the same to somebody else."""
    canonical = probeable(address)
    return canonical is not None and not canonical[0].startswith("fe80:")


def rank_of(address: Address) -> Rank:
    """How good a path to a canonical address that the peer named is."""
    ip = _parse(address[0])
    if ip.is_loopback:
        return Rank.LOOPBACK
    if any(ip in network for network in _LAN if network.version == ip.version):
        return Rank.LAN
    return Rank.IPV6 if ip.version == 6 else Rank.IPV4


def encode_candidates(generation: int, addresses: Iterable[Address]) -> bytes:
    """The body of a CANDIDATES frame."""
    body = _GENERATION.pack(generation)
    for host, port in addresses:
        ip = _parse(host)
        packed = ip.packed if ip.version == 6 else bytes(10) + b"\xff\xff" + ip.packed
        body += _CANDIDATE.pack(packed, port)
    return body


def candidate_frames(generation: int, addresses: Sequence[Address], max_bytes: int) -> list[bytes]:
    """The CANDIDATES frames of a list, each for a record of its own; one where there is no address to tell.

    :param addresses: the best first; no more than 16 are told
    :param max_bytes: what fits one record
    """
    told = addresses[:MAX_CANDIDATES]
    room = (max_bytes - len(encode_frame(FrameType.CANDIDATES)) - GENERATION_BYTES) // CANDIDATE_BYTES
    parts = [told[first : first + room] for first in range(0, len(told) or 1, room)]
    return [encode_frame(FrameType.CANDIDATES, encode_candidates(generation, part)) for part in parts]


def decode_candidates(body: bytes) -> tuple[int, list[Address]]:
    """The generation, and the addresses that a peer may be at, each once, at most 16; the others are left out.

    :raises RemoteProtocolError: when it is no such body
    """
    if len(body) < GENERATION_BYTES or (len(body) - GENERATION_BYTES) % CANDIDATE_BYTES:
        raise RemoteProtocolError("a list of candidates has no sensible length")
    (generation,) = _GENERATION.unpack_from(body)
    addresses: dict[Address, None] = {}
    for packed, port in _CANDIDATE.iter_unpack(body[GENERATION_BYTES:]):
        address = probeable((str(ipaddress.IPv6Address(packed)), port))
        if address is not None and nameable(address):
            addresses[address] = None
            if len(addresses) == MAX_CANDIDATES:
                break
    return generation, list(addresses)


def _parse(host: str) -> _Ip:
    ip = ipaddress.ip_address(host)
    return getattr(ip, "ipv4_mapped", None) or ip
