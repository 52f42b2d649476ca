"""A file link without a chat: two ends in one process with real keys, whose controls go through queues."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache

from ud2p.contracts import CipherInfo, FileEntry, FileOffer, Opener, Sealer, StreamId
from ud2p.errors import LocalProtocolError
from ud2p.plugins import PluginManager
from ud2p.protocol.transfer import StreamKeys, StreamOpener, StreamSealer, proof

MAX_CONTROL_BYTES = 16 * 1024


@cache
def best_cipher() -> CipherInfo:
    """What a chat uses whose users name none."""
    return PluginManager.load(safe_mode=True).offered_ciphers()[0]


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
    is_cut: bool = False
    """Whether nothing that is said here arrives."""
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
        assert len(body) <= MAX_CONTROL_BYTES, "a control holds at most 16 KiB"
        if not self.is_cut:
            self.peer.heard.put_nowait(body)

    async def controls(self) -> AsyncIterator[bytes]:
        """Out of this end's queue, until there is None in it."""
        while (body := await self.heard.get()) is not None:
            yield body

    def end(self) -> None:
        """The peer's file transfer, or the chat, is gone: it will say no more."""
        self.heard.put_nowait(None)

    def _keys(self, use: str, stream: StreamId) -> StreamKeys:
        if (use, stream) in self.given_out:
            raise LocalProtocolError("a stream was asked for twice")
        self.given_out.add((use, stream))
        return StreamKeys(self.secret, self.offer_hash, stream, self.cipher)


def cut(links: tuple[PairedLink, PairedLink]) -> None:
    """The chat ends: nothing arrives any more, and both hear so."""
    for link in links:
        link.is_cut = True
        link.end()


def link_pair(
    cipher: CipherInfo | None = None, sender_host: str = "127.0.0.1", receiver_host: str = "127.0.0.1"
) -> tuple[PairedLink, PairedLink]:
    """The sender's and the receiver's link of one accepted offer.

    :param cipher: of the chat; None is the one that chats use whose users name none
    """
    cipher = cipher or best_cipher()
    secret, offer_hash = secrets.token_bytes(32), hashlib.sha256(secrets.token_bytes(8)).digest()
    sender = PairedLink(secret, offer_hash, cipher, (sender_host,), (receiver_host,))
    receiver = PairedLink(secret, offer_hash, cipher, (receiver_host,), (sender_host,))
    sender.peer, receiver.peer = receiver, sender
    return sender, receiver


def offer_of(name: str, size_bytes: int, transfer: str = "tcp") -> FileOffer:
    """A fresh offer of one file."""
    return FileOffer(secrets.token_hex(16), transfer, (FileEntry(name, size_bytes),))
