"""The transport ``udp`` on a bad network, as a plugin."""

from __future__ import annotations

import random

from ud2p.contracts import TransportInfo
from ud2p.hookspecs import impl
from ud2p.testing.lossy_transport import LossyTransport
from ud2p_plugins.transports.udp import UdpTransport


class LossyPlugin:
    """Registers it as ``lossy``."""

    def __init__(self, loss: float, copies: float, seed: int) -> None:
        self._transport = LossyTransport(UdpTransport(), random.Random(seed), loss=loss, copies=copies)

    @impl
    def ud2p_register_transports(self) -> list[TransportInfo]:
        """See :mod:`ud2p.hookspecs`."""
        return [TransportInfo("lossy", lambda: self._transport)]
