"""The broker's end of TLS: from the TCP connection to a :class:`~ud2p_server.link.ClientLink` behind an open tunnel.

Whoever is too many hears so before the handshake, in plain text, for the handshake is what a flood is after; so does
who speaks something else than TLS, or says nothing at all, as a client does that waits for a plain greeting.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ud2p.protocol.lines import write_line
from ud2p.protocol.messages import Refusal
from ud2p.protocol.refusals import SENTENCES, Code
from ud2p.protocol.tls import Fault, TlsFailure, TlsState, Tunnel
from ud2p.tls_transport import TlsTransport
from ud2p_server.admission import Ticket, Verdict
from ud2p_server.link import ClientLink

if TYPE_CHECKING:
    import ssl

    from ud2p_server.switchboard import Switchboard


class TlsDoor(TlsTransport):
    """Stands in the wheel until the tunnel is open."""

    __slots__ = ("_board", "_due_at", "_ticket", "bucket")

    def __init__(self, board: Switchboard, context: ssl.SSLContext) -> None:
        super().__init__(Tunnel(context, server_side=True))
        self._board = board
        self._ticket: Ticket | None = None
        self._due_at: float | None = board.now() + board.limits.times.first_byte_s
        self.bucket = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        super().connection_made(transport)
        board = self._board
        self._ticket = ticket = board.enter(transport.get_extra_info("peername"))
        board.doors.add(self)
        if ticket.verdict is Verdict.CUT:
            self.abort()
        elif ticket.reason is not None:
            self._refuse(*ticket.reason)
        else:
            board.wheel.schedule(self)

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        if self._due_at is not None and not self._is_deaf and self._tunnel.state is TlsState.START:
            self._due_at += self._board.limits.times.tls_s - self._board.limits.times.first_byte_s
        super().data_received(data)

    def opened(self, tunnel: Tunnel) -> ClientLink:
        """See :class:`~ud2p.tls_transport.TlsTransport`."""
        assert self._ticket is not None
        self._leave_wheel()
        return ClientLink(self._board, self._ticket)

    def failed(self, failure: TlsFailure) -> None:
        """See :class:`~ud2p.tls_transport.TlsTransport`."""
        if failure.fault is Fault.NOT_TLS:
            self._refuse(Code.TLS_REQUIRED, SENTENCES[Code.TLS_REQUIRED])
        else:
            self.close()

    def eof_received(self) -> bool:
        """See :class:`asyncio.Protocol`."""
        return super().eof_received() if self._inner is not None else False

    def lost(self) -> None:
        """See :class:`~ud2p.tls_transport.TlsTransport`."""
        self._leave_wheel()
        if self._ticket is not None:
            self._board.leave(self._ticket)

    def _refuse(self, code: Code, text: str) -> None:
        """Say why, in plain text, and leave the other side time to read it: see :mod:`ud2p_server.link`."""
        self._is_deaf = True
        self._tcp.write(write_line(Refusal(code=code, text=text)))
        with contextlib.suppress(OSError):
            self._tcp.write_eof()
        self._due_at = self._board.now() + self._board.limits.closing_s
        self._board.wheel.remove(self)
        self._board.wheel.schedule(self)

    def _leave_wheel(self) -> None:
        self._due_at = None
        self._board.wheel.remove(self)
        self._board.doors.discard(self)

    # Time

    def next_timer(self) -> float | None:
        """See :class:`ud2p_server.wheel.Timed`."""
        return self._due_at

    def handle_timer(self, now: float) -> None:
        """See :class:`ud2p_server.wheel.Timed`."""
        if self._due_at is None or now < self._due_at:
            return
        if self._tunnel.state is TlsState.START and not self._is_deaf:
            self._refuse(Code.TLS_REQUIRED, SENTENCES[Code.TLS_REQUIRED])
        else:
            self.abort()
