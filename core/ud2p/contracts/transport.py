"""The transport contract: what carries datagrams between two peers. Provisional: ``udp`` is the only one.

A transport does not promise delivery, order or uniqueness, and knows nothing of what it carries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Address: TypeAlias = tuple[str, int]
"""IP address in its canonical text form, and port."""

ReceiveDatagrams: TypeAlias = Callable[[list[tuple[bytes, Address]]], None]
"""Called on the loop thread with every datagram that waited, in the order they were read; must not raise."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address at which this endpoint may be reached."""

    address: Address
    kind: str
    """``host`` (an own interface), ``reflexive`` (as the broker sees it) or ``relay``."""


class Endpoint(Protocol):
    """A bound socket or its like. All calls are made on the loop thread."""

    max_datagram: int
    """The largest datagram in bytes that it carries."""

    def send(self, datagram: bytes, to: Address) -> None:
        """Send or drop, at once; never blocks, never raises for what the network does."""
        ...

    def candidates(self) -> list[Candidate]:
        """Where this endpoint can be reached, best first, without asking anybody."""
        ...

    def describe(self, to: Address) -> str:
        """What a person reads of the way there: ``direct 203.0.113.5:4242``, ``relay broker.example``."""
        ...

    async def close(self) -> None:
        """Stop receiving and free the socket; may be called twice."""
        ...


class Transport(Protocol):
    """Makes endpoints."""

    async def bind(self, receive: ReceiveDatagrams, toward: Address) -> Endpoint:
        """Open an endpoint of its own.

        :param toward: the broker's rendezvous address; says which address family will reach it
        :raises OSError: when no socket can be had
        """
        ...


@dataclass(frozen=True, slots=True)
class TransportInfo:
    """What a plugin registers for a transport."""

    name: str
    make: Callable[[], Transport]
    summary: str = ""
