"""A small internet in namespaces: a broker's host in the middle, networks behind routers, hosts.

The addresses are those of documentation (RFC 5737, RFC 3849) and of private networks (RFC 1918)::

    203.0.113.0/24, 2001:db8::/64    the internet: a bridge; its own host is .1, where a broker may be
    192.168.N.0/24, 2001:db8:N::/64  the network behind router N, whose own host is .1
"""

from __future__ import annotations

import itertools

from tests.support.namespaces import Namespace
from tests.support.nats import Nat, translate

CENTRE = "203.0.113.1"


class Internet:
    """The middle, and everything that was made in it."""

    def __init__(self) -> None:
        self._namespaces: list[Namespace] = []
        self._numbers = itertools.count(2)
        self._ports = itertools.count(1)
        self.centre = self.namespace()
        """The host in the middle."""
        self.centre.write("net/ipv6/conf/all/forwarding", "1")
        self.centre.ip(
            "link add net type bridge",
            f"addr add {CENTRE}/24 dev net",
            "addr add 2001:db8::1/64 dev net nodad",
            "link set net up",
        )

    def namespace(self) -> Namespace:
        """A host without a network."""
        namespace = Namespace()
        self._namespaces.append(namespace)
        return namespace

    def number(self) -> int:
        """One that nobody has yet, for an address."""
        return next(self._numbers)

    def host(self) -> Host:
        """A host without a router in front of it, which has IPv4 alone."""
        host = Host(self.namespace())
        host.plug_into(self)
        return host

    def router(self, nat: Nat, *, six: bool = False) -> Router:
        """A router, and the network behind it."""
        return Router(self, nat, six=six)

    def plug(self, namespace: Namespace, interface: str) -> None:
        """Give a namespace an interface in the internet; without an address."""
        self.connect(self.centre, "net", namespace, interface)

    def connect(self, bridged: Namespace, bridge: str, namespace: Namespace, interface: str) -> None:
        """A cable from a bridge to a new interface."""
        port = f"port{next(self._ports)}"
        bridged.ip(
            f"link add {port} type veth peer name {interface} netns {namespace.path}",
            f"link set {port} master {bridge} up",
        )

    def close(self) -> None:
        """Pull every plug."""
        for namespace in self._namespaces:
            namespace.close()


class Router:
    """A router with a network behind it."""

    def __init__(self, internet: Internet, nat: Nat, *, six: bool) -> None:
        self.internet = internet
        self.namespace = internet.namespace()
        self.number = internet.number()
        self.six = six
        self.address = f"203.0.113.{self.number}"
        """What the world sees."""
        self._hosts = itertools.count(2)
        internet.plug(self.namespace, "wan")
        self.namespace.ip(
            f"addr add {self.address}/24 dev wan",
            "link set wan up",
            "link add lan type bridge",
            f"addr add 192.168.{self.number}.1/24 dev lan",
            "link set lan up",
        )
        translate(self.namespace, nat)
        if six:
            self.namespace.ip(
                f"addr add 2001:db8::{self.number}/64 dev wan nodad",
                f"addr add 2001:db8:{self.number}::1/64 dev lan nodad",
                "route add ::/0 via 2001:db8::1",
            )
            internet.centre.ip(f"route add 2001:db8:{self.number}::/64 via 2001:db8::{self.number}")

    def host(self) -> Host:
        """A host in the network behind it."""
        host = Host(self.internet.namespace())
        host.plug_into(self)
        return host

    def next_address(self) -> int:
        """The last part of an address behind it that nobody has."""
        return next(self._hosts)


class Host:
    """Somebody's machine, with one interface at a time."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.address = ""
        """Its own IPv4 address, as its interface has it."""

    def plug_into(self, network: Internet | Router) -> None:
        """Give it an address in a network."""
        if isinstance(network, Internet):
            self.address = f"203.0.113.{network.number()}"
            network.plug(self.namespace, "eth")
            lines = [f"route add default via {CENTRE}"]
        else:
            last = network.next_address()
            self.address = f"192.168.{network.number}.{last}"
            network.internet.connect(network.namespace, "lan", self.namespace, "eth")
            lines = [f"route add default via 192.168.{network.number}.1"]
            if network.six:
                lines += [
                    f"addr add 2001:db8:{network.number}::{last}/64 dev eth nodad",
                    f"route add ::/0 via 2001:db8:{network.number}::1",
                ]
        self.namespace.ip("link set eth up", f"addr add {self.address}/24 dev eth", *lines)

    def unplug(self) -> None:
        """Take its interface away, with the address."""
        self.namespace.ip("link del eth")
