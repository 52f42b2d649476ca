"""What a plugin's code may raise, and how that is told."""

from __future__ import annotations

from ud2p.text import gate

PLUGIN_FAULTS = (Exception, SystemExit, GeneratorExit)
"""What is a plugin's own fault, and ends no more than what it was asked for: everything but an interrupt and a
cancellation."""

_LONGEST = 200


def describe(error: BaseException) -> str:
    """An exception in a few words on one line: its type, and the beginning of what it says."""
    try:
        says = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an exception that can't even be printed is still only a plugin's fault
        says = ""
    words = f"{type(error).__name__}: {says}" if says else type(error).__name__
    return gate(words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…")
