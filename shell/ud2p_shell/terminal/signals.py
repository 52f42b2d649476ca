"""What signals do while the shell runs, and what they did before when it is over.

==================  ================================================================================================
SIGINT              KeyboardInterrupt (never inside a posted call); at a prompt Ctrl-C is a key
SIGTERM, SIGHUP     SystemExit(128 + number): at a prompt by ending it, else where the main thread is. Once: a
                    second one does not cut short the clean-up that the first began.
SIGTSTP             the terminal as it was before, stop; when continued, all as it was
==================  ================================================================================================

A signal that was ignored when the program began (``nohup``) stays ignored. Windows has SIGINT alone; the others do
not exist there. Outside the main thread Python can't set handlers, and nothing is set.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class SignalHandlers:
    """Sets the handlers, and brings back what was before."""

    def __init__(
        self,
        interrupt: Callable[[int, FrameType | None], None],
        terminate: Callable[[int], bool],
        suspend: Callable[[Callable[[], None]], None],
    ) -> None:
        """
        :param interrupt: the handler of SIGINT
        :param terminate: ends an open prompt with an exit code; False when none is open
        :param suspend: calls its argument, which stops the process, with the terminal as it was before
        """
        self._interrupt = interrupt
        self._terminate = terminate
        self._suspend = suspend
        self._before: dict[int, Any] = {}
        self._is_ending = False

    def install(self) -> None:
        """From now on."""
        if threading.current_thread() is not threading.main_thread():
            return
        self._set(signal.SIGINT, self._interrupt)
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                self._set(getattr(signal, name), self._end)
        if hasattr(signal, "SIGTSTP"):
            self._set(signal.SIGTSTP, self._stop)

    def restore(self) -> None:
        """As before. May be called twice."""
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)

    def _set(self, number: int, handler: Callable[[int, FrameType | None], None]) -> None:
        before = signal.getsignal(number)
        if before is not signal.SIG_IGN:
            self._before[number] = signal.SIG_DFL if before is None else before
            signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self._is_ending:
            return
        self._is_ending = True
        code = 128 + number
        if not self._terminate(code):
            raise SystemExit(code)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        def stop() -> None:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)  # goes on here when the process is continued
            signal.signal(number, self._stop)

        self._suspend(stop)
