"""What leaves one end of a session: probes, new keys, messages and acknowledgements, each sealed, with where it goes.

It asks the machines below what is due and seals it; every record is told to the recovery, because the peer may
acknowledge it.
"""

from __future__ import annotations

from typing import TypeAlias

from ud2p.contracts.transport import Address
from ud2p.errors import LocalProtocolError, PluginError
from ud2p.protocol.keyring import Keyring
from ud2p.protocol.liveness import Liveness
from ud2p.protocol.paths import Paths
from ud2p.protocol.reliable import Reliable

Datagrams: TypeAlias = list[tuple[bytes, Address]]


class Sending:
    """One end's. ``PluginError`` from any method: the cipher broke its contract."""

    __slots__ = ("_keys", "_liveness", "_paths", "_reliable", "signals")

    def __init__(self, keys: Keyring, paths: Paths, reliable: Reliable, liveness: Liveness) -> None:
        self._keys = keys
        self._paths = paths
        self._reliable = reliable
        self._liveness = liveness
        self.signals: list[bytes] = []
        """Sealed records for the signalling channel."""

    def datagrams(self, now: float, *, is_open: bool) -> Datagrams:
        """Everything that is due; before the session is open, that is probes only."""
        datagrams: Datagrams = []
        address = self._paths.active
        if is_open and address is not None:
            frame = self._keys.frame_to_send(now)
            if frame is not None:
                datagrams.append((self._seal(frame)[1], address))
        if self._paths.has_probes(now):
            self._add_probes(datagrams, now)
        if is_open and address is not None:
            self._add_messages(datagrams, address, now)
        return datagrams

    def add_signal(self, frames: bytes) -> None:
        """Seal a record for the signalling channel; its number may be acknowledged like any other's."""
        if not self._keys.sealer.exhausted:
            self.signals.append(self._seal(frames)[1])

    def last_word(self, frame: bytes) -> list[bytes]:
        """A record that says goodbye, as long as the cipher lets one."""
        try:
            return [self._keys.sealer.seal(frame)[1]]
        except (PluginError, LocalProtocolError):
            return []

    def _add_probes(self, datagrams: Datagrams, now: float) -> None:
        sealer = self._keys.sealer
        for address, frames in self._paths.probes_to_send(now):
            if not sealer.exhausted:
                datagrams.append((self._seal(frames)[1], address))

    def _add_messages(self, datagrams: Datagrams, address: Address, now: float) -> None:
        reliable, liveness, sealer = self._reliable, self._liveness, self._keys.sealer
        while not sealer.exhausted and (load := reliable.next_frames(now, liveness.keepalive_at <= now)) is not None:
            number, datagram = self._seal(load.frames)
            datagrams.append((datagram, address))
            if load.asks_for_ack:
                reliable.sent(number, len(datagram), load, now)
                liveness.sent(now)

    def _seal(self, frames: bytes) -> tuple[int, bytes]:
        number, datagram = self._keys.sealer.seal(frames)
        self._reliable.recovery.sealed(number)
        return number, datagram
