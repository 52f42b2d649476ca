"""``nc``: the bytes and nothing else."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from tests.bench.processes import end, free_port, listens
from tests.bench.rivals.rival import Carried, Rival, both_end, run


class Nc(Rival):
    """netcat of OpenBSD."""

    name = "nc"

    def start(self) -> None:
        """See :class:`Rival`."""
        if not shutil.which("nc"):
            self.why_not = "there is no nc here; install netcat-openbsd"

    def carry(self, file: Path, into: Path) -> Carried:
        """See :class:`Rival`."""
        port = free_port()
        with file.open("rb") as source, (into / file.name).open("wb") as sink:
            receiver = run(["nc", "-l", "127.0.0.1", str(port)], stdout=sink)
            try:
                listens(port)
                began = time.perf_counter()
                sender = run(["nc", "-N", "127.0.0.1", str(port)], stdin=source)
                try:
                    return both_end(began, sender, receiver)
                finally:
                    end(sender)
            finally:
                end(receiver)
