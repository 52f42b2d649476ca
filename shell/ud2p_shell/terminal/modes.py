"""The modes of the terminal while the shell runs.

From start to end the terminal neither echoes nor collects lines: what is typed while a command runs waits, unseen,
for the next prompt (in canonical mode a Ctrl-D between two prompts is lost, and echo tears what is printed). Ctrl-C and
Ctrl-Z still are signals then; while a prompt is open prompt_toolkit takes them as keys.

Bracketed paste stays on as well: a terminal that was told ``CSI ? 2004 l`` for the few milliseconds in which a message
is printed would send a paste as typed lines, and the first of them would be off before the user sees it.

Windows has no termios and needs none of this: its console keeps keys until they are read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

if sys.platform != "win32":
    import termios
    import tty

PASTE_ON = "\x1b[?2004h"
AS_BEFORE = "\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[0m"
"""Bracketed paste off, wrapping on, cursor visible, no colours."""


class TerminalModes:
    """Sets the modes and brings back what was before."""

    def __init__(self, fd: int, write: Callable[[str], object]) -> None:
        """
        :param fd: the terminal's descriptor
        :param write: writes to the terminal
        """
        self._fd = fd
        self._write = write
        self._before: list[Any] | None = None
        self._uses_escapes = False

    def enter(self) -> None:
        """From now on: no echo, no lines."""
        if sys.platform == "win32":
            return
        self._before = self._get()
        if self._before is not None:
            self._set(_quiet(self._before))

    def allow_escapes(self) -> None:
        """A prompt is about to open: escape sequences are in use from now on."""
        self._uses_escapes = True
        self._write(PASTE_ON)

    def leave(self) -> None:
        """All as before. May be called twice."""
        if self._uses_escapes:
            self._write(AS_BEFORE)
            self._uses_escapes = False
        if self._before is not None:
            self._set(self._before)
            self._before = None

    def suspend(self, stop: Callable[[], None]) -> None:
        """Bring back what was before, call ``stop`` (which stops the process until it is continued), and go on."""
        now = self._get()
        if self._before is not None:
            self._set(self._before)
        if self._uses_escapes:
            self._write(AS_BEFORE)
        stop()
        if now is not None and self._before is not None:
            self._set(now)
        if self._uses_escapes:
            self._write(PASTE_ON)

    def _get(self) -> list[Any] | None:
        if sys.platform == "win32":
            return None
        try:
            return termios.tcgetattr(self._fd)
        except (termios.error, ValueError):  # no terminal, or it is gone
            return None

    def _set(self, attributes: list[Any]) -> None:
        if sys.platform != "win32":
            with suppress(termios.error):
                termios.tcsetattr(self._fd, termios.TCSANOW, attributes)


def _quiet(attributes: list[Any]) -> list[Any]:
    """The attributes as prompt_toolkit's raw mode sets them, except that Ctrl-C and its like are signals."""
    if sys.platform == "win32":
        return attributes
    quiet = [*attributes[: tty.CC], list(attributes[tty.CC])]
    quiet[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    quiet[tty.LFLAG] |= termios.ISIG
    quiet[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    quiet[tty.CC][termios.VMIN] = 1
    quiet[tty.CC][termios.VTIME] = 0
    return quiet


def is_terminal(*streams: object) -> bool:
    """Whether all streams are terminals that understand escape sequences."""
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return False
    try:
        return all(getattr(stream, "isatty", bool)() for stream in streams)
    except ValueError:  # a closed stream
        return False
