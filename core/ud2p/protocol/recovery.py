"""Loss: which records are under way, which of them are lost, when to ask again (RFC 9002 section 6).

A record is lost once enough later ones were acknowledged or enough time has passed (:mod:`reordering` says how much).
When no ACK comes, a probe asks for one; its timeout doubles (6.2.1). Ours: it stops doubling at 10 s, so that a path
that comes back is noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeAlias

from ud2p.protocol.congestion import CongestionWindow
from ud2p.protocol.frames import Range
from ud2p.protocol.outgoing import Fragment
from ud2p.protocol.reordering import Reordering
from ud2p.protocol.round_trip import RoundTrip
from ud2p.protocol.sent_record import SentRecord

MAX_PROBE_TIMEOUT_S = 10.0
PROBES_PER_TIMEOUT = 2
PERSISTENT_TIMEOUTS = 3
MAX_UNDER_WAY = 2048
"""More than a full window holds of the smallest records: only the probes of a long silence add up to it."""

Acknowledged: TypeAlias = tuple[list[Fragment], list[Fragment], int]
"""What an ACK says: the fragments that arrived, those that are lost, and up to which number the peer now knows what
arrived here (-1 where that is not news)."""


class Recovery:
    """The records under way. Feed it what was sent and acknowledged; it says what was lost and what may be sent."""

    def __init__(self) -> None:
        self.round_trip = RoundTrip()
        self.window = CongestionWindow()
        self._sent: dict[int, SentRecord] = {}
        self._reordering = Reordering(self.round_trip)
        self._next_number = 0
        self._largest_acked = -1
        self._newest_acked_at = float("-inf")
        self._loss_at: float | None = None
        self._last_sent_at = 0.0
        self._timeouts = 0
        self.probes_due = 0
        """So many records that ask for an ACK are due although there may be nothing new to say."""
        self.impossible_acks = 0

    def may_send(self) -> bool:
        """Whether the congestion window, or a probe that is due, leaves room for another record."""
        return self.probes_due > 0 or self.window.has_room()

    def sent(self, number: int, size_bytes: int, fragments: Sequence[Fragment], acks: int, now: float) -> None:
        """Record ``number``, which asks for an ACK, was sent."""
        self._sent[number] = SentRecord(number, now, size_bytes, fragments, acks)
        self.window.sent(size_bytes)
        self._last_sent_at = now
        if self.probes_due:
            self.probes_due -= 1

    def sealed(self, number: int) -> None:
        """Record ``number`` exists: it may be acknowledged, whether it asks for that or not."""
        self._next_number = number + 1

    def acknowledged(self, ranges: Sequence[Range], delay_us: int, now: float) -> Acknowledged:
        """An ACK arrived. One of a record that was never sent is counted, and says nothing."""
        largest = ranges[0][1]
        if largest >= self._next_number:
            self.impossible_acks += 1
            return [], [], -1
        arrived = self._take_late(ranges, now) if self._reordering.has_lost else []
        records = self._take(ranges)
        if not records:
            return arrived, [], -1
        newest = records[0]
        if newest.number == largest:
            self.round_trip.sample(now - newest.sent_at, delay_us / 1e6)
        if largest > self._largest_acked:
            self._largest_acked = largest
        self._timeouts = self.probes_due = 0
        acks, is_used = -1, self.window.is_used()
        for record in records:
            self.window.acknowledged(record.size_bytes, record.sent_at, is_used)
            arrived += record.fragments
            if record.acks > acks:
                acks = record.acks
        lost = self._detect_losses(now, records) if self._sent or self._loss_at is not None else []
        if newest.sent_at > self._newest_acked_at:
            self._newest_acked_at = newest.sent_at
        return arrived, lost, acks

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` is due."""
        if self._loss_at is not None:
            return self._loss_at
        if not self._sent:
            return None
        wait_s = self.round_trip.probe_timeout_s
        if self._timeouts:
            wait_s *= 1 << min(self._timeouts, 16)
        return self._last_sent_at + min(wait_s, MAX_PROBE_TIMEOUT_S)

    def handle_timer(self, now: float) -> list[Fragment]:
        """Time passed.

        :returns: the fragments to send again
        """
        due_at = self.next_timer()
        if due_at is None or now < due_at:
            return []
        if self._loss_at is not None:
            return self._detect_losses(now, ())
        self._timeouts += 1
        return self._probe()

    def heard_again(self) -> list[Fragment]:
        """The peer is there after all: what waits for a long timeout is asked for now.

        :returns: the fragments to send again
        """
        if not self._timeouts:
            return []
        self._timeouts = 0
        return self._probe()

    def path_changed(self, round_trip_s: float) -> None:
        """What was learned of the old path says nothing of the new one (RFC 9000 section 9.4)."""
        self.round_trip.restart(round_trip_s)
        self.window.restart()

    @property
    def timeouts(self) -> int:
        """How many probe timeouts in a row brought no ACK."""
        return self._timeouts

    def _probe(self) -> list[Fragment]:
        """Ask for an ACK whatever the window says, with the oldest fragments under way."""
        self.probes_due = PROBES_PER_TIMEOUT
        oldest = list(islice(self._sent.values(), PROBES_PER_TIMEOUT))
        if len(self._sent) > MAX_UNDER_WAY:
            self._give_up(oldest)
        return _fragments(oldest)

    def _take(self, ranges: Sequence[Range]) -> list[SentRecord]:
        """Remove what the ranges cover; newest first."""
        sent = self._sent
        if not sent:
            return []
        lowest = next(iter(sent))
        records = []
        for first, last in ranges:
            if last < lowest:
                break
            for number in range(last, max(first, lowest) - 1, -1):
                record = sent.pop(number, None)
                if record is not None:
                    records.append(record)
        return records

    def _take_late(self, ranges: Sequence[Range], now: float) -> list[Fragment]:
        late = self._reordering.take_late(ranges, self._largest_acked, now)
        if late and self._reordering.is_all_found:
            self.window.restore()
        return _fragments(late)

    def _detect_losses(self, now: float, acked: Sequence[SentRecord]) -> list[Fragment]:
        self._loss_at = None
        if not self._sent or next(iter(self._sent)) > self._largest_acked:
            return []
        lost = []
        delay_s = self._reordering.loss_delay_s
        last_number = self._largest_acked - self._reordering.packet_threshold
        for record in self._sent.values():
            if record.number > self._largest_acked:
                break
            if record.number <= last_number or record.sent_at + delay_s <= now:
                lost.append(record)
            elif self._loss_at is None:
                self._loss_at = record.sent_at + delay_s
        if not lost:
            return []
        self._give_up(lost, is_new_loss=self.window.shrink(lost[-1].sent_at, now))
        if self._is_persistent(lost, acked):
            self.window.collapse()
        return _fragments(lost)

    def _is_persistent(self, lost: Sequence[SentRecord], acked: Sequence[SentRecord]) -> bool:
        """Whether nothing that was sent during three probe timeouts arrived (RFC 9002 section 7.6)."""
        last_at = lost[-1].sent_at
        between = [record.sent_at for record in acked if record.sent_at < last_at]
        arrived_at = max([self._newest_acked_at, *between])
        first_at = next((record.sent_at for record in lost if record.sent_at > arrived_at), last_at)
        return last_at - first_at > PERSISTENT_TIMEOUTS * self.round_trip.probe_timeout_s

    def _give_up(self, records: Sequence[SentRecord], *, is_new_loss: bool = False) -> None:
        """Not under way any more."""
        for record in records:
            del self._sent[record.number]
            self.window.forgotten(record.size_bytes)
        self._reordering.lose(records, is_new_loss=is_new_loss)


def _fragments(records: Iterable[SentRecord]) -> list[Fragment]:
    return [fragment for record in records for fragment in record.fragments]
