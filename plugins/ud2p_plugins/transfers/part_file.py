"""A file while it arrives: ``NAME.part`` until it is whole, then ``NAME`` or ``NAME (1)``, never over another file.

Nobody else can read it while it is unfinished. Every 32 MiB the system is told to write behind what has come so far,
so that it is on the disk soon after the last byte: the receipt waits for that, and so does a cancelled transfer.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.folder import Folder, folder_problem

WRITE_BEHIND_BYTES = 32 << 20
_LONGEST_NAME_BYTES = 255
_LONGEST_EXTENSION = 32
_MOST_NAMES = 10_000
_write_out = getattr(os, "fdatasync", os.fsync)


class PartFile:
    """One file that arrives. Used by one thread at a time.

    :param name: the name that it shall have, checked already
    :raises TransferFailed: when there is no room for it, or the folder can't be written
    """

    def __init__(self, folder: Folder, name: str, size_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._behind = 0
        self._pool: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None
        free = folder.free_bytes()
        if free is not None and free < size_bytes:
            raise TransferFailed(
                f"it takes {size_bytes / 1e6:,.1f} MB and the receiver's disk has {free / 1e6:,.1f} MB left; make room"
            )
        self._part, self._file = self._create()

    def write(self, data: memoryview) -> None:
        """Append.

        :raises TransferFailed: when the disk does not take it
        """
        try:
            rest = data
            while rest:
                rest = rest[os.write(self._file, rest) :]
            self._behind += len(data)
            if self._behind >= WRITE_BEHIND_BYTES:
                self._write_behind()
        except OSError as error:
            raise folder_problem(error) from error

    def publish(self) -> str:
        """Write everything to the disk, and give the file its name.

        :returns: the name, ``NAME`` or the first free ``NAME (n)``
        :raises TransferFailed: when that can't be done; nothing was overwritten
        """
        try:
            if self._writing is not None:
                self._writing.result()
            _set_mode(self._file, self._mode)
            os.fsync(self._file)
            name = self._take_name()
        except OSError as error:
            raise folder_problem(error) from error
        self._folder.flush()
        self._close()
        return name

    def discard(self) -> None:
        """Close it, and remove it unless it is published. Never raises; twice is once."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                if self._is_ours(self._part):
                    self._folder.remove(self._part)
            self._close()

    def path_of(self, name: str) -> Path:
        """Where the published file is."""
        return self._folder.path_of(name)

    def _create(self) -> tuple[str, int]:
        for name in numbered(self._name, ".part"):
            try:
                file = self._folder.create(name, 0o644)
            except FileExistsError:
                continue  # whoever's it is
            except OSError as error:
                raise folder_problem(error) from error
            # What 0644 and the umask, or the folder's own rules, made of it is how it will be published.
            self._mode = stat.S_IMODE(os.fstat(file).st_mode)
            _set_mode(file, 0o600)
            return name, file
        raise TransferFailed("too many unfinished files of that name are in the receiver's folder; remove some")

    def _write_behind(self) -> None:
        self._behind = 0
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "ud2p-write-behind")
        if self._writing is not None:
            self._writing.result()  # slower than the network: what is not on the disk yet must not grow without end
        self._writing = self._pool.submit(_write_out, self._file)

    def _take_name(self) -> str:
        for name in numbered(self._name):
            if not self._is_ours(self._part):
                raise TransferFailed("another program took away the unfinished file; send it again")
            try:
                self._folder.rename_to_new(self._part, name)
            except FileExistsError:
                continue
            if self._is_ours(name):
                return name
            # Swapped between the two calls above; whatever has the name now, it is not ours to remove.
            raise TransferFailed("another program replaced the unfinished file; send it again")
        raise TransferFailed("too many files of that name are in the receiver's folder; choose another folder")

    def _is_ours(self, name: str) -> bool:
        try:
            return os.path.samestat(self._folder.status(name), os.fstat(self._file))
        except FileNotFoundError:
            return False

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _set_mode(file: int, mode: int) -> None:
    """Where the system has modes; FAT has none and says so by an error."""
    if hasattr(os, "fchmod"):
        with contextlib.suppress(OSError):
            os.fchmod(file, mode)


def numbered(name: str, ending: str = "") -> Iterator[str]:
    """``name``, ``name (1)``, ``name (2)`` and so on, each with ``ending``; the number stands before the extension.

    None is longer than 255 bytes: a name that has to be shortened loses the end of its stem.
    """
    stem, extension = os.path.splitext(name)
    if stem.endswith(".tar"):
        stem, extension = stem[:-4], ".tar" + extension
    if len(extension) > _LONGEST_EXTENSION:
        stem, extension = name, ""
    for number in itertools.chain([""], (f" ({n})" for n in range(1, _MOST_NAMES))):
        room = _LONGEST_NAME_BYTES - len((number + extension + ending).encode())
        yield stem.encode()[:room].decode(errors="ignore") + number + extension + ending
