"""``ud2p`` without a terminal."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence

from tests.e2e.home import UD2P, Home
from tests.support.terminal import PATIENCE_S


class Piped:
    """``ud2p`` with its input from a string, and its output in files, so that nobody has to read along."""

    def __init__(self, arguments: Sequence[str], home: Home, script: str, tick: Callable[[], object]) -> None:
        self._tick = tick
        self._files = [home.folder.parent / name for name in ("stdin", "stdout", "stderr")]
        self._files[0].write_text(script, encoding="utf-8")
        with self._files[0].open("rb") as stdin, self._files[1].open("wb") as out, self._files[2].open("wb") as err:
            self.process = subprocess.Popen(
                [UD2P, *arguments],
                stdin=stdin,
                stdout=out,
                stderr=err,
                cwd=home.folder,
                env={**os.environ, **home.environment},
            )

    def wait(self, timeout_s: float = 2 * PATIENCE_S) -> int:
        """Wait until it ends; the terminals of the test are read meanwhile.

        :returns: the exit code
        """
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still running:\n{self.output}\n{self.errors}"
            self._tick()
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        return self.process.returncode

    @property
    def raw(self) -> bytes:
        """Everything on standard output."""
        return self._files[1].read_bytes()

    @property
    def output(self) -> str:
        """The same as text."""
        return self.raw.decode()

    @property
    def errors(self) -> str:
        """Everything on standard error."""
        return self._files[2].read_text(encoding="utf-8")
