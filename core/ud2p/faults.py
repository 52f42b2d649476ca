"""How it is told what a plugin's code raised.

Whatever that is, ``SystemExit`` and ``BaseException`` itself included, is the plugin's fault and ends no more than what
it was asked for. Only an interrupt is the user's, and a cancellation, where there is something to cancel, is ours.
"""

from __future__ import annotations

from ud2p.text import gate

_LONGEST = 200


def describe(error: BaseException) -> str:
    """An exception in a few words on one line: its type, and the beginning of what it says."""
    try:
        says = " ".join(str(error).split())
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - an exception that can't even be printed is still only a plugin's fault
        says = ""
    words = f"{type(error).__name__}: {says}" if says else type(error).__name__
    return gate(words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…")
