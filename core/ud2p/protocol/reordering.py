"""How far a path reorders: learned from what was taken for lost and arrived after all.

A record counts as lost once three later ones were acknowledged (RFC 9002 section 6.1.1) or 9/8 of a round trip has
passed (6.1.2). A path that reorders more than that makes a sender repeat itself and slow down for nothing; so an ACK
of a lost record raises both thresholds to what was seen, as 6.1.1 allows: up to 64 records and two round trips.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ud2p.protocol.frames import Range
from ud2p.protocol.round_trip import GRANULARITY_S, RoundTrip
from ud2p.protocol.sent_record import SentRecord

PACKET_THRESHOLD = 3
MAX_PACKET_THRESHOLD = 64
TIME_THRESHOLD = 9 / 8
MAX_TIME_THRESHOLD = 2.0
MAX_REMEMBERED = 64
REMEMBERED_TIMEOUTS = 3


class Reordering:
    """The two thresholds, and the lost records that may still turn up."""

    __slots__ = ("_lost", "_missing", "_round_trip", "packet_threshold", "time_threshold")

    def __init__(self, round_trip: RoundTrip) -> None:
        self.packet_threshold = PACKET_THRESHOLD
        """How many numbers behind the largest acknowledged one a record is lost."""
        self.time_threshold = TIME_THRESHOLD
        """How many round trips after it was sent a record is lost, once a later one was acknowledged."""
        self._round_trip = round_trip
        self._lost: dict[int, SentRecord] = {}
        self._missing: set[int] = set()

    @property
    def loss_delay_s(self) -> float:
        """:attr:`time_threshold` in seconds."""
        round_trip = self._round_trip
        return max(self.time_threshold * max(round_trip.latest_s, round_trip.smoothed_s), GRANULARITY_S)

    @property
    def has_lost(self) -> bool:
        """Whether :meth:`take_late` may find any."""
        return bool(self._lost)

    def lose(self, records: Sequence[SentRecord], *, is_new_loss: bool) -> None:
        """These are taken for lost.

        :param is_new_loss: whether the window shrinks for them, not for earlier ones
        """
        if is_new_loss:
            self._missing.clear()
        for record in records:
            self._lost[record.number] = record
            self._missing.add(record.number)
        for number in list(islice(self._lost, max(0, len(self._lost) - MAX_REMEMBERED))):
            del self._lost[number]

    def take_late(self, ranges: Sequence[Range], largest_acked: int, now: float) -> list[SentRecord]:
        """The lost records that an ACK covers. Those that are too old to turn up are forgotten.

        :param largest_acked: by the ACKs before this one
        """
        late = []
        too_old = now - REMEMBERED_TIMEOUTS * self._round_trip.probe_timeout_s
        for number, record in list(self._lost.items()):
            if any(first <= number <= last for first, last in ranges):
                del self._lost[number]
                self._missing.discard(number)
                self._tolerate(largest_acked - number + 1, now - record.sent_at)
                late.append(record)
            elif record.sent_at < too_old:
                del self._lost[number]
        return late

    @property
    def is_all_found(self) -> bool:
        """Whether everything turned up that the window last shrank for."""
        return not self._missing

    def _tolerate(self, behind: int, took_s: float) -> None:
        round_trip = self._round_trip
        share = took_s / max(round_trip.latest_s, round_trip.smoothed_s, GRANULARITY_S)
        self.packet_threshold = max(self.packet_threshold, min(behind, MAX_PACKET_THRESHOLD))
        self.time_threshold = max(self.time_threshold, min(share, MAX_TIME_THRESHOLD))
