"""Tells a progress bar what has moved, but not a thousand times a second."""

from __future__ import annotations

import time
from types import TracebackType

from ud2p.contracts import Progress

REPORT_EVERY_S = 0.05


class Meter:
    """Counts for one transfer; as a context manager it begins with the first byte and ends as the transfer does."""

    def __init__(self, progress: Progress, total_bytes: int) -> None:
        self._progress = progress
        self._total_bytes = total_bytes
        self._unreported = 0
        self._started = self._reported = time.monotonic()

    def __enter__(self) -> Meter:
        self._started = self._reported = time.monotonic()
        self._progress.start(self._total_bytes)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._report()
        self._progress.finish()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._started

    def advance(self, n_bytes: int) -> None:
        """That many more bytes are through."""
        self._unreported += n_bytes
        if time.monotonic() - self._reported >= REPORT_EVERY_S:
            self._report()

    def file_done(self, path: str, size_bytes: int) -> None:
        """See :meth:`ud2p.contracts.Progress.file_done`."""
        self._progress.file_done(path, size_bytes)

    def _report(self) -> None:
        self._reported = time.monotonic()
        if self._unreported:
            self._progress.advance(self._unreported)
            self._unreported = 0
