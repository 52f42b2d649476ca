"""Threads that take turns where a test says so: what they share shows every time, not once in a thousand runs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
MOST_LINES = 300
"""So many turns are given, at most."""
LOCKED_S = 0.05
"""Whoever does not end in this time waits for a lock that the other one holds, as is right."""


def at_every_line(work: Callable[[], T], meanwhile: Callable[[], Any]) -> T:
    """Do some work, and let another thread do ``meanwhile`` from beginning to end at each line of Python in it.

    :returns: what ``work`` does
    :raises Exception: what either raises
    """
    turns = 0
    others: list[Future[Any]] = []

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal turns
        if event == "line" and turns < MOST_LINES and (not others or others[-1].done()):
            turns += 1
            others.append(pool.submit(meanwhile))
            wait(others[-1:], LOCKED_S)
        return trace

    with ThreadPoolExecutor(1) as pool:
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            done = work()
        finally:
            sys.settrace(before)
    for other in others:
        other.result()
    return done


@contextlib.contextmanager
def eager_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
