"""Network namespaces of a test's own: hosts, with their own interfaces, addresses, routes and firewalls.

A namespace lives as long as a file descriptor of this process, and is entered by single threads and by programs. So a
test that is killed leaves nothing behind, and nothing that happens inside gets out.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
_CLONE_NEWNET = 0x4000_0000
_TOOLS = ("ip", "nft", "nsenter")
_PATIENCE_S = 20.0


def why_there_are_none() -> str:
    """Why no namespaces can be had here; empty where they can."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: iproute2, nftables, util-linux)"
    try:
        namespace = Namespace()
    except OSError as error:
        return f"network namespaces are denied ({error.strerror}): run as root, or in: unshare -Urn"
    try:
        namespace.nft("add table ip probe; add chain ip probe nat { type nat hook postrouting priority srcnat; }")
        namespace.write("net/ipv4/ip_forward", "1")
    except (OSError, subprocess.CalledProcessError) as error:
        return f"this kernel does not let a namespace translate addresses: {error}"
    finally:
        namespace.close()
    return ""


class Namespace:
    """A network namespace, with nothing in it but ``lo``, which is up."""

    def __init__(self) -> None:
        """:raises OSError: where it is denied"""
        self._fd = _in_a_thread(_new_namespace)
        self.path = f"/proc/{os.getpid()}/fd/{self._fd}"
        """What ``ip`` and ``nsenter`` know it by."""
        for family in ("all", "default"):
            self.write(f"net/ipv6/conf/{family}/accept_dad", "0")  # An address is usable at once.
        self.ip("link set lo up")

    def close(self) -> None:
        """Let go of it: what is in it goes once nothing runs there."""
        os.close(self._fd)

    def enter(self) -> None:
        """From here on, the sockets of the calling thread are in it."""
        if _libc().setns(self._fd, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def call(self, work: Callable[[], T]) -> T:
        """What ``work`` returns in it."""

        def inside() -> T:
            self.enter()
            return work()

        return _in_a_thread(inside)

    def command(self, *command: str) -> Sequence[str]:
        """A command that runs another one in it."""
        return ["nsenter", f"--net={self.path}", *command]

    def ip(self, *lines: str) -> None:
        """Carry out lines of ``ip``."""
        self._feed(["ip", "-batch", "-"], "\n".join(lines))

    def nft(self, rules: str) -> None:
        """Carry out commands of ``nft``."""
        self._feed(["nft", "-f", "-"], rules)

    def write(self, setting: str, value: str) -> None:
        """Write what ``sysctl`` would, below /proc/sys."""

        def work() -> None:
            with open(f"/proc/sys/{setting}", "w") as file:
                file.write(value)

        self.call(work)

    def _feed(self, command: Sequence[str], text: str) -> None:
        done = subprocess.run(
            self.command(*command), input=text, text=True, capture_output=True, timeout=_PATIENCE_S, check=False
        )
        if done.returncode:
            raise OSError(done.returncode, f"{' '.join(command)}: {done.stderr}\n{text}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _new_namespace() -> int:
    if _libc().unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _in_a_thread(work: Callable[[], T]) -> T:
    """What ``work`` returns, or raises, in a thread that ends with it."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # Raised anew in the caller's thread.
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
