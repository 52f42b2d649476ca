"""The congestion window: how many bytes may be under way (NewReno, RFC 9002 section 7).

The window starts at ten records, grows by what was acknowledged until the first loss (7.3.1) and by one record a
round trip after it (7.3.3), is halved at most once a round trip (7.3.2), and falls to two records when nothing came
through for long (7.6). It does not grow while less than half of it is used (7.8). Ours: a cap of 128 KiB; the halving
is taken back when nothing was lost after all (as TCP does, RFC 4015), and ends at eight records: a path that loses four
datagrams of ten by chance, not for want of room, carries six times as much by that.
"""

from __future__ import annotations

from ud2p.protocol.record import MAX_DATAGRAM_BYTES

INITIAL_WINDOW_BYTES = 10 * MAX_DATAGRAM_BYTES
MINIMUM_WINDOW_BYTES = 2 * MAX_DATAGRAM_BYTES
HALVED_WINDOW_BYTES = 8 * MAX_DATAGRAM_BYTES
MAXIMUM_WINDOW_BYTES = 128 * 1024


class CongestionWindow:
    """Counts the bytes under way and says whether there may be more."""

    __slots__ = ("_before", "_recovery_began_at", "_threshold_bytes", "in_flight_bytes", "size_bytes")

    def __init__(self) -> None:
        self.in_flight_bytes = 0
        self.size_bytes: float = INITIAL_WINDOW_BYTES
        self._threshold_bytes: float = MAXIMUM_WINDOW_BYTES
        self._recovery_began_at = float("-inf")
        self._before: tuple[float, float] | None = None

    def has_room(self) -> bool:
        """Whether another record of full size fits."""
        return self.in_flight_bytes + MAX_DATAGRAM_BYTES <= self.size_bytes

    def is_used(self) -> bool:
        """Whether enough is under way for acknowledgements to say anything about more."""
        return self.in_flight_bytes >= self.size_bytes / 2

    def sent(self, size_bytes: int) -> None:
        """A record that asks for an ACK left."""
        self.in_flight_bytes += size_bytes

    def acknowledged(self, size_bytes: int, sent_at: float, is_used: bool) -> None:
        """A record arrived.

        :param is_used: what :meth:`is_used` said before the ACK that it came with
        """
        self.in_flight_bytes -= size_bytes
        if not is_used or sent_at <= self._recovery_began_at:
            return
        if self.size_bytes < self._threshold_bytes:
            self.size_bytes += size_bytes
        else:
            self.size_bytes += MAX_DATAGRAM_BYTES * size_bytes / self.size_bytes
        if self.size_bytes > MAXIMUM_WINDOW_BYTES:
            self.size_bytes = MAXIMUM_WINDOW_BYTES

    def forgotten(self, size_bytes: int) -> None:
        """A record is not counted as under way any more, whatever became of it."""
        self.in_flight_bytes -= size_bytes

    def shrink(self, lost_sent_at: float, now: float) -> bool:
        """Records were lost, the newest of which was sent at ``lost_sent_at``.

        :returns: False when the window has shrunk for a loss of that time already
        """
        if lost_sent_at <= self._recovery_began_at:
            return False
        self._recovery_began_at = now
        self._before = (self.size_bytes, self._threshold_bytes)
        self._threshold_bytes = self.size_bytes = max(self.size_bytes / 2, min(self.size_bytes, HALVED_WINDOW_BYTES))
        return True

    def restore(self) -> None:
        """What the window last shrank for was not lost."""
        if self._before is not None:
            self.size_bytes = max(self.size_bytes, self._before[0])
            self._threshold_bytes = self._before[1]
            self._recovery_began_at = float("-inf")
            self._before = None

    def restart(self) -> None:
        """The path is another one: nothing is known of it. What is under way stays counted."""
        self.size_bytes = INITIAL_WINDOW_BYTES
        self._threshold_bytes = MAXIMUM_WINDOW_BYTES
        self._before = None
        self._recovery_began_at = float("-inf")

    def collapse(self) -> None:
        """Nothing came through for so long that the path must be taken for another one."""
        self.size_bytes = MINIMUM_WINDOW_BYTES
        self._before = None
        self._recovery_began_at = float("-inf")
