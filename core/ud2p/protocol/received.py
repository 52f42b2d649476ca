"""Which records arrived, and when to say so."""

from __future__ import annotations

from ud2p.protocol.frames import MAX_ACK_RANGES, Range, encode_ack

ACK_DELAY_S = 0.01
"""How long an ACK waits for something to travel with; ticks are to be quick."""
MAX_ACK_DELAY_S = 0.025
"""How long it may wait on a busy machine before the peer asks again (RFC 9000 section 18.2)."""


class ReceivedRecords:
    """The numbers that arrived, as runs, and the ACK that is due for them.

    An ACK goes out with the next record, at once for every second record that asks for one and for any that came out of
    order (RFC 9000 section 13.2), else after 10 ms. Runs that the peer knows of, because it acknowledged a record with
    an ACK of them, are forgotten (section 13.2.4); beyond 32 the oldest are.
    """

    __slots__ = ("_asked", "_largest_at", "_runs", "due_at")

    def __init__(self) -> None:
        self._runs: list[Range] = []
        self._asked = 0
        self._largest_at = 0.0
        self.due_at: float | None = None
        """When an ACK must be sent at the latest; None when nobody waits for one."""

    @property
    def largest(self) -> int:
        """The highest number that arrived, -1 before any."""
        return self._runs[0][1] if self._runs else -1

    def receive(self, number: int, asks_for_ack: bool, now: float) -> None:
        """Record ``number`` arrived, for the first time."""
        runs = self._runs
        if not runs:
            in_order = True
            runs.append((number, number))
            self._largest_at = now
        elif in_order := number == runs[0][1] + 1:
            runs[0] = (runs[0][0], number)
            self._largest_at = now
        else:
            if number > runs[0][1]:
                self._largest_at = now
            self._insert(number)
        if not asks_for_ack:
            return
        self._asked += 1
        due_at = now + ACK_DELAY_S if in_order and self._asked < 2 else now
        if self.due_at is None or due_at < self.due_at:
            self.due_at = due_at

    def ack_frame(self, now: float) -> bytes | None:
        """The ACK frame for all that arrived, None when nobody waits for one. Clears what is due."""
        if self.due_at is None:
            return None
        self.due_at = None
        self._asked = 0
        return encode_ack(self._runs, int((now - self._largest_at) * 1e6))

    def forget(self, known: int) -> None:
        """The peer has an ACK of everything up to ``known``; only the newest run stays whatever it covers."""
        runs = self._runs
        while len(runs) > 1 and runs[-1][1] <= known:
            runs.pop()

    def _insert(self, number: int) -> None:
        runs = self._runs
        at = next((i for i, (_, last) in enumerate(runs) if last < number), len(runs))
        runs.insert(at, (number, number))
        if at and runs[at - 1][0] == number + 1:
            runs[at - 1 : at + 1] = [(number, runs[at - 1][1])]
            at -= 1
        if at + 1 < len(runs) and runs[at + 1][1] == runs[at][0] - 1:
            runs[at : at + 2] = [(runs[at + 1][0], runs[at][1])]
        del runs[MAX_ACK_RANGES:]
