"""Fixtures: a terminal inside the test's own process, and the sample shell as a program in one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest
from tests.shell.terminal.helpers import MENU, SAMPLE, Sample, StartSample, Tty
from tests.support.terminal import Terminal

from ud2p_shell.terminal import Console


@pytest.fixture
def tty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tty]:
    """A terminal; while the test runs it is this process's standard streams."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    tty = Tty()
    yield tty
    tty.close()


@pytest.fixture
def console(tty: Tty) -> Console:
    """A console on that terminal, open while the test runs."""
    with tty.as_standard_streams():
        return Console()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """pytest puts its own streams in place between the fixtures and the test; here they are the terminal's."""
    tty, console = (pyfuncitem.funcargs.get(name) for name in ("tty", "console"))
    with ExitStack() as stack:
        if isinstance(tty, Tty):
            stack.enter_context(tty.as_standard_streams())
        if isinstance(console, Console):
            stack.enter_context(console)
        return (yield)


@pytest.fixture
def start_sample(tmp_path: Path) -> Iterator[StartSample]:
    """Starts the sample shell; its history is in ``tmp_path / "state" / "history"``."""
    started: list[tuple[Terminal, IO[str]]] = []

    def start(*, columns: int = 80, rows: int = 24, env: dict[str, str] | None = None) -> Sample:
        fifo = tmp_path / f"fifo{len(started)}"
        os.mkfifo(fifo)
        command = [sys.executable, str(SAMPLE), str(fifo), str(tmp_path / "state" / "history")]
        terminal = Terminal(command, env=env, columns=columns, rows=rows, cwd=tmp_path)
        # Read and write: opening then waits for nobody, not even for a program that failed to start.
        pipe = os.fdopen(os.open(fifo, os.O_RDWR), "w", encoding="utf-8")
        started.append((terminal, pipe))
        terminal.wait_for(MENU)
        return Sample(terminal, pipe)

    yield start
    for terminal, pipe in started:
        if terminal.process.isalive():
            terminal.kill(signal.SIGKILL)  # how it ends well is tested; this is faster
        terminal.close()
        pipe.close()


@pytest.fixture
def sample(start_sample: StartSample) -> Sample:
    """The sample shell in 80 columns, at its menu."""
    return start_sample()
