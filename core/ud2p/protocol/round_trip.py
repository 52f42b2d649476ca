"""The round trip to the peer, smoothed (RFC 9002 section 5), and the probe timeout that follows from it (6.2.1)."""

from __future__ import annotations

from ud2p.protocol.received import MAX_ACK_DELAY_S

INITIAL_RTT_S = 0.333
GRANULARITY_S = 0.001


class RoundTrip:
    """What the round trips measured so far say; all in seconds."""

    __slots__ = ("latest_s", "minimum_s", "probe_timeout_s", "smoothed_s", "variation_s")

    def __init__(self) -> None:
        self.latest_s = self.smoothed_s = INITIAL_RTT_S
        self.variation_s = INITIAL_RTT_S / 2
        self.minimum_s: float | None = None
        """None until one was measured."""
        self.probe_timeout_s = self.smoothed_s + 4 * self.variation_s + MAX_ACK_DELAY_S
        """How long to wait for an ACK before asking again."""

    def restart(self, first_s: float) -> None:
        """The path is another one; its first round trip took ``first_s``."""
        self.minimum_s = None
        self.sample(first_s)

    def sample(self, latest_s: float, ack_delay_s: float = 0.0) -> None:
        """A round trip was measured; the peer says that its ACK waited for ``ack_delay_s`` of it."""
        self.latest_s = latest_s
        if self.minimum_s is None:
            self.minimum_s = self.smoothed_s = latest_s
            self.variation_s = latest_s / 2
        else:
            if latest_s < self.minimum_s:
                self.minimum_s = latest_s
            if ack_delay_s > MAX_ACK_DELAY_S:
                ack_delay_s = MAX_ACK_DELAY_S
            adjusted_s = latest_s - ack_delay_s if latest_s >= self.minimum_s + ack_delay_s else latest_s
            self.variation_s += (abs(self.smoothed_s - adjusted_s) - self.variation_s) / 4
            self.smoothed_s += (adjusted_s - self.smoothed_s) / 8
        variation_s = 4 * self.variation_s
        if variation_s < GRANULARITY_S:
            variation_s = GRANULARITY_S
        self.probe_timeout_s = self.smoothed_s + variation_s + MAX_ACK_DELAY_S
