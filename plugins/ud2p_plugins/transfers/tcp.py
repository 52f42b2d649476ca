"""The file transfer ``tcp``: files and folders over one TCP connection, straight from sender to receiver.

::

    chat      receiver → sender    listening (which transfer, port)         over the chat's reliable controls
    TCP       hello, records, receipt                                       the bytes: ud2p.protocol.transfer
    chat      either → other       ended (why)                              whatever goes wrong, both users read why

The receiver listens on 9999, or any free port, of the addresses that face its peer (``door``); where the sender can't
connect, it listens itself, and where neither can, the chat carries the records (``chat_line``). The first connection
that proves that it belongs to the transfer is the only one. On each end one thread moves the bytes with plain socket
and file calls (``sending``, ``receiving``): that keeps the loop free and is as fast as the kernel copies. What
arrives is ``NAME.part`` until every record was opened and is on the disk (``part_file``, ``part_tree``); then it gets
its name, never that of something that exists. The receipt with that name ends the sender's side well. What is cut is
gone on with, over another connection at once or in a later transfer, where a hash of it is that of the sender's
(``journal``).

This module only registers; the rest loads when a file transfer is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ud2p.contracts import FileLink, FileOffer, FileTransferInfo, Progress, Receipt, Source
from ud2p.hookspecs import impl


class TcpFileTransfer:
    """See :class:`ud2p.FileTransfer`."""

    def __init__(self) -> None:
        # Here: start-up must not pay for it, and whoever makes one early has a quick first transfer.
        from ud2p_plugins.transfers.receiving import receive_file
        from ud2p_plugins.transfers.sending import send_file

        self._send_file, self._receive_file = send_file, receive_file

    async def send(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
        """See :meth:`ud2p.FileTransfer.send`."""
        return await self._send_file(link, sources, progress)

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        """See :meth:`ud2p.FileTransfer.receive`."""
        return await self._receive_file(link, offer, into, progress)


@impl
def ud2p_register_file_transfers() -> list[FileTransferInfo]:
    """One connection, straight to the peer."""
    return [FileTransferInfo("tcp", TcpFileTransfer, "straight to the peer over TCP", _discard)]


def _discard() -> Sequence[Path]:
    from ud2p_plugins.transfers.arriving import discard_all  # here: as above

    return discard_all()
