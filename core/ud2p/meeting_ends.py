"""Why an invitation or an introduction came to nothing, in sentences and errors."""

from __future__ import annotations

from ud2p.errors import HandshakeFailed
from ud2p.protocol import messages as wire


def wrong_peer(peer: str) -> HandshakeFailed:
    """The broker introduced ``peer`` for somebody else's invitation."""
    return HandshakeFailed(
        f"the broker introduced {peer}, and somebody else was to come; no chat was opened; ask whoever runs the broker"
    )


def session_twice(peer: str) -> HandshakeFailed:
    """The broker introduced ``peer`` as the other end of a chat that there is already."""
    return HandshakeFailed(
        f"the broker introduced {peer} under the session of another chat; no chat was opened; ask whoever runs the "
        "broker"
    )


def failures_sentence(peer: str, failures: int) -> str:
    """Why this side takes no further introduction without asking."""
    return (
        f"{failures} introductions with {peer} failed in a row; somebody may be in between and try until the words "
        "match; try again only if you can compare the words afterwards"
    )


def over_sentence(over: wire.InvitationOver) -> str:
    """Why an invitation came to nothing, for the one who is told."""
    reasons = {
        "declined": f"{over.peer} declined",
        "withdrawn": f"{over.peer} withdrew the invitation",
        "expired": f"{over.peer} did not answer in time",
        "gone": f"{over.peer} is gone",
        "offline": f"{over.peer} went offline",
    }
    sentence = reasons.get(over.reason, f"{over.peer} can't be reached: {over.reason}")
    return f"{sentence}: {over.text}" if over.text else sentence
