"""What a session tells its driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ud2p.contracts.transport import Address


@dataclass(frozen=True, slots=True)
class Opened:
    """A path is valid; messages go both ways."""

    address: Address


@dataclass(frozen=True, slots=True)
class Moved:
    """Another path is used from now on."""

    address: Address


@dataclass(frozen=True, slots=True)
class Delivered:
    """The peer acknowledged these chat messages."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing has opened for a while; it is still tried."""

    silent_s: float
    lost: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """A record opened again after a silence."""


@dataclass(frozen=True, slots=True)
class Closed:
    """No message goes either way any more."""

    reason: str
    """``left``, ``unreachable`` (no path in 15 s), ``handshake`` (no keys were agreed on), ``untrusted`` (the
    peer's key, or the peer, is not let in), ``words`` (the user says that they differ), ``protocol``, ``exhausted``,
    ``cipher``, ``transport``, ``error``, or a word of the peer's."""
    by_peer: bool
    text: str = ""
    """A sentence, where there is more to say."""


SessionEvent: TypeAlias = Opened | Moved | Delivered | Silent | Heard | Closed
