"""Cuts the byte stream of a file transfer into records and opens them, without copying.

Sans-I/O after the manner of asyncio's BufferedProtocol: receive into :meth:`RecordReader.space`, then tell
:meth:`RecordReader.received` how much it was. The bytes are those of :mod:`ud2p.protocol.transfer`.
"""

from __future__ import annotations

from ud2p.contracts import Opener
from ud2p.errors import RemoteProtocolError
from ud2p.protocol.buffers import page_aligned


class RecordReader:
    """Cuts a byte stream into records and opens them, into memory that is allocated once.

    :param opener: of this stream
    :param largest: the most bytes that a record may take, its length included:
        :meth:`ud2p.contracts.Sealer.sealed_size` of the most data that is acceptable in one
    """

    def __init__(self, opener: Opener, largest: int) -> None:
        self._opener = opener
        self._length = memoryview(bytearray(4))
        self._body = page_aligned(largest - 4)
        self._data = page_aligned(largest)
        self._record = self._body
        self._space = self._length
        self._in_body = False
        self._ended = False

    @property
    def ended(self) -> bool:
        """The final record was opened; all that may follow is the end of the stream."""
        return self._ended

    def space(self) -> memoryview:
        """Where the next bytes of the stream go; never empty."""
        return self._space

    def received(self, n_bytes: int) -> memoryview | None:
        """So many bytes were written to the start of :meth:`space`; 0 means that the stream ended.

        :returns: the data of the record that is complete with them, good until the next call, or None
        :raises RemoteProtocolError: when the stream ends too early or goes on too long, or a record is not acceptable
        :raises DecryptionError: when a record is not the next one of this stream
        """
        if n_bytes == 0:
            if self._ended:
                return None
            raise RemoteProtocolError("the connection ended before the file did; send the file again")
        if self._ended:
            raise RemoteProtocolError("bytes came after the end of the file; send the file again")
        self._space = self._space[n_bytes:]
        if self._space:
            return None
        if self._in_body:
            return self._open()
        self._begin_body()
        return None

    def _begin_body(self) -> None:
        size = int.from_bytes(self._length, "big")
        if not 4 <= size <= len(self._body):
            raise RemoteProtocolError("a record of the file has an impossible length; send the file again")
        self._in_body = True
        self._record = self._body[:size]
        self._space = self._record

    def _open(self) -> memoryview:
        size, self._ended = self._opener.next_into(self._record, self._data)
        if size == 0 and not self._ended:  # or somebody could keep us busy for ever, and never be late
            raise RemoteProtocolError("a record of the file is empty; send the file again")
        self._in_body = False
        self._space = self._length
        return self._data[:size]
