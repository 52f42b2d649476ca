"""The client's end of TLS with its broker: who answers is checked before anything is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ud2p.errors import BrokerError, BrokerUnreachable
from ud2p.protocol.lines import BROKER_LINES, read_line
from ud2p.protocol.messages import Refusal
from ud2p.protocol.other_services import name_service
from ud2p.protocol.tls import Fault, TlsFailure, Tunnel
from ud2p.tls_transport import TlsTransport

if TYPE_CHECKING:
    from ud2p.broker_link import BrokerLink


class NotVouched(Exception):
    """No authority vouches for what answers; ``str()`` says why in a few words."""


class BrokerTls(TlsTransport):
    """Between TCP and a :class:`~ud2p.broker_link.BrokerLink`."""

    __slots__ = ("_check", "_link", "_where")

    def __init__(self, tunnel: Tunnel, link: BrokerLink, where: str, check: Callable[[bytes], None]) -> None:
        """
        :param check: takes the certificate (DER) and raises a BrokerError where it is not to be trusted
        """
        super().__init__(tunnel)
        self._link = link
        self._where = where
        self._check = check

    def opened(self, tunnel: Tunnel) -> BrokerLink | None:
        """See :class:`~ud2p.tls_transport.TlsTransport`."""
        try:
            self._check(tunnel.certificate)
        except BrokerError as error:
            self._link.fail(error)
            return None
        return self._link

    def failed(self, failure: TlsFailure) -> None:
        """See :class:`~ud2p.tls_transport.TlsTransport`."""
        if failure.fault is Fault.NOT_VOUCHED:
            self._link.fail(NotVouched(failure.text))
        else:
            self._link.fail(BrokerUnreachable(_sentence(failure, self._where)))
        self.close()

    def lost(self) -> None:
        """See :class:`~ud2p.tls_transport.TlsTransport`."""
        self._link.fail(BrokerUnreachable(f"the connection to {self._where} was closed before it was encrypted"))


def _sentence(failure: TlsFailure, where: str) -> str:
    start = failure.start
    if start.startswith(b"$HI$ "):
        return (
            f"the broker at {where} speaks plain text and this client TLS, so nothing was sent; start the broker "
            "without --plaintext, or add --plaintext here if both are on this machine"
        )
    refusal = read_line(start.partition(b"\n")[0], BROKER_LINES)
    if isinstance(refusal, Refusal):
        # Before TLS, so anybody on the way may have said it: it is shown, and believed in nothing.
        return f"the broker at {where} takes nobody in now, it says without encryption: {refusal.text}"
    if failure.fault is Fault.NOT_TLS:
        return f"{name_service(start)} answers at {where}, not a ud2p broker with TLS; check the address and the port"
    return f"no TLS with the broker at {where} ({failure.text}); check the address, and that the broker is a recent one"
