"""Identities for tests: one for every name, the same each time, so that no test waits for keys or finds another's."""

from __future__ import annotations

import hashlib
from functools import cache

from ud2p.identity import Identity


@cache
def identity_of(name: str) -> Identity:
    """Whoever is called that, without regard to case."""
    secrets = (hashlib.sha256(f"{name.casefold()} {kind}".encode()).digest() for kind in ("session", "login"))
    return Identity(*secrets)
