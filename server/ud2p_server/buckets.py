"""Token buckets by key: how often each may do something, at once and over time. No clock of its own."""

from __future__ import annotations


class Buckets:
    """All start full. A key whose bucket is full again costs nothing once :meth:`sweep` has come by."""

    def __init__(self, burst: float, a_second: float) -> None:
        """
        :param burst: what a full bucket holds
        :param a_second: how fast it fills
        """
        self._burst = burst
        self._a_second = a_second
        self._levels: dict[str, tuple[float, float]] = {}
        """What is left, and as of when."""

    def __len__(self) -> int:
        return len(self._levels)

    def left(self, key: str, now: float) -> float:
        """How much may still be taken."""
        level, since = self._levels.get(key, (self._burst, now))
        return min(self._burst, level + (now - since) * self._a_second)

    def take(self, key: str, now: float) -> bool:
        """Take one out, if one is left."""
        left = self.left(key, now)
        if left < 1:
            return False
        self._levels[key] = (left - 1, now)
        return True

    def sweep(self, now: float) -> None:
        """Forget the full ones."""
        self._levels = {
            key: (level, since)
            for key, (level, since) in self._levels.items()
            if level + (now - since) * self._a_second < self._burst
        }
