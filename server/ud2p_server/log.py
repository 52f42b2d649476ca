"""What a broker tells whoever runs it: one line on standard error for each thing worth knowing, never a flood."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

from ud2p.text import gate

LINES_A_SECOND = 10


class Log:
    """Writes gated lines, at most ten a second; how many were left out is said with the next one.

    A client can cause lines, so it must not be able to fill a disk with them or make the broker wait for its terminal.
    """

    def __init__(self, write: Callable[[str], None] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """:param write: takes a whole line; None is standard error"""
        self._write = write or _write_to_stderr
        self._clock = clock
        self._second = -1
        self._written = 0
        self._left_out = 0

    def __call__(self, text: str) -> None:
        """Write a line."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._written = 0
        if self._written >= LINES_A_SECOND:
            self._left_out += 1
            return
        self._written += 1
        if self._left_out:
            text = f"{text} ({self._left_out} lines left out before this one)"
            self._left_out = 0
        self._write(gate(text))


def _write_to_stderr(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # closed, broken off, or not there at all
        print(text, file=sys.stderr, flush=True)
