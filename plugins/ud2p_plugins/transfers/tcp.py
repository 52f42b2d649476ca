"""The file transfer ``tcp``: one file over one TCP connection, straight from sender to receiver.

::

    chat      receiver → sender    listening (which transfer, port)         over the chat's reliable controls
    TCP       hello, records, receipt                                       the bytes: ud2p.protocol.transfer
    chat      either → other       ended (why)                              whatever goes wrong, both users read why

The receiver listens on 9999, or any free port, of the address that faces its peer; the first connection that proves
that it belongs to the transfer is the only one (``connecting``). On each end one thread moves the bytes with plain
socket and file calls (``sending``, ``receiving``): that keeps the loop free and is as fast as the kernel copies. What
arrives is ``NAME.part`` until every record was opened and is on the disk; then it gets its name, never that of a file
that exists (``part_file``). The receipt with that name ends the sender's side well. What is cut is gone on with,
over another connection at once or in a later transfer, where a hash of it is that of the sender's file (``journal``).

This module only registers; the rest loads with the first transfer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ud2p.contracts import FileLink, FileOffer, FileTransferInfo, Progress, Receipt, Source
from ud2p.hookspecs import impl


class TcpFileTransfer:
    """See :class:`ud2p.FileTransfer`."""

    async def send(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
        """See :meth:`ud2p.FileTransfer.send`; takes exactly one source."""
        from ud2p_plugins.transfers.sending import send_file  # here: start-up must not pay for it

        return await send_file(link, sources, progress)

    async def receive(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
        """See :meth:`ud2p.FileTransfer.receive`."""
        from ud2p_plugins.transfers.receiving import receive_file  # here: as above

        return await receive_file(link, offer, into, progress)


@impl
def ud2p_register_file_transfers() -> list[FileTransferInfo]:
    """One connection, straight to the peer."""
    return [FileTransferInfo("tcp", TcpFileTransfer, "straight to the peer over TCP", _discard)]


def _discard() -> Sequence[Path]:
    from ud2p_plugins.transfers.arriving import discard_all  # here: as above

    return discard_all()
