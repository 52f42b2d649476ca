"""A progress that remembers what it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class ProgressLog:
    """A :class:`ud2p.Progress` that counts, and lets a test step in, on the thread that reports."""

    at_start: Callable[[], None] = lambda: None
    at_advance: Callable[[], None] = lambda: None
    at_finish: Callable[[], None] = lambda: None
    total: int = -1
    """What was told last; -1 before anything moved."""
    starts: int = 0
    moved: list[int] = field(default_factory=list)
    finished: int = 0
    paused: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def start(self, total_bytes: int) -> None:
        """See :class:`ud2p.Progress`."""
        self.total = total_bytes
        self.starts += 1
        self.at_start()

    def advance(self, n_bytes: int) -> None:
        """See :class:`ud2p.Progress`."""
        self.moved.append(n_bytes)
        self.at_advance()

    def file_done(self, path: str, size_bytes: int) -> None:
        """See :class:`ud2p.Progress`."""
        self.paths.append(path)

    def pause(self, reason: str) -> None:
        """See :class:`ud2p.Progress`."""
        self.paused.append(reason)

    def finish(self) -> None:
        """See :class:`ud2p.Progress`."""
        self.finished += 1
        self.at_finish()
