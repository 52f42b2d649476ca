"""One address, the challenges under way to it, and what is known of it.

A probe is under way for a while: a challenge every 50 ms at first, then every 250 ms, then every second, then none. To
an address that nobody named, one record may be sent for each that came from there (RFC 9000 section 8.1): both are of
the shortest kind that there is, so it is never sent more bytes than it sent.
"""

from __future__ import annotations

from typing import NamedTuple

from ud2p.protocol.candidates import Rank

FAST_PROBE_S = 0.05
SLOW_PROBE_S = 0.25
RARE_PROBE_S = 1.0
CHALLENGE_VALID_S = 5.0
MAX_OPEN_CHALLENGES = 64
PROBE_BURST = 1024
PROBES_PER_S = 10
NEVER = float("inf")


class Schedule(NamedTuple):
    """How long a probe is under way, in seconds from its beginning."""

    fast_s: float
    slow_s: float
    end_s: float


class Probe:
    """What is known of one address."""

    __slots__ = (
        "_began_at",
        "_challenges",
        "_schedule",
        "answered_at",
        "answered_value",
        "credit",
        "next_at",
        "rank",
        "round_trip_s",
    )

    def __init__(self, rank: Rank, credit: float) -> None:
        self.rank = rank
        self.credit = credit
        """How many more records may be sent there before more have come from there."""
        self._challenges: dict[bytes, float] = {}
        self.next_at = NEVER
        """When the next challenge is due."""
        self.answered_at = -NEVER
        """When it last answered a challenge."""
        self.answered_value = b""
        """That challenge."""
        self.round_trip_s = 0.0
        self._began_at = -NEVER
        self._schedule = Schedule(0, 0, 0)

    @property
    def is_named(self) -> bool:
        """Whether somebody named it who has a right to."""
        return self.rank is not Rank.LEARNED

    @property
    def due_at(self) -> float:
        """When a challenge can be sent."""
        return self.next_at if self.credit >= 1 else NEVER

    def is_under_way(self, now: float) -> bool:
        """Whether challenges are being sent, or wait for credit."""
        return now < self._began_at + self._schedule.end_s

    def begin(self, at: float, schedule: Schedule) -> None:
        """Challenge it from ``at`` on."""
        self._began_at = self.next_at = at
        self._schedule = schedule

    def hasten(self, now: float) -> None:
        """It gave a sign of life: its first challenge need not wait."""
        if not self._challenges:
            self.next_at = min(self.next_at, now)

    def stop(self) -> None:
        """Challenge it no more; challenges under way stay answerable."""
        self.next_at, self._schedule = NEVER, Schedule(0, 0, 0)

    def challenged(self, value: bytes, now: float) -> None:
        """A challenge leaves."""
        self._challenges[value] = now
        if len(self._challenges) > MAX_OPEN_CHALLENGES:
            del self._challenges[next(iter(self._challenges))]
        passed_s, schedule = now - self._began_at, self._schedule
        step_s = FAST_PROBE_S if passed_s < schedule.fast_s else SLOW_PROBE_S
        if passed_s >= schedule.slow_s:
            step_s = RARE_PROBE_S
        self.next_at = now + step_s if passed_s + step_s < schedule.end_s else NEVER

    def answered(self, value: bytes, now: float) -> bool:
        """A response came from there.

        :returns: whether it answers a challenge of the last seconds
        """
        sent_at = self._challenges.get(value)
        if sent_at is None or now - sent_at > CHALLENGE_VALID_S:
            return False
        self.round_trip_s = now - sent_at
        self.answered_at, self.answered_value = now, value
        self.credit = NEVER
        return True


class ProbeBudget:
    """How many more challenges may go to addresses that never answered: 1,024, and ten a second after that."""

    __slots__ = ("_at", "_left")

    def __init__(self) -> None:
        self._left = float(PROBE_BURST)
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Take one, if there is one."""
        self._left = min(PROBE_BURST, self._left + (now - self._at) * PROBES_PER_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
