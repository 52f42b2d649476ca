"""A large file and a small one, by the installed programs, against what else carries files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.bench.contest import Contest
from tests.bench.rivals.nc import Nc
from tests.bench.rivals.ours import Ours
from tests.bench.rivals.rival import Carried, Rival
from tests.bench.rivals.scp import Scp
from tests.bench.rivals.wormhole import Wormhole
from tests.bench.table import Goal, Row, Unit

ROUNDS = 5
SIZE_MIB = 1024
QUICK_SIZE_MIB = 256
SMALL_BYTES = 1024
MANY = 10_000
MEMORY_FILES = Path("/dev/shm")
AT_LEAST = {"nc": 1.0, "scp, aes128-gcm": 2.5, "magic-wormhole": 4.0}


class File(Contest):
    """Whole processes, the receiving one waits."""

    name = "file"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._size_mib = QUICK_SIZE_MIB if quick else SIZE_MIB
        self._large: dict[str, list[Carried]] = {}
        self._small: dict[str, list[Carried]] = {}
        self._many: list[Carried] = []
        self._why_not: dict[str, str] = {}

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        in_memory = MEMORY_FILES if MEMORY_FILES.is_dir() else None
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ud2p-bench-", dir=in_memory)))
            rivals = [
                stack.enter_context(kind(Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.folder)))))
                for kind in (Ours, Nc, Scp, Wormhole)
            ]
            self._why_not = {rival.name: rival.why_not for rival in rivals}
            large, small, many = place / "file.bin", place / "small.bin", place / "many"
            write_random(large, self._size_mib)
            small.write_bytes(os.urandom(SMALL_BYTES))
            write_many(many)
            able = [rival for rival in rivals if not rival.why_not]
            take_turns(able, large, place / "into", self._large)
            take_turns([rival for rival in able if rival.name in ("ud2p", "magic-wormhole")], small, place, self._small)
            self._many += [carry(rivals[0], many, place / "into") for _ in range(2)]

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        what = f"{self._size_mib} MiB file, memory file system, loopback: whole processes"
        ours_s = median(each.whole_s for each in self._large["ud2p"])
        rows = [self._large_row(what, ours_s, rival, least) for rival, least in AT_LEAST.items()]
        return [*rows, self._transfer_row(), self._memory_row(), self._small_row(), self._many_row()]

    def _large_row(self, what: str, ours_s: float, rival: str, least: float) -> Row:
        ours = f"{self._size_mib / ours_s:,.0f} MiB/s"
        if self._why_not[rival]:
            return Row(what, ours, rival, None, Goal.at_least(least), why_not=self._why_not[rival])
        theirs_s = median(each.whole_s for each in self._large[rival])
        return Row(
            what, ours, f"{rival}: {self._size_mib / theirs_s:,.0f} MiB/s", theirs_s / ours_s, Goal.at_least(least)
        )

    def _transfer_row(self) -> Row:
        what = "the same: from the first byte to the receipt"
        ours_s = median(each.transfer_s for each in self._large["ud2p"])
        ours = f"{self._size_mib / ours_s:,.0f} MiB/s"
        if self._why_not["nc"]:
            return Row(what, ours, "nc", None, None, why_not=self._why_not["nc"])
        theirs_s = median(each.whole_s for each in self._large["nc"])
        return Row(what, ours, f"nc: {self._size_mib / theirs_s:,.0f} MiB/s", theirs_s / ours_s, Goal.at_least(1.0))

    def _memory_row(self) -> Row:
        peak_mib = max(each.peak_kib for each in self._large["ud2p"]) / 1024
        what, against = "the same: peak memory of either end", f"the file: {self._size_mib} MiB"
        return Row(what, f"{peak_mib:.0f} MiB", against, peak_mib, Goal.at_most(64.0), Unit.MIB)

    def _small_row(self) -> Row:
        what, rival = "1 KiB file: whole sending process, the receiver waits", "magic-wormhole"
        ours_s = median(each.whole_s for each in self._small["ud2p"])
        ours = f"{ours_s * 1000:.0f} ms"
        if self._why_not[rival]:
            return Row(what, ours, rival, None, Goal.at_most(0.5), why_not=self._why_not[rival])
        theirs_s = median(each.whole_s for each in self._small[rival])
        return Row(what, ours, f"{rival}: {theirs_s * 1000:.0f} ms", ours_s / theirs_s, Goal.at_most(0.5))

    def _many_row(self) -> Row:
        rate = MANY / median(each.transfer_s for each in self._many)
        what = f"a folder with {MANY:,} files of 1 KiB: from the first byte to the receipt"
        return Row(what, f"{rate:,.0f} files/s", "1,000 files/s", rate / 1000, Goal.at_least(1.0))


def take_turns(rivals: Sequence[Rival], file: Path, into: Path, samples: dict[str, list[Carried]]) -> None:
    """Each in turn, forth and back: what drifts falls on all alike."""
    for number in range(ROUNDS):
        for rival in reversed(rivals) if number % 2 else rivals:
            samples.setdefault(rival.name, []).append(carry(rival, file, into))


def carry(rival: Rival, file: Path, into: Path) -> Carried:
    """Carry a file or a folder into a fresh folder, and see that it is there.

    :raises AssertionError: it is not
    """
    target = into / "received"
    target.mkdir(parents=True)
    carried = rival.carry(file, target)
    if size_of(target / file.name) != size_of(file):
        raise AssertionError(f"what {rival.name} carried is not as long as what was sent")
    shutil.rmtree(target)
    return carried


def size_of(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def write_random(file: Path, size_mib: int) -> None:
    """A file that nothing can compress or leave out."""
    block = os.urandom(1 << 20)
    with file.open("wb") as out:
        for n in range(size_mib):
            out.write(n.to_bytes(8, "big") + block[8:])


def write_many(folder: Path) -> None:
    """A hundred folders with a hundred small files each."""
    for number in range(MANY):
        if number % 100 == 0:
            (folder / f"{number // 100:02}").mkdir(parents=True)
        (folder / f"{number // 100:02}" / f"{number:05}").write_bytes(os.urandom(SMALL_BYTES))
