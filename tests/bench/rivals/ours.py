"""``ud2p send`` and ``ud2p receive``, as anybody has them: a broker over TLS, the default cipher."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.bench.processes import ANSWER_S, UD2P, WorkerFailed, clean_environment, running_broker
from tests.bench.rivals.rival import Carried, Rival, both_end, running


class Ours(Rival):
    """The installed programs."""

    name = "ud2p"

    def start(self) -> None:
        """A broker."""
        self._broker, _ = self.held.enter_context(running_broker(self.folder))

    def carry(self, file: Path, into: Path) -> Carried:
        """See :class:`Rival`."""
        with self._running("bob", "receive", "--yes", "--into", str(into)) as receiver:
            until = time.monotonic() + ANSWER_S
            while '"waiting"' not in self._said_by("bob"):
                if receiver.poll() is not None or time.monotonic() > until:
                    raise WorkerFailed(f"ud2p receive does not wait: {self._said_by('bob')}")
                time.sleep(0.01)
            began = time.perf_counter()
            with self._running("alice", "send", "bob", str(file)) as sender:
                carried = both_end(began, sender, receiver)
        return replace(carried, transfer_s=float(json.loads(self._said_by("alice").splitlines()[-1])["seconds"]))

    @contextmanager
    def _running(self, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        environment = clean_environment(self.folder / name)
        options = ("--broker", self._broker, "--name", name, "--json")
        with (
            self._words_of(name).open("wb") as words,
            running([UD2P, *arguments, *options], stdout=words, env=environment) as process,
        ):
            yield process

    def _words_of(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _said_by(self, name: str) -> str:
        return self._words_of(name).read_text(encoding="utf-8")
