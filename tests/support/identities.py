"""Identities for tests: one for every name, the same each time."""

from __future__ import annotations

import base64

from ud2p.identity import Identity
from ud2p.protocol.login import sign_login
from ud2p.testing.identities import identity_of

__all__ = ["identity_of", "login_fields"]


def login_fields(
    name: str, nonce: bytes, certificate_hash: bytes = b"", identity: Identity | None = None
) -> dict[str, str]:
    """The members of a ``$HI$`` that prove who it is."""
    identity = identity or identity_of(name)
    keys = identity.public_keys
    signature = sign_login(identity.login_key, nonce, certificate_hash, name, keys)
    return {"identity": base64.b64encode(keys).decode(), "signature": base64.b64encode(signature).decode()}
