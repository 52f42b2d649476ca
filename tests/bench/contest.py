"""What all contests share: they measure in rounds, and turn what they have into rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from tests.bench.table import Row


class Contest(ABC):
    """Something that is measured against something else, in rounds that may be repeated."""

    name: str
    """What ``--only`` calls it."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        """:param folder: for its files; somebody else removes it"""
        self.folder = folder
        self.quick = quick

    @abstractmethod
    def measure(self) -> None:
        """Take the samples of some rounds, in addition to those that are there."""

    @abstractmethod
    def rows(self) -> list[Row]:
        """What the samples say."""
