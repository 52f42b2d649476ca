"""TLS 1.3 between a client and a broker (RFC 8446), as a machine: bytes in, bytes out, no sockets.

Theory of operation. Python's :mod:`ssl` over two memory buffers. What came goes in through :meth:`Tunnel.receive_data`,
which gives back what was inside; :meth:`Tunnel.data_to_send` is what the wire gets::

    START --a TLS record--> HANDSHAKE --finished--> OPEN --the other side's last word--> OVER
      any of them --what is no TLS, or breaks its rules--> FAILED

The very first byte tells TLS from everything else, so that somebody at the wrong door hears a sentence instead of an
alert: :data:`RECORD_STARTS`. There is no session resumption (no tickets), no renegotiation and no early data: one
connection is one handshake. A connection that waits holds no buffers: OpenSSL releases its own, and what came is handed
to it in pieces so small that the memory buffer in between stays small.
"""

from __future__ import annotations

import contextlib
import ssl
from dataclasses import dataclass
from enum import Enum, StrEnum

HANDSHAKE_RECORD = 0x16
ALERT_RECORD = 0x15
PIECE_BYTES = 4096
"""How much OpenSSL is handed at once."""
READ_BYTES = 16384
"""What one TLS record holds at most (RFC 8446 section 5.1)."""


class TlsState(Enum):
    """How far a tunnel has come."""

    START = "start"
    """Nothing has come yet."""
    HANDSHAKE = "handshake"
    OPEN = "open"
    OVER = "over"
    """The other side sends nothing more."""
    FAILED = "failed"


class Fault(StrEnum):
    """Why a tunnel failed."""

    NOT_TLS = "not-tls"
    """The first bytes are no TLS record."""
    NOT_VOUCHED = "not-vouched"
    """No authority that this system trusts vouches for the certificate."""
    BROKEN = "broken"
    """Anything else."""


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """Why there is no tunnel (any more)."""

    fault: Fault
    text: str
    """A few words."""
    start: bytes = b""
    """What came instead of TLS."""


class Tunnel:
    """One end of one connection."""

    __slots__ = ("_incoming", "_outgoing", "_tls", "failure", "state")

    def __init__(self, context: ssl.SSLContext, *, server_side: bool, host: str | None = None) -> None:
        """
        :param host: whom a client means to reach: what the certificate is held against where the context asks for that
        """
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server_side, server_hostname=host)
        self.state = TlsState.START
        self.failure: TlsFailure | None = None
        if not server_side:
            self._shake_hands()
            self.state = TlsState.START

    @property
    def certificate(self) -> bytes:
        """The other side's certificate (DER), once the tunnel is open; empty for one that showed none."""
        return self._tls.getpeercert(binary_form=True) or b""

    def receive_data(self, data: bytes) -> bytes:
        """Take what arrived; never raises for what is in it.

        :returns: what was inside
        """
        if self.state is TlsState.START and data:
            if data[0] not in (HANDSHAKE_RECORD, ALERT_RECORD):
                self._fail(Fault.NOT_TLS, "this is not TLS", data)
                return b""
            self.state = TlsState.HANDSHAKE
        inside: list[bytes] = []
        view = memoryview(data)
        while view and self.state in (TlsState.HANDSHAKE, TlsState.OPEN):
            self._incoming.write(view[:PIECE_BYTES])
            view = view[PIECE_BYTES:]
            if self.state is TlsState.HANDSHAKE:
                self._shake_hands()
            if self.state is TlsState.OPEN:
                self._open(inside)
        return inside[0] if len(inside) == 1 else b"".join(inside)

    def send_data(self, data: bytes) -> None:
        """Seal what the other side shall read; dropped where the tunnel is not open."""
        if self.state not in (TlsState.OPEN, TlsState.OVER):
            return
        view = memoryview(data)
        try:
            while view:
                view = view[self._tls.write(view) :]
        except ssl.SSLError as error:
            self._fail(Fault.BROKEN, _reason(error))

    def send_close(self) -> None:
        """Say that nothing more will be sent."""
        if self.state not in (TlsState.OPEN, TlsState.OVER):
            return
        with contextlib.suppress(ssl.SSLError):  # The other side's own last word has not come, and need not.
            self._tls.unwrap()

    def data_to_send(self) -> bytes:
        """The bytes for the wire since the last call."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLCertVerificationError as error:
            self._fail(Fault.NOT_VOUCHED, error.verify_message)
        except ssl.SSLError as error:
            self._fail(Fault.BROKEN, _reason(error))
        else:
            self.state = TlsState.OPEN

    def _open(self, inside: list[bytes]) -> None:
        try:
            while data := self._tls.read(READ_BYTES):
                inside.append(data)
            self.state = TlsState.OVER
        except ssl.SSLWantReadError:
            return
        except ssl.SSLZeroReturnError:
            self.state = TlsState.OVER
        except ssl.SSLError as error:
            self._fail(Fault.BROKEN, _reason(error))

    def _fail(self, fault: Fault, text: str, start: bytes = b"") -> None:
        self.state = TlsState.FAILED
        self.failure = TlsFailure(fault, text, start)


def _reason(error: ssl.SSLError) -> str:
    """OpenSSL's words for what went wrong, without its codes."""
    return (error.reason or "it broke the rules of TLS").replace("_", " ").lower()
