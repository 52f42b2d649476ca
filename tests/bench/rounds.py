"""Measuring two things side by side: in turn, so that whatever else the machine does falls on both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Samples(Generic[T]):
    """What the rounds brought so far."""

    ours: list[T] = field(default_factory=list)
    theirs: list[T] = field(default_factory=list)

    def take(self, rounds: int, ours: Callable[[], T], theirs: Callable[[], T]) -> None:
        """Measure both ``rounds`` times, A B B A A B: what drifts falls on both alike."""
        for _ in range(rounds):
            if len(self.ours) % 2:
                self.theirs.append(theirs())
                self.ours.append(ours())
            else:
                self.ours.append(ours())
                self.theirs.append(theirs())

    def medians(self, of: Callable[[T], float]) -> tuple[float, float]:
        """The median of one number of each side's samples: ours, theirs."""
        return median(map(of, self.ours)), median(map(of, self.theirs))


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie; they must be sorted and at least one."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
