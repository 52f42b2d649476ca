"""What a file transfer plugin may use of a chat: its keys, its addresses, and a way to talk to its other end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from ud2p.contracts import FileOffer, Opener, Sealer, StreamId
from ud2p.errors import LocalProtocolError, TransferFailed
from ud2p.local_address import local_address_toward
from ud2p.protocol.controls import MAX_TRANSFER_BODY_BYTES, Transfer
from ud2p.protocol.transfer import StreamKeys, StreamOpener, StreamSealer, proof

MAX_UNREAD_CONTROLS = 64
MAX_UNACKNOWLEDGED_CONTROLS = 64
"""Of one transfer: 1 MiB at the most."""

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.contracts import CipherInfo


class ChatFileLink:
    """The :class:`~ud2p.contracts.FileLink` of one accepted offer."""

    def __init__(self, chat: Chat, secret: bytes, cipher: CipherInfo, offer: FileOffer, offer_hash: bytes) -> None:
        """
        :param secret: the file secret of the epoch that the offer names, 32 bytes
        :param offer_hash: :attr:`ud2p.protocol.manifest.Manifest.digest`
        """
        self.offer = offer
        self._chat = chat
        self._cipher = cipher
        self._secret = secret
        self._offer_hash = offer_hash
        self._given_out: set[tuple[str, StreamId]] = set()
        self._lock = threading.Lock()
        self._controls: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._unacknowledged: set[int] = set()
        self._has_room = asyncio.Event()
        self._is_over = False

    @property
    def peer_key(self) -> str:
        """See :class:`~ud2p.contracts.FileLink`."""
        return self._chat.peer_key

    @property
    def peer_hosts(self) -> tuple[str, ...]:
        """See :class:`~ud2p.contracts.FileLink`."""
        hosts = self._chat.driver.peer_hosts
        if not hosts:
            raise TransferFailed("the chat has no path to the peer; connect again")
        return hosts

    @property
    def local_hosts(self) -> tuple[str, ...]:
        """See :class:`~ud2p.contracts.FileLink`."""
        hosts: dict[str, None] = {}
        for host in self.peer_hosts:
            with contextlib.suppress(OSError):  # The network that it was in is gone.
                hosts[local_address_toward(host)] = None
        if not hosts:
            raise TransferFailed("no network leads to the peer any more; check yours, and connect again")
        return tuple(hosts)

    def sealer(self, stream: StreamId) -> Sealer:
        """See :class:`~ud2p.contracts.FileLink`.

        :raises LocalProtocolError: when the stream was given out before: its key must never be used twice
        """
        self._give_out("seal", stream)
        return StreamSealer(self._keys(stream))

    def opener(self, stream: StreamId) -> Opener:
        """See :class:`~ud2p.contracts.FileLink`."""
        self._give_out("open", stream)
        return StreamOpener(self._keys(stream))

    def prove(self, label: bytes, context: bytes) -> bytes:
        """See :class:`~ud2p.contracts.FileLink`."""
        return proof(self._secret, label, self._offer_hash + context)

    async def control(self, body: bytes) -> None:
        """See :class:`~ud2p.contracts.FileLink`."""
        if len(body) > MAX_TRANSFER_BODY_BYTES:
            raise LocalProtocolError("a file transfer's control holds at most 16 KiB")
        # Whatever the peer's plugin says that it has taken: what its session has not acknowledged is kept here.
        while len(self._unacknowledged) >= MAX_UNACKNOWLEDGED_CONTROLS and not self._is_over:
            self._has_room.clear()
            await self._has_room.wait()
        number = self._chat.send_control(Transfer(self.offer.id, body))
        if number is not None:
            self._unacknowledged.add(number)

    async def controls(self) -> AsyncIterator[bytes]:
        """See :class:`~ud2p.contracts.FileLink`."""
        while (body := await self._controls.get()) is not None:
            yield body

    def receive_control(self, body: bytes) -> None:
        """The peer's plugin says something."""
        # An honest one says far less before it is read; nothing may be missing in the middle of what is read.
        self._controls.put_nowait(body if self._controls.qsize() < MAX_UNREAD_CONTROLS else None)

    def acknowledged(self, numbers: Sequence[int]) -> None:
        """The peer has these messages of the chat."""
        self._unacknowledged.difference_update(numbers)
        self._has_room.set()

    def end(self) -> None:
        """The peer's plugin will say no more."""
        self._is_over = True
        self._has_room.set()
        self._controls.put_nowait(None)

    def _keys(self, stream: StreamId) -> StreamKeys:
        return StreamKeys(self._secret, self._offer_hash, stream, self._cipher)

    def _give_out(self, use: str, stream: StreamId) -> None:
        with self._lock:
            if (use, stream) in self._given_out:
                raise LocalProtocolError("a stream of a file transfer was asked for twice; make a new attempt")
            self._given_out.add((use, stream))
