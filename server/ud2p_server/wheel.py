"""A wheel of deadlines: one look a tick for all connections, instead of a timer for each.

A connection stands in the bucket of the tick at which its earliest deadline is over. Deadlines that move away, as they
do with every line that comes in, cost nothing: when the bucket's turn comes, the connection is asked again and
goes to a later one.
"""

from __future__ import annotations

from typing import Protocol


class Timed(Protocol):
    """What can stand in a wheel."""

    bucket: int
    """Where it stands; -1 is nowhere. Only the wheel writes it."""

    def next_timer(self) -> float | None:
        """When it wants to be called."""
        ...

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        ...


class Wheel:
    """Buckets of connections by tick."""

    def __init__(self, tick_s: float) -> None:
        self.tick_s = tick_s
        self._buckets: dict[int, set[Timed]] = {}
        self._next = 0

    def schedule(self, timed: Timed) -> None:
        """Look at its deadline: stand where that is, unless it stands earlier already."""
        due = timed.next_timer()
        if due is None:
            return
        bucket = max(int(due / self.tick_s) + 1, self._next)
        if timed.bucket >= 0:
            if timed.bucket <= bucket:
                return
            self.remove(timed)
        timed.bucket = bucket
        self._buckets.setdefault(bucket, set()).add(timed)

    def remove(self, timed: Timed) -> None:
        """Stand nowhere."""
        if timed.bucket >= 0:
            bucket = self._buckets.get(timed.bucket)
            if bucket is not None:
                bucket.discard(timed)
            timed.bucket = -1

    def handle_timer(self, now: float) -> None:
        """Turn to ``now`` and call everything that is due."""
        tick = int(now / self.tick_s)
        if tick - self._next > len(self._buckets):
            # Much time has passed, or this is the first look: the ticks between hold nothing.
            turns = sorted(bucket for bucket in self._buckets if bucket <= tick)
        else:
            turns = [bucket for bucket in range(self._next, tick + 1) if bucket in self._buckets]
        self._next = tick + 1
        for bucket in turns:
            for timed in self._buckets.pop(bucket):
                timed.bucket = -1
                timed.handle_timer(now)
                self.schedule(timed)
