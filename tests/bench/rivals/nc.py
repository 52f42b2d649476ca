"""``nc``: the bytes and nothing else."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from tests.bench.processes import free_port, listens
from tests.bench.rivals.rival import Carried, Rival, both_end, running


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
        with (
            file.open("rb") as source,
            (into / file.name).open("wb") as sink,
            running(["nc", "-l", "127.0.0.1", str(port)], stdout=sink) as receiver,
        ):
            listens(port)
            began = time.perf_counter()
            with running(["nc", "-N", "127.0.0.1", str(port)], stdin=source) as sender:
                return both_end(began, sender, receiver)
