"""Records: what sealing and opening a message costs, everything around the cipher included."""

from __future__ import annotations

import gc
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.bench.contest import Contest
from tests.bench.rounds import Samples
from tests.bench.table import Goal, Row, Unit

from ud2p.plugins import PluginManager
from ud2p.protocol.frames import FrameType, decode_frames, encode_fragment
from ud2p.protocol.record import RecordOpener, RecordSealer

ROUNDS = 6
RECORDS = 20_000
MESSAGE = bytes(200)
KEY = bytes(32)


class Records(Contest):
    """One process, no network: a message into a fragment, a record, a datagram, and out again."""

    name = "records"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._costs: Samples[float] = Samples()
        """Seconds a record."""

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        count = RECORDS // (4 if self.quick else 1)
        self._costs.take(ROUNDS, lambda: _through_the_layer(count), lambda: _through_the_cipher(count))

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        ours, theirs = self._costs.medians(float)
        return [
            Row(
                "record of a 200-byte message: framed, sealed, opened, read",
                f"{ours * 1e6:.1f} µs",
                f"the cipher alone: {theirs * 1e6:.1f} µs",
                ours * 1e6,
                Goal.at_most(15.0),
                Unit.US,
            )
        ]


def _through_the_layer(count: int) -> float:
    info = PluginManager.load(safe_mode=True).ciphers["aes-gcm"]
    sealer, opener = RecordSealer(info, KEY, b"session."), RecordOpener(info, KEY, b"session.")
    gc.collect()
    began_at = time.perf_counter()
    for number in range(count):
        _, datagram = sealer.seal(encode_fragment(FrameType.MSG, number, len(MESSAGE), 0, MESSAGE))
        opened = opener.open(datagram)
        assert opened is not None
        ((_, body),) = decode_frames(opened[1])
        assert len(body) == 12 + len(MESSAGE)
    return (time.perf_counter() - began_at) / count


def _through_the_cipher(count: int) -> float:
    cipher, header, frames = AESGCM(KEY), bytes(19), bytes(256)
    began_at = time.perf_counter()
    for number in range(count):
        nonce = number.to_bytes(12, "big")
        cipher.decrypt(nonce, cipher.encrypt(nonce, frames, header), header)
    return (time.perf_counter() - began_at) / count
