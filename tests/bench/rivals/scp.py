"""``scp`` with AES-128-GCM, to an ``sshd`` of its own."""

from __future__ import annotations

import getpass
import shutil
import subprocess
import time
from pathlib import Path

from tests.bench.processes import free_port, listens
from tests.bench.rivals.rival import Carried, Rival, both_end, running

SSHD = "/usr/sbin/sshd"


class Scp(Rival):
    """OpenSSH, whose receiver is the server."""

    name = "scp, aes128-gcm"

    def start(self) -> None:
        """A server with fresh keys, for this user alone."""
        if not (shutil.which("scp") and Path(SSHD).exists()):
            self.why_not = "there is no scp or no sshd here; install openssh-client and openssh-server"
            return
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for name in ("host", "user"):
            key = self.folder / name
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=20)
        self._port = free_port()
        config = self.folder / "sshd_config"
        config.write_text(
            f"Port {self._port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/user.pub\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin yes\nSubsystem sftp internal-sftp\n"
        )
        if getpass.getuser() == "root":
            Path("/run/sshd").mkdir(exist_ok=True)
        self.held.enter_context(running([SSHD, "-D", "-f", config]))
        try:
            listens(self._port)
        except Exception:
            self.why_not = "sshd does not start here"

    def carry(self, file: Path, into: Path) -> Carried:
        """See :class:`Rival`."""
        options = ["-q", "-P", str(self._port), "-i", f"{self.folder}/user", "-c", "aes128-gcm@openssh.com"]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"):
            options += ["-o", option]
        began = time.perf_counter()
        with running(["scp", *options, file, f"{getpass.getuser()}@127.0.0.1:{into}/"]) as sender:
            return both_end(began, sender)
