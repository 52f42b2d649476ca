"""How long it takes until something happens."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.contest import Contest
from tests.bench.processes import ANSWER_S, UD2P, WorkerFailed, clean_environment, end, running_broker
from tests.bench.rounds import Samples
from tests.bench.table import Goal, Row, Unit

VERSIONS = 20
PROMPTS = 10
PROMPT = b"ud2p>"
ESCAPES = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[=>78])")


class StartUp(Contest):
    """The installed program against an interpreter that does nothing, both of one venv."""

    name = "startup"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._versions: Samples[float] = Samples()
        self._prompts: Samples[float] = Samples()

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        share = 4 if self.quick else 1
        version = (str(UD2P), "--version")
        seconds_to_run(self.folder, *version)  # once for the disk
        self._versions.take(VERSIONS // share, lambda: seconds_to_run(self.folder, *version), self._python)
        with running_broker(self.folder) as (broker, _):
            seconds_to_prompt(self.folder, broker)
            self._prompts.take(PROMPTS // share, lambda: seconds_to_prompt(self.folder, broker), self._python)

    def _python(self) -> float:
        return seconds_to_run(self.folder, sys.executable, "-c", "pass")

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        version_s, python_s = self._versions.medians(float)
        prompt_s, beside_s = self._prompts.medians(float)
        return [
            Row(
                "ud2p --version",
                f"{version_s * 1e3:.0f} ms",
                f"python -c pass: {python_s * 1e3:.0f} ms",
                version_s / python_s,
                Goal.at_most(3.0),
            ),
            Row(
                "ud2p to its prompt, in a terminal, broker running",
                f"{prompt_s * 1e3:.0f} ms",
                f"python -c pass: {beside_s * 1e3:.0f} ms",
                (prompt_s - beside_s) * 1e3,
                Goal.at_most(350.0),
                Unit.MS_MORE,
            ),
        ]


def seconds_to_run(folder: Path, *command: str, environ: Mapping[str, str] | None = None) -> float:
    """How long a program takes from its start to its end.

    :param environ: on top of the clean environment
    """
    began = time.perf_counter()
    subprocess.run(
        command,
        env={**clean_environment(folder), **(environ or {})},
        stdout=subprocess.DEVNULL,
        timeout=ANSWER_S,
        check=True,
    )
    return time.perf_counter() - began


def seconds_to_prompt(folder: Path, broker: str, environ: Mapping[str, str] | None = None) -> float:
    """The seconds until the shell shows its prompt, in a terminal.

    :param environ: on top of the clean environment
    """
    ours, theirs = pty.openpty()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, ours)
        began = time.perf_counter()
        shell = subprocess.Popen(
            [UD2P, "--name", "bench", "--broker", broker],
            env={**clean_environment(folder), "TERM": "xterm-256color", **(environ or {})},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        stack.callback(end, shell)
        os.close(theirs)
        read_until(ours, PROMPT, shell)
        seconds = time.perf_counter() - began
        os.write(ours, b"exit\r")
        drain(ours, shell)
    return seconds


def read_until(terminal: int, what: bytes, process: subprocess.Popen[bytes]) -> None:
    """Read a terminal until it shows something.

    :raises WorkerFailed: when it does not in time, or the program ends
    """
    screen = b""
    until = time.monotonic() + ANSWER_S
    while what not in ESCAPES.sub(b"", screen):
        data = _read(terminal, until)
        if not data:
            raise WorkerFailed(f"no {what!r} appeared (exit code {process.poll()}); the screen: {screen!r}")
        screen += data


def drain(terminal: int, process: subprocess.Popen[bytes]) -> None:
    """Read until the program has ended."""
    until = time.monotonic() + ANSWER_S
    while process.poll() is None and _read(terminal, until):
        pass
    process.wait(max(0.0, until - time.monotonic()))


def _read(terminal: int, until: float) -> bytes:
    """What a terminal shows next; nothing when it is closed, or the time is up."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, until - time.monotonic()))
    try:
        return os.read(terminal, 1 << 16) if ready else b""
    except OSError:  # Linux says so that nobody has the other end open any more
        return b""
