"""Saying goodbye: CLOSE is repeated until the peer's own CLOSE answers it, or 1.4 s have passed.

The side that was told answers every CLOSE with one of its own, for 1.5 s, and is done.
"""

from __future__ import annotations

from ud2p.protocol.frames import MAX_CLOSE_BYTES, FrameType, encode_frame

CLOSE_AGAIN_S = (0.2, 0.4, 0.8)
DRAIN_S = 1.5


class Closing:
    """The CLOSE frames that one side still has to send."""

    def __init__(self, reason: str, now: float, *, is_answer: bool) -> None:
        """
        :param reason: a word; cut to 64 bytes
        :param is_answer: True on the side that was told
        """
        self.is_answer = is_answer
        self.frame = encode_frame(FrameType.CLOSE, reason.encode()[:MAX_CLOSE_BYTES])
        self.deadline = now + (DRAIN_S if is_answer else sum(CLOSE_AGAIN_S))
        self._again_s = [] if is_answer else list(CLOSE_AGAIN_S)
        self._at: float | None = now

    def heard_again(self, now: float) -> None:
        """Another CLOSE of the peer came: it has not heard the answer."""
        self._at = now

    def frames_to_send(self, now: float) -> list[bytes]:
        """The CLOSE frame, when it is due."""
        if self._at is None or now < self._at:
            return []
        self._at = now + self._again_s.pop(0) if self._again_s else None
        return [self.frame]

    def next_timer(self) -> float:
        """When the next CLOSE, or the end, is due."""
        return self.deadline if self._at is None else min(self.deadline, self._at)
