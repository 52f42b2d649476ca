"""A copy of the tree in which defences are taken out, one after the other, and tests run."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.mutants.mutant import Mutant

SOURCES = ("core", "plugins", "shell", "server")
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "pictures"
)
TEST_DEADLINE_S = 25
"""What hangs without its defence has failed; the tests of the list take a few seconds."""
DEADLINE_S = 90.0
_PYTEST = (
    *("-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:randomly"),
    *("--timeout", str(TEST_DEADLINE_S), "--tb", "short", "--no-header"),
)
_PASSED, _FAILED = 0, 1


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    HUNG = "killed (no end)"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"
    """The tests could not even be collected: nothing is known."""

    @property
    def is_good(self) -> bool:
        """Whether the tests noticed."""
        return self in (Fate.KILLED, Fate.HUNG)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one mutant."""

    fate: Fate
    took_s: float
    output: str


class Workplace:
    """One copy; its own programs and tests are run with it, whatever is installed."""

    def __init__(self, tree: Path, folder: Path) -> None:
        """
        :param folder: made here
        """
        shutil.copytree(tree, folder, ignore=NOT_COPIED)
        self._folder = folder
        path = os.pathsep.join(str(folder / source) for source in SOURCES)
        self._environment = {**os.environ, "PYTHONPATH": path}

    def run(self, tests: Iterable[str], deadline_s: float = DEADLINE_S) -> tuple[int | None, str]:
        """Pytest's exit code, None when it had to be stopped; and what it said."""
        process = subprocess.Popen(
            [sys.executable, *_PYTEST, *tests],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return None, output
        return process.returncode, output

    def try_out(self, mutant: Mutant) -> Result:
        """Take the defence out, run its tests, put it back."""
        began = time.monotonic()
        path = self._folder / mutant.file
        source = path.read_text(encoding="utf-8")
        self._write(path, mutant.apply(source))
        try:
            code, output = self.run(mutant.tests)
        finally:
            self._write(path, source)
        fate = {None: Fate.HUNG, _PASSED: Fate.SURVIVED, _FAILED: Fate.KILLED}.get(code, Fate.BROKEN)
        return Result(fate, time.monotonic() - began, output)

    @staticmethod
    def _write(path: Path, source: str) -> None:
        path.write_text(source, encoding="utf-8")
        # Bytecode goes by size and second: two changes in one second may look alike.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
