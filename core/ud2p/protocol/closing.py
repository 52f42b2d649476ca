"""Saying goodbye: CLOSE is sent four times within a second, until the peer's own CLOSE answers it; over after 1.4 s.

The side that was told answers every CLOSE with one of its own, for 1.5 s, and is done.
"""

from __future__ import annotations

from ud2p.protocol.frames import MAX_CLOSE_BYTES, FrameType, encode_frame

CLOSE_AGAIN_S = (0.2, 0.4, 0.4)
CLOSING_S = 1.4
DRAINING_S = 1.5


def encode_close(reason: str) -> bytes:
    """A CLOSE frame; the reason is cut to 64 bytes, between characters."""
    word = reason.encode()[:MAX_CLOSE_BYTES].decode(errors="ignore")
    return encode_frame(FrameType.CLOSE, word.encode())


class Closing:
    """The CLOSE frames that one side still has to send."""

    def __init__(self, reason: str, now: float, *, is_answer: bool) -> None:
        """
        :param reason: a word
        :param is_answer: True on the side that was told
        """
        self.is_answer = is_answer
        self.frame = encode_close(reason)
        self.deadline = now + (DRAINING_S if is_answer else CLOSING_S)
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
