"""magic-wormhole, with a mailbox server of its own on this machine; both come from the package registry."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

from tests.bench.processes import free_port, listens
from tests.bench.rivals.rival import Carried, Rival, both_end, running

INSTALL_S = 300
WAITS_S = 1.5
"""So long after its start, a receiver waits at the mailbox; it does not say so."""


class Wormhole(Rival):
    """The Python program."""

    name = "magic-wormhole"

    def start(self) -> None:
        """A venv with both, and the server."""
        self._number = 0
        self._bin = self.folder / "venv" / "bin"
        try:
            for command in (
                [sys.executable, "-m", "venv", f"{self.folder}/venv"],
                [f"{self._bin}/pip", "install", "-q", "magic-wormhole", "magic-wormhole-mailbox-server"],
            ):
                subprocess.run(command, check=True, capture_output=True, timeout=INSTALL_S)
        except (OSError, subprocess.SubprocessError):
            self.why_not = "magic-wormhole and its mailbox server could not be installed"
            return
        port = free_port()
        self._relay = f"ws://127.0.0.1:{port}/v1"
        serving = ["wormhole-mailbox", f"--port=tcp:{port}:interface=127.0.0.1"]
        stores = [f"--channel-db={self.folder}/channels", f"--usage-db={self.folder}/usage"]
        self.held.enter_context(running([self._bin / "twist", *serving, *stores], cwd=self.folder))
        try:
            listens(port)
        except Exception:
            self.why_not = "the mailbox server of magic-wormhole does not start here"

    def carry(self, file: Path, into: Path) -> Carried:
        """See :class:`Rival`."""
        self._number += 1
        code = f"{self._number}-beside-ud2p"
        with self._running("receive", "--accept-file", code, cwd=into) as receiver:
            time.sleep(WAITS_S)
            began = time.perf_counter()
            with self._running("send", "--code", code, str(file), cwd=self.folder) as sender:
                return both_end(began, sender, receiver)

    def _running(self, *arguments: str, cwd: Path) -> AbstractContextManager[subprocess.Popen[bytes]]:
        options = ["--relay-url", self._relay, "--transit-helper", "tcp:127.0.0.1:9"]
        environment = {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}"}
        return running([self._bin / "wormhole", *options, *arguments], cwd=cwd, env=environment)
