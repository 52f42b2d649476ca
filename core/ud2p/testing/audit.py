"""What code does to the world beside computing: files, sockets and programs that it opens, as Python's own audit events
(PEP 578) tell of them.

An audit hook can't be taken away again. So there is one for all, set when it is first needed, which does nothing but to
look at a list that is empty outside of :func:`watched`.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

_ACTIONS = ("open", "socket.", "subprocess.", "os.", "shutil.", "urllib.", "sqlite3.connect", "ctypes.")
_watching: list[tuple[int, list[str]]] = []
_lock = threading.Lock()
_is_set = False


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching or not event.startswith(_ACTIONS):
        return
    thread = threading.get_ident()
    for watched_thread, done in _watching:
        if watched_thread == thread:
            done.append(f"{event}{arguments!r}")


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Collects what this thread opens, starts or sends while it lasts, each as its audit event."""
    global _is_set
    with _lock:
        if not _is_set:
            sys.addaudithook(_note)
            _is_set = True
    done: list[str] = []
    entry = (threading.get_ident(), done)
    _watching.append(entry)
    try:
        yield done
    finally:
        _watching.remove(entry)
