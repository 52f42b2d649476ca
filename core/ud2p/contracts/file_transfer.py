"""The file transfer contract: how the bytes of an accepted offer travel. Provisional: ``tcp`` is the only one.

The core makes the offer, asks the receiver, keeps every key and nonce, and shows the result. A file
transfer moves the bytes and says so only when they are safe: ``receive`` returns after everything has its final
name, ``send`` after the receiver said so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ud2p.contracts.cipher import Buffer
from ud2p.contracts.files import FileOffer, Receipt, Source


@dataclass(frozen=True, slots=True)
class StreamId:
    """What makes one attempt in one direction unique; all of it goes into the stream's key."""

    context: bytes
    """Public bytes of this attempt: both hellos' randomness and the like; never the same twice."""
    from_sender: bool
    """True for the file's bytes, False for what the receiver answers."""


class Sealer(Protocol):
    """Seals the records of one stream, in order, under a key that the core keeps."""

    def sealed_size(self, n: int) -> int:
        """An upper bound in bytes for a record of ``n`` bytes, its 4-byte length included."""
        ...

    def next_into(self, data: Buffer, out: memoryview, last: bool) -> int:
        """Write the next record, length first, to the start of ``out``.

        :returns: the number of bytes written
        :raises LocalProtocolError: after the last record
        """
        ...


class Opener(Protocol):
    """Opens the records of one stream, in order."""

    def next_into(self, sealed: Buffer, out: memoryview) -> tuple[int, bool]:
        """Open the next record (without its 4-byte length) to the start of ``out``.

        :returns: the number of bytes, and whether it was the last record
        :raises DecryptionError: when it is not the next record of this stream
        """
        ...


class FileLink(Protocol):
    """What a file transfer may use of the chat. ``sealer``, ``opener`` and ``prove`` may be called from any thread."""

    @property
    def peer_key(self) -> str:
        """The peer's fingerprint; what an earlier transfer left unfinished is gone on with for the same one only."""
        ...

    @property
    def peer_hosts(self) -> tuple[str, ...]:
        """The IP addresses at which the peer has answered in this chat, the one that is in use first."""
        ...

    @property
    def local_hosts(self) -> tuple[str, ...]:
        """The own IP addresses from which those are reached, in their order, each once."""
        ...

    def sealer(self, stream: StreamId) -> Sealer:
        """A sealer for one attempt; each (context, direction) is given out once."""
        ...

    def opener(self, stream: StreamId) -> Opener:
        """The opener for what the peer's sealer makes."""
        ...

    def prove(self, label: bytes, context: bytes) -> bytes:
        """A 32-byte MAC under a key of this transfer; both sides compute the same."""
        ...

    async def control(self, body: bytes) -> None:
        """Send up to 16 KiB to the peer's file transfer, reliably and in order, over the chat; waits while the peer has
        not acknowledged a MiB of what was sent."""
        ...

    def controls(self) -> AsyncIterator[bytes]:
        """What the peer's file transfer sent; ends when the chat or the peer's part of the transfer ends."""
        ...


class Progress(Protocol):
    """Where a transfer reports to. Called from any thread, often; cheap and never raises."""

    def start(self, total_bytes: int) -> None:
        """The first byte is about to move."""
        ...

    def advance(self, n_bytes: int) -> None:
        """That many more bytes are through."""
        ...

    def file_done(self, path: str, size_bytes: int) -> None:
        """One of several files is through, whole; those of a single file don't say so.

        :param path: as in its :class:`ud2p.contracts.FileEntry`
        """
        ...

    def pause(self, reason: str) -> None:
        """Nothing moves, and the transfer tries to go on; :meth:`start` follows, with what is left.

        :param reason: a sentence for the user
        """
        ...

    def finish(self) -> None:
        """No more will come, whether it went well or not."""
        ...


class FileTransfer(Protocol):
    """Moves files. Both coroutines run on the loop thread, must not block it, and clean up when cancelled."""

    async def send(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
        """Send what was accepted.

        :param sources: one for each entry of the offer, in its order
        :returns: only after the receiver verified and published it
        :raises TransferFailed: with a sentence for both users
        """
        ...

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        """Receive into the folder ``into``, under a name of its own until it is whole, and never over what is there.

        :raises TransferFailed: with a sentence for both users
        """
        ...


@dataclass(frozen=True, slots=True)
class FileTransferInfo:
    """What a plugin registers for a file transfer."""

    name: str
    make: Callable[[], FileTransfer]
    summary: str = ""
    discard: Callable[[], Sequence[Path]] = tuple
    """Removes what unfinished transfers have left on the disk; what was removed. It may block."""
