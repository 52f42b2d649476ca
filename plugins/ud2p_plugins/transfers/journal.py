"""The journal of unfinished files: which ``.part`` is ud2p's own, and from whom, so that it may be gone on with.

::

    {"version": 1, "parts": [{"peer_key": "SHA256:2m0...", "name": "Von.mp3", "size_bytes": 6500000,
      "folder": "/home/bob", "part": "Von.mp3.part", "device": 64769, "inode": 4711,
      "mode": 420}]}

Written before the first byte, so that it knows what a program that is killed leaves behind. It is a help and nothing
depends on it: where it can't be read or written, a file that is cut starts over.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ud2p.config import state_dir
from ud2p.contracts import FileEntry
from ud2p.errors import UD2PError
from ud2p.whole_file import locked, write_whole

FILE_NAME = "transfers.json"
MAX_PARTS = 1000
_VERSION = 1


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An unfinished file, or a folder with what has come of several."""

    peer_key: str
    """The sender's fingerprint: nobody else goes on with it."""
    name: str
    size_bytes: int
    """What it was offered as."""
    folder: str
    """An absolute path."""
    part: str
    """Its name in the folder."""
    device: int
    inode: int
    mode: int
    """The permissions that it is to have when it is whole; until then nobody else may read it."""
    entries: str = ""
    """Of several files and folders, which they are, as :func:`entries_hash` has it."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int = _VERSION
    parts: list[Part] = []


class Journal:
    """The parts of one user. Any thread; several programs may share it."""

    def __init__(self, path: Path | None = None) -> None:
        """:param path: the file, which need not exist; None is this user's, or none where there is no folder for it"""
        self._path = path
        if path is None:
            try:
                self._path = state_dir() / FILE_NAME
            except UD2PError:
                self._path = None

    def parts(self) -> list[Part]:
        """All of them, oldest first; none where they can't be read."""
        try:
            return list(self._read().parts)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return []

    def find(self, peer_key: str, name: str, size_bytes: int, folder: str, entries: str = "") -> list[Part]:
        """What was begun of files that are offered again."""
        wanted = (peer_key, name, size_bytes, folder, entries)
        return [
            part
            for part in self.parts()
            if (part.peer_key, part.name, part.size_bytes, part.folder, part.entries) == wanted
        ]

    def add(self, part: Part) -> bool:
        """Remember a part.

        :returns: whether it is remembered now
        """
        return self._change(lambda parts: [*parts, part], MAX_PARTS)

    def remove(self, part: Part) -> None:
        """Forget a part that is finished or gone."""
        self._change(lambda parts: [each for each in parts if each != part])

    def _change(self, change: Callable[[list[Part]], list[Part]], most: int = MAX_PARTS + 1) -> bool:
        if self._path is None:
            return False
        try:
            with locked(self._path):
                parts = change(self._read().parts)
                if len(parts) > most:
                    return False
                write_whole(self._path, msgspec.json.encode(_File(parts=parts)))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return False
        return True

    def _read(self) -> _File:
        """:raises OSError: or msgspec.DecodeError, where it can't be read; what is there is never replaced then"""
        if self._path is None or not os.path.exists(self._path):
            return _File()
        file = msgspec.json.decode(self._path.read_bytes(), type=_File)
        if file.version != _VERSION:
            raise msgspec.DecodeError("the journal is of another version")
        return file


def entries_hash(entries: Sequence[FileEntry]) -> str:
    """Which files and folders they are, how large, and in which order, in hex digits."""
    listed = [(entry.path, entry.size_bytes, entry.is_folder, entry.is_executable) for entry in entries]
    return hashlib.blake2b(msgspec.json.encode(listed), digest_size=16).hexdigest()
