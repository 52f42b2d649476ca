"""Whether the peer is still there: keepalives out, silences noticed.

A PING leaves when nothing that asks for an ACK was sent for 15 s, give or take 20 % so that many clients do not beat in
step; most NATs keep a mapping for at least 30 s (RFC 4787 REQ-5 asks for 2 minutes, few keep it). A peer is
*silent* when nothing has opened for 45 s and *lost* at 90 s; it is tried on all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from ud2p.protocol.session_events import Silent

KEEPALIVE_S = 15.0
KEEPALIVE_JITTER = 0.2
SILENT_AFTER_S = 45.0
LOST_AFTER_S = 90.0


class Liveness:
    """The two clocks of an open session."""

    __slots__ = ("_heard_at", "_interval_s", "_random_bytes", "_silence_at", "_silences", "keepalive_at")

    def __init__(self, now: float, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._heard_at = now
        self._silence_at = now + SILENT_AFTER_S
        self._silences = 0
        self._interval_s = self._draw_interval_s()
        self.keepalive_at = now + self._interval_s
        """When a PING is due."""

    def sent(self, now: float) -> None:
        """Something that asks for an ACK was sent."""
        if now >= self.keepalive_at:
            self._interval_s = self._draw_interval_s()
        self.keepalive_at = now + self._interval_s

    def heard(self, now: float) -> bool:
        """A record opened.

        :returns: whether that ends a silence
        """
        self._heard_at = now
        self._silence_at = now + SILENT_AFTER_S
        if not self._silences:
            return False
        self._silences = 0
        return True

    def ping_soon(self) -> None:
        """A PING is wanted whatever was sent last."""
        self.keepalive_at = self._heard_at

    @property
    def silence_at(self) -> float:
        """When the next silence is to be told."""
        return self._silence_at

    def next_timer(self) -> float:
        """When a keepalive or a silence is due."""
        return self.keepalive_at if self.keepalive_at < self._silence_at else self._silence_at

    def handle_timer(self, now: float) -> Silent | None:
        """Time passed.

        :returns: the silence that is to be told now
        """
        if now < self._silence_at:
            return None
        self._silences += 1
        self._silence_at = self._heard_at + LOST_AFTER_S if self._silences == 1 else float("inf")
        return Silent(now - self._heard_at, lost=self._silences > 1)

    def _draw_interval_s(self) -> float:
        share = self._random_bytes(1)[0] / 255
        return KEEPALIVE_S * (1 - KEEPALIVE_JITTER + 2 * KEEPALIVE_JITTER * share)
