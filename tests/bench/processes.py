"""The processes that are measured: started, told what to do, timed, and always ended.

A *worker* is a module of ``tests.bench.ends``. It gets orders and gives answers, one line of JSON each; the first line
is its greeting. Nothing is waited for without a deadline.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ANSWER_S = 60.0
EXIT_S = 15.0
UD2P = Path(sys.executable).with_name("ud2p")
"""The installed program of this venv."""


class WorkerFailed(Exception):
    """A measured process ended, or did not answer in time; what it said last is below."""


def clean_environment(folder: Path) -> dict[str, str]:
    """The environment without anybody's settings of ud2p or Python; ud2p's own files go to ``folder``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("UD2P_", "XDG_", "PYTHON"))}
    return {**kept, "UD2P_CONFIG_DIR": str(folder / "config"), "UD2P_STATE_DIR": str(folder / "state")}


class Worker:
    """A running module of ``tests.bench.ends``; as a context manager it is ended on the way out."""

    def __init__(self, module: str, *arguments: str, folder: Path) -> None:
        self._name = module
        self._lines = b""
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.ends.{module}", *arguments],
            cwd=ROOT,
            env=clean_environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.greeting: dict[str, Any] = {}

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process, self._process.stdin)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def greeted(self) -> dict[str, Any]:
        """Wait until it is ready.

        :returns: what it says about itself
        """
        self.greeting = self.answer()
        return self.greeting

    def order(self, do: str, **what: object) -> None:
        """Tell it what to do, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")

    def ask(self, do: str, **what: object) -> dict[str, Any]:
        """Tell it what to do, and wait for the answer."""
        self.order(do, **what)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to an order.

        :raises WorkerFailed: when none comes
        """
        line, self._lines = read_line(self._process, self._lines, time.monotonic() + ANSWER_S, self._name)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def finish(self) -> float:
        """Let it end by itself.

        :returns: the seconds from its start to its end
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait(ANSWER_S) != 0:
            raise WorkerFailed(f"{self._name} ended with {self._process.returncode}")
        return time.perf_counter() - self._began


@contextlib.contextmanager
def running_broker(folder: Path, *options: str) -> Iterator[tuple[str, int]]:
    """``ud2p serve`` as a process.

    :param options: more of its command line
    :returns: its address as ``HOST:PORT``, and its process id
    """
    process = subprocess.Popen(
        [UD2P, "serve", "--port", "0", *options],
        env=clean_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    try:
        line, _ = read_line(process, b"", time.monotonic() + ANSWER_S, "ud2p serve")
        yield line.decode().partition("listening on ")[2].split()[0], process.pid
    finally:
        end(process)


def read_line(process: subprocess.Popen[bytes], kept: bytes, until: float, name: str) -> tuple[bytes, bytes]:
    """A line of a process's output, and what came behind it.

    :param kept: what came behind the line before
    :param until: on the monotonic clock
    """
    assert process.stdout is not None
    while b"\n" not in kept:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
        data = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
        if not data:
            state = "is silent" if process.poll() is None else f"ended with {process.returncode}"
            raise WorkerFailed(f"{name} {state}; so far: {kept!r}")
        kept += data
    line, _, rest = kept.partition(b"\n")
    return line, rest


def end(process: subprocess.Popen[bytes], *streams: Any) -> None:
    """End a process, politely at first."""
    with contextlib.ExitStack() as stack:
        for stream in (*streams, process.stdout):
            if stream is not None:
                stack.callback(stream.close)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(EXIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(EXIT_S)


def memory_kib(pid: int | str, field: str) -> float:
    """A line of a process's memory account (Linux).

    :param field: ``VmHWM`` (the peak of its resident memory) or ``Pss`` (its proportional share now)
    """
    account = "status" if field.startswith("Vm") else "smaps_rollup"
    for line in Path(f"/proc/{pid}/{account}").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{field}:"):
            return float(line.split()[1])
    raise WorkerFailed(f"the system does not say {field} of a process")


def processor_s(pid: int) -> float:
    """The processor time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listens(port: int) -> None:
    """Wait until somebody listens on a TCP port of loopback, without connecting (Linux)."""
    row = f"0100007F:{port:04X} 00000000:0000 0A"
    until = time.monotonic() + ANSWER_S
    while row not in Path("/proc/net/tcp").read_text(encoding="ascii"):
        if time.monotonic() > until:
            raise WorkerFailed(f"nobody listens on port {port}")
        time.sleep(0.002)
