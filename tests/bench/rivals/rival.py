"""What all of them have in common."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import ANSWER_S, WorkerFailed, end, memory_kib

LOOK_S = 0.1
"""How often memory is looked at; more often would slow what is measured."""


@dataclass(frozen=True, slots=True)
class Carried:
    """One time through."""

    whole_s: float
    """From the start of the sending process until both have ended."""
    transfer_s: float = 0.0
    """From the offer to the receipt, where the program says."""
    peak_kib: float = 0.0
    """The most memory that either end had."""


class Rival(ABC):
    """Carries files; as a context manager it has whatever serves it running."""

    name: str

    def __init__(self, folder: Path) -> None:
        """:param folder: for its own files"""
        self.folder = folder
        self.why_not = ""
        """Why it can't be measured here; empty where it can."""
        self.held = contextlib.ExitStack()

    def __enter__(self) -> Rival:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.held.close()

    @abstractmethod
    def start(self) -> None:
        """Start what serves it, or say why not."""

    @abstractmethod
    def carry(self, file: Path, into: Path) -> Carried:
        """Carry ``file`` into a folder, under its own name. The receiver waits before the sender is started."""


@contextlib.contextmanager
def running(command: Sequence[str | Path], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody types to, and whose words nobody reads; it is ended on the way out."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **{**quiet, **options})  # type: ignore[call-overload]
    try:
        yield process
    finally:
        end(process)


def both_end(began: float, *processes: subprocess.Popen[bytes]) -> Carried:
    """Wait until both ends are done.

    :param began: when the sender was started, by ``time.perf_counter``
    :raises WorkerFailed: one of them failed, or is not done in time
    """
    peak_kib, until = 0.0, time.monotonic() + ANSWER_S
    with contextlib.ExitStack() as stack:
        left = {}
        for process in processes:
            watched = os.pidfd_open(process.pid)
            stack.callback(os.close, watched)
            left[watched] = process
        while left:
            if time.monotonic() > until:
                raise WorkerFailed(f"{next(iter(left.values())).args!r} is not done after {ANSWER_S:.0f} s")
            ended, _, _ = select.select(left, [], [], LOOK_S)
            for watched in ended:
                left.pop(watched).wait()
            for process in left.values():
                with contextlib.suppress(OSError, WorkerFailed):  # It has ended meanwhile.
                    peak_kib = max(peak_kib, memory_kib(process.pid, "VmHWM"))
    whole_s = time.perf_counter() - began
    for process in processes:
        if process.returncode:
            raise WorkerFailed(f"{process.args!r} ended with {process.returncode}")
    return Carried(whole_s, peak_kib=peak_kib)
