"""What was measured, beside its goal, as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

HEADINGS = ("What", "ud2p", "Against", "Ratio", "Goal", "Verdict")


class Unit(Enum):
    """What a goal counts in, and how that is written."""

    RATIO = "{:.2f} ×"
    KIB = "{:.1f} KiB"
    MIB = "{:.0f} MiB"
    US = "{:.1f} µs"
    MS_MORE = "{:+.0f} ms"

    def write(self, value: float) -> str:
        """``value`` with its unit."""
        return self.value.format(value)


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that a measured value keeps to."""

    limit: float
    is_floor: bool = False
    """Whether the limit is the least that will do; else it is the most."""

    @classmethod
    def at_least(cls, limit: float) -> Goal:
        """No less than ``limit``."""
        return cls(limit, is_floor=True)

    @classmethod
    def at_most(cls, limit: float) -> Goal:
        """No more than ``limit``."""
        return cls(limit)

    def is_met_by(self, value: float) -> bool:
        """Whether ``value`` keeps to it."""
        return value >= self.limit if self.is_floor else value <= self.limit

    def write(self, unit: Unit) -> str:
        """The goal as text."""
        return f"at {'least' if self.is_floor else 'most'} {unit.write(self.limit)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ours: str
    """What ud2p reached, for people."""
    against: str
    """What it is measured against, and what that reached."""
    value: float | None
    """The number that counts; None where it could not be measured."""
    goal: Goal | None
    """What it must keep to; None where it is only told."""
    unit: Unit = Unit.RATIO
    why_not: str = ""
    """Why it could not be measured."""

    @property
    def is_missed(self) -> bool:
        """Whether it was measured and falls short of its goal."""
        return self.value is not None and self.goal is not None and not self.goal.is_met_by(self.value)

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, or why there is none."""
        if self.value is None:
            return f"not measured: {self.why_not}"
        if self.goal is None:
            return ""
        return "**missed**" if self.is_missed else "met"

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of :data:`HEADINGS`."""
        value = "" if self.value is None else self.unit.write(self.value)
        goal = "" if self.goal is None else self.goal.write(self.unit)
        return (self.what, self.ours, self.against, value, goal, self.verdict)

    def as_json(self) -> dict[str, object]:
        """The row for programs."""
        return {
            "what": self.what,
            "ours": self.ours,
            "against": self.against,
            "value": self.value,
            "unit": self.unit.name.lower(),
            "goal": None if self.goal is None else self.goal.limit,
            "at_least": self.goal is not None and self.goal.is_floor,
            "met": None if self.value is None or self.goal is None else not self.is_missed,
            "why_not": self.why_not,
        }


def markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown, its columns set in line for reading as it is."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)
