"""Transfers that are cut with kill -9 at random places, again and again, until they are through.

A few in the suite; more of them with ``UD2P_CUTS=100 pytest tests/e2e/test_cuts.py``, which takes a quarter of an hour.
"""

from __future__ import annotations

import filecmp
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.piped import Piped
from tests.e2e.test_headless import events_of, receive, send
from tests.e2e.world import World
from tests.support.terminal import PATIENCE_S

from ud2p.protocol.transfer import RECORD_BYTES

CUTS = int(os.environ.get("UD2P_CUTS", "4"))
SIZE = 400_000_000


class Cuts:
    """One file or folder on its way, which is cut."""

    def __init__(self, world: World, folder: Path, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.source, self.inbox = folder / "photos", folder / "inbox"
        self.inbox.mkdir()

    def make(self, *, as_folder: bool) -> None:
        """Something to send: one file, or a folder with large and small ones."""
        block = self.random.randbytes(1 << 20)
        if not as_folder:
            self._write(self.source, SIZE, block)
            return
        for number in range(20):
            place = self.source / f"{number:02}"
            place.mkdir(parents=True)
            self._write(place / "large", SIZE // 20, block)
            for small in range(20):
                (place / f"small {small:02}").write_bytes(block[: self.random.randrange(5_000)])

    def cut(self, whom: str) -> bool:
        """Let it go on, and kill one end, or both, at a random place; whether it was cut, or was through before."""
        had, size = self.there(), size_of(self.source)
        if had >= size:  # It is whole, and has no name yet.
            return False
        receiver, sender = self._start()
        at = self.random.randrange(had, size)
        deadline = time.monotonic() + PATIENCE_S
        while self.there() <= at and sender.process.poll() is None:
            assert time.monotonic() < deadline, receiver.output + sender.output
            time.sleep(0.001)
        is_cut = sender.process.poll() is None
        for program in {"sender": [sender], "receiver": [receiver], "both": [sender, receiver]}[whom]:
            program.process.kill()
        for program in (sender, receiver):
            program.process.send_signal(signal.SIGINT)  # Who is left gives up at once instead of waiting.
            program.wait()
        assert self.there() >= had or not is_cut, "what was there is lost"
        return is_cut and not (self.inbox / "photos").exists()

    def finish(self) -> None:
        """Let it through, with nothing sent twice."""
        had = self.there()
        receiver, sender = self._start()
        assert (sender.wait(), receiver.wait()) == (0, 0), sender.output + receiver.output
        last: dict[str, Any] = [event for event in events_of(sender) if event["event"] == "progress"][-1]
        size = size_of(self.source)
        assert last["bytes"] <= size - had + RECORD_BYTES
        assert os.listdir(self.inbox) == ["photos"]
        assert are_equal(self.source, self.inbox / "photos")

    def there(self) -> int:
        """How many bytes are on the receiver's disk."""
        return sum(size_of(path) for path in self.inbox.iterdir())

    def _start(self) -> tuple[Piped, Piped]:
        receiver = receive(self.world, "--yes", "--into", str(self.inbox), "--json")
        return receiver, send(self.world, "bob", str(self.source), "--json")

    def _write(self, path: Path, size: int, block: bytes) -> None:
        with path.open("wb") as file:
            for number in range(size // len(block)):
                file.write(number.to_bytes(8, "big") + block[8:])
            file.write(block[: size % len(block)])


def size_of(path: Path) -> int:
    """Of a file, or of all files in a folder; what vanishes meanwhile counts nothing."""
    try:
        files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
        return sum(file.stat().st_size for file in files)
    except FileNotFoundError:
        return 0


def are_equal(one: Path, other: Path) -> bool:
    """Whether two files, or two folders, hold the same."""
    if one.is_file():
        return filecmp.cmp(one, other, shallow=False)
    names = sorted(os.listdir(one))
    return names == sorted(os.listdir(other)) and all(are_equal(one / name, other / name) for name in names)


@pytest.mark.timeout(60 + 20 * CUTS)
@pytest.mark.parametrize("as_folder", [False, True], ids=["file", "folder"])
def test_cut_at_random_places(world: World, tmp_path: Path, *, as_folder: bool) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    cuts, done, rounds = CUTS // 2, 0, 0
    while done < cuts:
        place = tmp_path / f"{rounds}"
        place.mkdir()
        under_way = Cuts(world, place, seed + rounds)
        under_way.make(as_folder=as_folder)
        while done < cuts and under_way.cut(under_way.random.choice(["sender", "receiver", "both"])):
            done += 1
        if not (under_way.inbox / "photos").exists():
            under_way.finish()
        assert are_equal(under_way.source, under_way.inbox / "photos")
        assert os.listdir(under_way.inbox) == ["photos"]
        rounds += 1
