"""TLS as asyncio has it: between a TCP connection and a protocol, to the one a protocol and to the other a transport.

Python's own TLS transports hold on to read buffers, 270 KiB for a connection that waits (uvloop's 25); over
:class:`ud2p.protocol.tls.Tunnel` it is less than 20 (measured), on either loop.

::

    TCP transport <-> TlsTransport <-> the protocol inside, which hears nothing before the tunnel is open and checked
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from ud2p.protocol.tls import Fault, TlsFailure, TlsState, Tunnel

MAX_UNREAD_BYTES = 1 << 20
"""What may wait for somebody who makes TLS itself answer and does not read (RFC 8446 section 4.6.3)."""


class TlsTransport(asyncio.Transport, asyncio.Protocol):
    """What both ends share; each says in :meth:`opened` and :meth:`failed` what it does then."""

    __slots__ = ("_inner", "_is_deaf", "_tcp", "_told_eof", "_tunnel")

    _tcp: asyncio.Transport

    def __init__(self, tunnel: Tunnel) -> None:
        # Not asyncio.Transport's own: all it would do is keep a dict for what TCP's transport is asked anyway.
        self._tunnel = tunnel
        self._inner: asyncio.Protocol | None = None
        self._is_deaf = False
        """Whether what still comes is dropped unread."""
        self._told_eof = False

    # What the two ends do

    def opened(self, tunnel: Tunnel) -> asyncio.Protocol | None:
        """The tunnel is open, and nothing has been sent through it.

        :returns: the protocol inside; None cuts the connection
        """
        raise NotImplementedError

    def failed(self, failure: TlsFailure) -> None:
        """There is no tunnel, and will be none. Closes the connection, now or soon."""
        raise NotImplementedError

    # asyncio.Protocol: the TCP connection's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        # uvloop's transports do not derive from asyncio's.
        self._tcp = cast("asyncio.Transport", transport)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        if self._is_deaf:
            return
        tunnel = self._tunnel
        inside = tunnel.receive_data(data)
        self._flush()
        if self._inner is None and tunnel.state in (TlsState.OPEN, TlsState.OVER):
            self._inner = self.opened(tunnel)
            if self._inner is None:
                self.abort()
                return
            self._inner.connection_made(self)
        if self._inner is not None and inside:
            self._inner.data_received(inside)
        if tunnel.state is TlsState.OVER:
            self._end_inside()
        elif tunnel.failure is not None:
            self._fail(tunnel.failure)

    def eof_received(self) -> bool:
        """See :class:`asyncio.Protocol`."""
        if self._inner is None:
            self._fail(TlsFailure(Fault.BROKEN, "the connection was closed"))
            return False
        return self._end_inside()

    def connection_lost(self, error: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._is_deaf = True
        if self._inner is not None:
            self._inner.connection_lost(error)
        else:
            self.lost()

    def lost(self) -> None:
        """The connection is closed, and there was no protocol inside to hear it."""

    def pause_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        if self._inner is not None:
            self._inner.resume_writing()

    # asyncio.Transport: the inner protocol's side

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """See :class:`asyncio.BaseTransport`."""
        return self._tcp.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """See :class:`asyncio.BaseTransport`."""
        return self._tcp.is_closing()

    def pause_reading(self) -> None:
        """See :class:`asyncio.ReadTransport`."""
        self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """See :class:`asyncio.ReadTransport`."""
        self._tcp.resume_reading()

    def get_write_buffer_size(self) -> int:
        """See :class:`asyncio.WriteTransport`."""
        return self._tcp.get_write_buffer_size()

    def write(self, data: Any) -> None:
        """See :class:`asyncio.WriteTransport`."""
        self._tunnel.send_data(data)
        self._flush()

    def can_write_eof(self) -> bool:
        """See :class:`asyncio.WriteTransport`."""
        return True

    def write_eof(self) -> None:
        """See :class:`asyncio.WriteTransport`. What still comes is dropped: who says this has heard enough."""
        self._is_deaf = True
        self._tunnel.send_close()
        self._flush()
        self._tcp.write_eof()

    def close(self) -> None:
        """See :class:`asyncio.BaseTransport`."""
        self._is_deaf = True
        if not self._tcp.is_closing():
            self._tunnel.send_close()
            self._flush()
        self._tcp.close()

    def abort(self) -> None:
        """See :class:`asyncio.WriteTransport`."""
        self._is_deaf = True
        self._tcp.abort()

    # inside

    def _flush(self) -> None:
        data = self._tunnel.data_to_send()
        if data and not self._tcp.is_closing():
            self._tcp.write(data)
            if self._tcp.get_write_buffer_size() > MAX_UNREAD_BYTES:
                self.abort()

    def _end_inside(self) -> bool:
        if self._told_eof or self._inner is None:
            return True
        self._told_eof = True
        if not self._inner.eof_received():
            self.close()
            return False
        return True

    def _fail(self, failure: TlsFailure) -> None:
        self._is_deaf = True
        if self._inner is None:
            self.failed(failure)
        else:
            self._tcp.close()
