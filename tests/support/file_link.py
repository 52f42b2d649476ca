"""File links without a chat, beside those that plugin authors test with."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import msgspec

from ud2p.contracts import CipherInfo
from ud2p.testing.file_links import PairedLink, link_pair, offer_of

__all__ = ["PairedLink", "WalledLink", "cipher_named", "closed_port", "link_pair", "offer_of"]


def cipher_named(name: str) -> CipherInfo:
    """A built-in cipher, by the hook that registers it."""
    from ud2p_plugins.ciphers import aes_gcm, fernet, xchacha20

    registered: list[CipherInfo] = []
    for module in (aes_gcm, fernet, xchacha20):
        registered += module.ud2p_register_ciphers()
    return next(info for info in registered if info.name == name)


class WalledLink(PairedLink):
    """A link whose network lets no connection out."""

    async def controls(self) -> AsyncIterator[bytes]:
        """What the other end says, with another port than it listens on."""
        async for body in super().controls():
            if body[:1] == b"{":
                said = msgspec.json.decode(body)
                if "port" in said:
                    body = msgspec.json.encode({**said, "port": closed_port()})
            yield body


def closed_port() -> int:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        return int(gone.getsockname()[1])
