"""Loss and congestion: which records are under way, which are lost, how much more may be sent (RFC 9002).

Constants, with their sections in RFC 9002: initial round trip 333 ms (6.2.2), a record is lost once three later ones
were acknowledged (6.1.1) or 9/8 of a round trip has passed (6.1.2), probe timeouts double (6.2.1), NewReno (7.3). Ours:
the timeout stops doubling at 10 s, so that a path that comes back is noticed; the window is capped at 128 KiB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ud2p.protocol.frames import Range
from ud2p.protocol.outgoing import Fragment
from ud2p.protocol.received import MAX_ACK_DELAY_S
from ud2p.protocol.record import MAX_DATAGRAM_BYTES

INITIAL_RTT_S = 0.333
GRANULARITY_S = 0.001
PACKET_THRESHOLD = 3
TIME_THRESHOLD = 9 / 8
MAX_PROBE_TIMEOUT_S = 10.0
INITIAL_WINDOW_BYTES = 10 * MAX_DATAGRAM_BYTES
MINIMUM_WINDOW_BYTES = 2 * MAX_DATAGRAM_BYTES
MAXIMUM_WINDOW_BYTES = 128 * 1024
PROBES_PER_TIMEOUT = 2


@dataclass(slots=True)
class SentRecord:
    """A record under way that asks for an ACK."""

    number: int
    sent_at: float
    size_bytes: int
    fragments: list[Fragment]


class RoundTrip:
    """The smoothed round trip in seconds (RFC 9002 section 5)."""

    __slots__ = ("latest_s", "minimum_s", "smoothed_s", "variation_s")

    def __init__(self) -> None:
        self.latest_s = self.smoothed_s = INITIAL_RTT_S
        self.variation_s = INITIAL_RTT_S / 2
        self.minimum_s: float | None = None

    def sample(self, latest_s: float, ack_delay_s: float = 0.0) -> None:
        """A round trip was measured."""
        self.latest_s = latest_s
        if self.minimum_s is None:
            self.minimum_s = self.smoothed_s = latest_s
            self.variation_s = latest_s / 2
            return
        self.minimum_s = min(self.minimum_s, latest_s)
        delay_s = min(ack_delay_s, MAX_ACK_DELAY_S)
        adjusted_s = latest_s - delay_s if latest_s >= self.minimum_s + delay_s else latest_s
        self.variation_s += (abs(self.smoothed_s - adjusted_s) - self.variation_s) / 4
        self.smoothed_s += (adjusted_s - self.smoothed_s) / 8

    @property
    def probe_timeout_s(self) -> float:
        """How long to wait for an ACK before asking again."""
        return self.smoothed_s + max(4 * self.variation_s, GRANULARITY_S) + MAX_ACK_DELAY_S

    @property
    def loss_delay_s(self) -> float:
        """How much later than a record one may arrive that was sent before it."""
        return max(TIME_THRESHOLD * max(self.latest_s, self.smoothed_s), GRANULARITY_S)


class Recovery:
    """The records under way. Feed it what was sent and acknowledged; it says what was lost and what may be sent."""

    def __init__(self) -> None:
        self.round_trip = RoundTrip()
        self._sent: dict[int, SentRecord] = {}
        self._next_number = 0
        self._in_flight_bytes = 0
        self._window_bytes: float = INITIAL_WINDOW_BYTES
        self._threshold_bytes: float = MAXIMUM_WINDOW_BYTES
        self._recovery_began_at = float("-inf")
        self._largest_acked = -1
        self._loss_at: float | None = None
        self._last_sent_at = 0.0
        self._timeouts = 0
        self._probes = 0
        self.impossible_acks = 0

    @property
    def may_send(self) -> bool:
        """Whether the congestion window, or a probe that is due, leaves room for another record."""
        return self._probes > 0 or self._in_flight_bytes + MAX_DATAGRAM_BYTES <= self._window_bytes

    @property
    def is_probing(self) -> bool:
        """Whether a record that asks for an ACK is due although there may be nothing new to say."""
        return self._probes > 0

    def sent(self, number: int, size_bytes: int, fragments: list[Fragment], asks_for_ack: bool, now: float) -> None:
        """Record ``number`` was sent."""
        self._next_number = number + 1
        if not asks_for_ack:
            return
        self._sent[number] = SentRecord(number, now, size_bytes, fragments)
        self._in_flight_bytes += size_bytes
        self._last_sent_at = now
        self._probes = max(0, self._probes - 1)

    def acknowledged(self, ranges: Sequence[Range], delay_us: int, now: float) -> tuple[list[Fragment], list[Fragment]]:
        """An ACK arrived.

        :returns: the fragments that arrived, and those that are lost
        """
        if ranges[0][1] >= self._next_number:
            self.impossible_acks += 1
            return [], []
        records = self._take(ranges)
        if not records:
            return [], []
        if records[0].number == ranges[0][1]:
            self.round_trip.sample(now - records[0].sent_at, delay_us / 1e6)
        self._largest_acked = max(self._largest_acked, ranges[0][1])
        self._timeouts = self._probes = 0
        self._grow(records)
        arrived = [fragment for record in records for fragment in record.fragments]
        return arrived, self._detect_losses(now)

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` is due."""
        if self._loss_at is not None:
            return self._loss_at
        if not self._sent:
            return None
        wait_s = min(self.round_trip.probe_timeout_s * (1 << min(self._timeouts, 16)), MAX_PROBE_TIMEOUT_S)
        return self._last_sent_at + wait_s

    def handle_timer(self, now: float) -> list[Fragment]:
        """Time passed.

        :returns: the fragments to send again
        """
        due_at = self.next_timer()
        if due_at is None or now < due_at:
            return []
        if self._loss_at is not None:
            return self._detect_losses(now)
        self._timeouts += 1
        return self.probe()

    def probe(self) -> list[Fragment]:
        """Ask again now, whatever the window says.

        :returns: the oldest fragments under way, to send again
        """
        self._probes = PROBES_PER_TIMEOUT
        oldest = list(self._sent.values())[:PROBES_PER_TIMEOUT]
        return [fragment for record in oldest for fragment in record.fragments]

    def heard_again(self) -> list[Fragment]:
        """The peer is back after a silence: start over with short timeouts.

        :returns: the fragments to send again
        """
        self._timeouts = 0
        return self.probe() if self._sent else []

    def _take(self, ranges: Sequence[Range]) -> list[SentRecord]:
        """Remove what the ranges cover; newest first."""
        if not self._sent:
            return []
        lowest = next(iter(self._sent))
        records = []
        for first, last in ranges:
            for number in range(last, max(first, lowest) - 1, -1):
                record = self._sent.pop(number, None)
                if record is not None:
                    records.append(record)
        return records

    def _grow(self, records: list[SentRecord]) -> None:
        is_used = self._in_flight_bytes >= self._window_bytes / 2
        for record in records:
            self._in_flight_bytes -= record.size_bytes
            if record.sent_at <= self._recovery_began_at or not is_used:
                continue
            if self._window_bytes < self._threshold_bytes:
                self._window_bytes += record.size_bytes
            else:
                self._window_bytes += MAX_DATAGRAM_BYTES * record.size_bytes / self._window_bytes
        self._window_bytes = min(self._window_bytes, MAXIMUM_WINDOW_BYTES)

    def _detect_losses(self, now: float) -> list[Fragment]:
        self._loss_at = None
        delay_s = self.round_trip.loss_delay_s
        lost = []
        for record in self._sent.values():
            if record.number > self._largest_acked:
                break
            if record.number <= self._largest_acked - PACKET_THRESHOLD or record.sent_at + delay_s <= now:
                lost.append(record)
            elif self._loss_at is None:
                self._loss_at = record.sent_at + delay_s
        for record in lost:
            del self._sent[record.number]
            self._in_flight_bytes -= record.size_bytes
        if lost and lost[-1].sent_at > self._recovery_began_at:
            self._recovery_began_at = now
            self._window_bytes = max(self._window_bytes / 2, MINIMUM_WINDOW_BYTES)
            self._threshold_bytes = self._window_bytes
        return [fragment for record in lost for fragment in record.fragments]
