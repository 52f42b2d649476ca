"""Identities for tests: one for every name, the same each time."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from ud2p.identity import Identity
from ud2p.protocol.login import sign_login


@cache
def identity_of(name: str) -> Identity:
    """Whoever is called that, without regard to case."""
    secrets = (hashlib.sha256(f"{name.casefold()} {kind}".encode()).digest() for kind in ("session", "login"))
    return Identity(*secrets)


def login_fields(
    name: str, nonce: bytes, certificate_hash: bytes = b"", identity: Identity | None = None
) -> dict[str, str]:
    """The members of a ``$HI$`` that prove who it is."""
    identity = identity or identity_of(name)
    keys = identity.public_keys
    signature = sign_login(identity.login_key, nonce, certificate_hash, name, keys)
    return {"identity": base64.b64encode(keys).decode(), "signature": base64.b64encode(signature).decode()}
