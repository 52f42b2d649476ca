"""What routers do to what passes: translations as homes and companies have them (RFC 4787, RFC 5780), by nftables."""

from __future__ import annotations

import socket
import struct
from enum import Enum

from tests.support.namespaces import Namespace


class Nat(Enum):
    """How a router translates UDP; the values are the rules for what leaves by ``wan``."""

    PORT_RESTRICTED = "masquerade"
    """One port outside for one inside, whoever is spoken to; only who was spoken to gets in."""
    SYMMETRIC = "masquerade fully-random"
    """Another port outside for everybody who is spoken to."""
    REBOUND = "ip protocol udp masquerade to :20000-29999; masquerade"
    """As port-restricted, with other ports: what a router does after it has forgotten."""


_RULES = """
table ip translation {{
  chain out {{ type nat hook postrouting priority srcnat; oifname "wan" jump leaving; }}
  chain leaving {{ {leaving}; }}
}}
table inet firewall {{
  chain to_the_router {{
    type filter hook input priority filter;
    meta l4proto ipv6-icmp accept;
    iifname "wan" ct state established,related accept;
    iifname "wan" drop;
  }}
  chain through {{
    type filter hook forward priority filter; policy drop;
    ct state established,related accept;
    iifname "lan" accept;
  }}
}}
"""
_CTNETLINK_DELETE = (1 << 8) | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE; without attributes it is a flush
_NETLINK_NETFILTER = 12
_REQUEST_ACK = 0x05


def translate(router: Namespace, nat: Nat) -> None:
    """Let a router with the interfaces ``wan`` and ``lan`` pass on what ``lan`` began, and nothing else; IPv4 is
    translated, IPv6 is not."""
    router.write("net/ipv4/ip_forward", "1")
    router.write("net/ipv6/conf/all/forwarding", "1")
    router.nft(_RULES.format(leaving=nat.value.replace("; ", "\n    ")))


def forget(router: Namespace, nat: Nat) -> None:
    """The router starts anew: it knows of nothing under way, and translates as ``nat`` from here on."""
    leaving = nat.value.replace("; ", "\nadd rule ip translation leaving ")
    router.nft(f"flush chain ip translation leaving\nadd rule ip translation leaving {leaving}")
    router.call(_flush)


def _flush() -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as kernel:
        kernel.settimeout(5.0)
        kernel.send(struct.pack("=IHHIIBBH", 20, _CTNETLINK_DELETE, _REQUEST_ACK, 1, 0, socket.AF_UNSPEC, 0, 0))
        answer = kernel.recv(4096)
        (error,) = struct.unpack_from("=i", answer, 16)
        assert error == 0, f"the translations can't be forgotten: {-error}"
