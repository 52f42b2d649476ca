"""A key that shows any public key at all, as somebody may who writes the bytes of a message by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SMALL_ORDER = (bytes(32), b"\1" + bytes(31))
"""Points with which everybody agrees on zero (RFC 7748, section 6.1)."""


@dataclass
class _Public:
    shown: bytes

    def public_bytes_raw(self) -> bytes:
        return self.shown


@dataclass
class _Forged:
    shown: bytes

    def public_key(self) -> _Public:
        return _Public(self.shown)


def forged_key(shown: bytes) -> X25519PrivateKey:
    """A key to write a first message with; it can agree on nothing."""
    return cast("X25519PrivateKey", _Forged(shown))
