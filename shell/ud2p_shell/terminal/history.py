"""The file that keeps a shell's command lines: UTF-8, one line an entry, the oldest first, mode 0600.

Several programs may append at once: each entry is one write in append mode. A file that can't be read or written
costs the history, never the shell.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MAX_ENTRIES = 1000


class HistoryFile:
    """Reads and appends entries."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[str]:
        """The latest entries, the oldest first; a file that has grown to twice as many is cut."""
        try:
            lines = self._path.read_bytes().decode("utf-8", "replace").split("\n")
        except OSError:
            return []
        entries = [line for line in lines if line.strip()]
        kept = entries[-MAX_ENTRIES:]
        if len(entries) > 2 * MAX_ENTRIES:
            self._rewrite(kept)
        return kept

    def append(self, entry: str) -> None:
        """Keep one more; nothing is kept of an entry that begins with a space, as shells do it."""
        if not entry.strip() or entry.startswith(" "):
            return
        line = entry.replace("\r", " ").replace("\n", " ") + "\n"
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(self._path, line, os.O_APPEND)

    def _rewrite(self, entries: list[str]) -> None:
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            self._write(new, "".join(entry + "\n" for entry in entries), os.O_TRUNC)
            os.replace(new, self._path)

    @staticmethod
    def _write(path: Path, text: str, flag: int) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
        try:
            os.write(fd, text.encode("utf-8", "replace"))
        finally:
            os.close(fd)
