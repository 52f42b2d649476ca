"""The main thread as others see it: it does what they post, and waits for them without going deaf.

The main thread owns the screen (prompts, themes), other threads own the network. What must happen on the screen
is posted here and runs, in order,

- at once, between two keystrokes, while a prompt is open;
- at once while the main thread waits in :meth:`MainThread.wait_until`;
- else when it next does either.

Waiting polls every 0.1 s, because a lock on Windows does not let Ctrl-C through. Ctrl-C never lands inside a
posted call (half a message on the screen): it is raised right behind it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

POLL_S = 0.1


def print_sentence(error: BaseException) -> None:
    """Say what went wrong in one line, where nobody asked to be told in another way."""
    print(f"internal error: {type(error).__name__}: {error}")


class MainThread:
    """Calls that wait for the main thread. :meth:`post` and :meth:`wake` are for any thread, the rest for that one."""

    def __init__(self, report: Callable[[BaseException], None] = print_sentence) -> None:
        """
        :param report: told of errors that a posted call (or a prompt's callable) raised
        """
        self.report = report
        self._posted: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._prompt_loop: AbstractEventLoop | None = None
        self._is_running = False
        self._interrupted = False

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` run on the main thread, after all that were posted before. It must not block."""
        self._posted.append(call)
        self.wake()

    def wake(self) -> None:
        """Have the main thread look again at what it waits for."""
        with self._changed:
            self._changed.notify_all()
            loop = self._prompt_loop
        if loop is not None:
            with suppress(RuntimeError):  # closed between the two lines: the main thread is awake anyway
                loop.call_soon_threadsafe(self.run_posted)

    def run_posted(self) -> None:
        """Run what was posted until now: calls that post others leave keys their turn in between. Called again from
        inside a posted call, it does nothing."""
        if self._is_running:
            return
        self._is_running = True
        try:
            for _ in range(len(self._posted)):
                self._run(self._posted.popleft())
        finally:
            self._is_running = False

    def catch_up(self) -> None:
        """As :meth:`run_posted`, for code that Ctrl-C may end.

        :raises KeyboardInterrupt: when Ctrl-C fell into a posted call
        """
        self.run_posted()
        if self._interrupted and not self._is_running:
            self._interrupted = False
            raise KeyboardInterrupt

    def wait_until(self, is_done: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait until ``is_done()``, which others announce by :meth:`wake`; meanwhile run what is posted.

        :returns: False when the time ran out
        :raises KeyboardInterrupt: for Ctrl-C
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self.catch_up()
            with self._changed:
                if is_done():
                    return True
                if deadline is not None and time.monotonic() >= deadline:
                    return False
                if not self._posted:
                    self._changed.wait(POLL_S)

    def attach_prompt(self, loop: AbstractEventLoop) -> None:
        """A prompt runs on ``loop``, on the main thread: posted calls run there until :meth:`detach_prompt`."""
        with self._changed:
            self._prompt_loop = loop
        self.wake()  # for what was posted before

    def detach_prompt(self) -> None:
        """The prompt is closed."""
        with self._changed:
            self._prompt_loop = None

    def handle_sigint(self, _number: int, _frame: FrameType | None) -> None:
        """The handler of SIGINT: KeyboardInterrupt, but never inside a posted call."""
        if self._is_running:
            self._interrupted = True
        else:
            raise KeyboardInterrupt

    def _run(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever it is, the shell goes on
            self.report(error)
