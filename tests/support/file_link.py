"""A file link without a chat: two ends in one process with real keys, whose controls go through queues."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec

from ud2p.contracts import CipherInfo, FileEntry, FileOffer, Opener, Sealer, StreamId
from ud2p.errors import LocalProtocolError
from ud2p.protocol.transfer import StreamKeys, StreamOpener, StreamSealer, proof


def cipher_named(name: str) -> CipherInfo:
    """A built-in cipher, by the hook that registers it."""
    from ud2p_plugins.ciphers import aes_gcm, fernet, xchacha20

    registered: list[CipherInfo] = []
    for module in (aes_gcm, fernet, xchacha20):
        registered += module.ud2p_register_ciphers()
    return next(info for info in registered if info.name == name)


@dataclass
class PairedLink:
    """One end of a :func:`link_pair`: a :class:`ud2p.FileLink`."""

    secret: bytes
    offer_hash: bytes
    cipher: CipherInfo
    local_hosts: tuple[str, ...]
    peer_hosts: tuple[str, ...]
    peer_key: str = ""
    """Of the other end; without one nothing is gone on with later."""
    heard: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    peer: PairedLink = field(init=False, repr=False)
    given_out: set[tuple[str, StreamId]] = field(default_factory=set)

    def sealer(self, stream: StreamId) -> Sealer:
        """As the core gives it: each stream once."""
        return StreamSealer(self._keys("seal", stream))

    def opener(self, stream: StreamId) -> Opener:
        """As the core gives it: each stream once."""
        return StreamOpener(self._keys("open", stream))

    def prove(self, label: bytes, context: bytes) -> bytes:
        """As the core does."""
        return proof(self.secret, label, self.offer_hash + context)

    async def control(self, body: bytes) -> None:
        """Into the other end's queue."""
        assert len(body) <= 16 * 1024
        self.peer.heard.put_nowait(body)

    async def controls(self) -> AsyncIterator[bytes]:
        """Out of this end's queue, until there is None in it."""
        while (body := await self.heard.get()) is not None:
            yield body

    def _keys(self, use: str, stream: StreamId) -> StreamKeys:
        if (use, stream) in self.given_out:
            raise LocalProtocolError("a stream was asked for twice")
        self.given_out.add((use, stream))
        return StreamKeys(self.secret, self.offer_hash, stream, self.cipher)


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


def link_pair(
    cipher: CipherInfo | None = None, sender_host: str = "127.0.0.1", receiver_host: str = "127.0.0.1"
) -> tuple[PairedLink, PairedLink]:
    """The sender's and the receiver's link of one accepted offer."""
    cipher = cipher or cipher_named("aes-gcm")
    secret, offer_hash = secrets.token_bytes(32), hashlib.sha256(secrets.token_bytes(8)).digest()
    sender = PairedLink(secret, offer_hash, cipher, (sender_host,), (receiver_host,))
    receiver = PairedLink(secret, offer_hash, cipher, (receiver_host,), (sender_host,))
    sender.peer, receiver.peer = receiver, sender
    return sender, receiver


def offer_of(name: str, size_bytes: int) -> FileOffer:
    """A fresh offer."""
    return FileOffer(secrets.token_hex(16), "tcp", (FileEntry(name, size_bytes),))
