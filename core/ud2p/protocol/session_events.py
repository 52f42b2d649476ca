"""What a session tells its driver."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from ud2p.contracts.transport import Address


class Opened(msgspec.Struct, frozen=True):
    """A path is valid; messages go both ways."""

    address: Address


class Moved(msgspec.Struct, frozen=True):
    """Another path is used from now on."""

    address: Address


class Delivered(msgspec.Struct, frozen=True):
    """The peer acknowledged these messages, of either kind."""

    numbers: tuple[int, ...]


class Silent(msgspec.Struct, frozen=True):
    """Nothing has opened for a while; it is still tried."""

    silent_s: float
    lost: bool


class Heard(msgspec.Struct, frozen=True):
    """A record opened again after a silence."""


class Closed(msgspec.Struct, frozen=True):
    """No message goes either way any more."""

    reason: str
    """``left``, ``unreachable`` (no path in 15 s), ``handshake`` (no keys were agreed on), ``untrusted`` (the
    peer's key, or the peer, is not let in), ``words`` (the user says that they differ), ``protocol``, ``exhausted``,
    ``cipher``, ``transport``, ``error``, or a word of the peer's."""
    by_peer: bool
    text: str = ""
    """A sentence, where there is more to say."""


SessionEvent: TypeAlias = Opened | Moved | Delivered | Silent | Heard | Closed
