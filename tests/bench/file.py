"""A large file: two clients against ``nc``, from memory to memory over loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.contest import Contest
from tests.bench.processes import ANSWER_S, Worker, end, free_port, listens, running_broker
from tests.bench.rounds import Samples
from tests.bench.table import Goal, Row, Unit

ROUNDS = 5
SIZE_MIB = 1024
QUICK_SIZE_MIB = 256
MEMORY_FILES = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One time through."""

    whole_s: float
    """From the start of the sending process until both have ended."""
    transfer_s: float
    """From the offer to the receipt; for nc the same as above."""
    peak_kib: float = 0.0
    """The most memory that either end had."""
    grown_kib: float = 0.0
    """How much more that was than before the transfer, for the end where it was most."""


class File(Contest):
    """Both ends are processes of their own, the receiving one waits."""

    name = "file"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._size_mib = QUICK_SIZE_MIB if quick else SIZE_MIB
        self._samples: Samples[Transfer] = Samples()
        self._why_not = "" if shutil.which("nc") else "there is no nc here; install netcat-openbsd"

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        in_memory = MEMORY_FILES if MEMORY_FILES.is_dir() else None
        with tempfile.TemporaryDirectory(prefix="ud2p-bench-", dir=in_memory) as name:
            file = Path(name, "file.bin")
            write_random(file, self._size_mib)
            target = Path(name, "received")
            with running_broker(self.folder) as (broker, _):
                self._samples.take(ROUNDS, lambda: self._ours(broker, file, target), lambda: self._nc(file, target))

    def _ours(self, broker: str, file: Path, target: Path) -> Transfer:
        target.mkdir()
        with Worker("file_end", "receiver", broker, str(target), folder=self.folder) as receiver:
            receiver.greeted()
            began = time.perf_counter()
            with Worker("file_end", "sender", broker, str(file), folder=self.folder) as sender:
                sent, received = sender.answer(), receiver.answer()
                for worker in (sender, receiver):
                    worker.finish()
        whole_s = time.perf_counter() - began
        self._check(file, target / file.name)
        shutil.rmtree(target)
        return Transfer(
            whole_s,
            sent["seconds"],
            max(each["peak_kib"] for each in (sent, received)),
            max(each["peak_kib"] - each["before_kib"] for each in (sent, received)),
        )

    def _nc(self, file: Path, target: Path) -> Transfer:
        if self._why_not:
            return Transfer(0.0, 0.0)
        port = free_port()
        with contextlib.ExitStack() as stack:
            source, sink = stack.enter_context(file.open("rb")), stack.enter_context(target.open("wb"))
            receiver = subprocess.Popen(["nc", "-l", "127.0.0.1", str(port)], stdin=subprocess.DEVNULL, stdout=sink)
            stack.callback(end, receiver)
            listens(port)
            began = time.perf_counter()
            sender = subprocess.Popen(["nc", "-N", "127.0.0.1", str(port)], stdin=source, stdout=subprocess.DEVNULL)
            stack.callback(end, sender)
            for process in (sender, receiver):
                process.wait(ANSWER_S)
            whole_s = time.perf_counter() - began
        self._check(file, target)
        target.unlink()
        return Transfer(whole_s, whole_s)

    @staticmethod
    def _check(file: Path, copy: Path) -> None:
        if copy.stat().st_size != file.stat().st_size:
            raise AssertionError(f"{copy} is not as long as {file}")

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        what = f"{self._size_mib} MiB file, memory file system, loopback"
        return [
            self._rate_row(f"{what}: from offer to receipt", "transfer_s", Goal.at_least(1.0)),
            self._rate_row(f"{what}: the sending process from its start to its end", "whole_s", Goal.at_least(1.0)),
            self._memory_row("the same: peak memory of either end"),
        ]

    def _rate_row(self, what: str, seconds: str, goal: Goal) -> Row:
        ours_s, theirs_s = self._samples.medians(lambda each: float(getattr(each, seconds)))
        ours = f"{self._size_mib / ours_s:,.0f} MiB/s"
        if self._why_not:
            return Row(what, ours, "nc", None, goal, why_not=self._why_not)
        return Row(what, ours, f"nc: {self._size_mib / theirs_s:,.0f} MiB/s", theirs_s / ours_s, goal)

    def _memory_row(self, what: str) -> Row:
        peak_mib = max(each.peak_kib for each in self._samples.ours) / 1024
        grown_mib = max(each.grown_kib for each in self._samples.ours) / 1024
        ours = f"{peak_mib:.0f} MiB, {grown_mib:.0f} of them for the file"
        return Row(what, ours, f"the file: {self._size_mib} MiB", peak_mib, Goal.at_most(64.0), Unit.MIB)


def write_random(file: Path, size_mib: int) -> None:
    """A file that nothing can compress or leave out."""
    block = os.urandom(1 << 20)
    with file.open("wb") as out:
        for n in range(size_mib):
            out.write(n.to_bytes(8, "big") + block[8:])
