"""Time that a test moves."""

from __future__ import annotations


class Clock:
    """Seconds, as ``time.monotonic`` gives them; call it to read it. It stands still between :meth:`advance`."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        """What it shows."""

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> float:
        """Let time pass.

        :returns: what it shows then
        :raises ValueError: time does not go backwards
        """
        if seconds < 0:
            raise ValueError("time does not go backwards; advance by 0 s or more")
        self.now += seconds
        return self.now
