"""A file while it arrives: ``NAME.part`` until it is whole, then ``NAME`` or ``NAME (1)``, never over another file.

Nobody else can read it while it is unfinished.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from ud2p.contracts import FileEntry
from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.folder import Folder, folder_problem
from ud2p_plugins.transfers.journal import Part
from ud2p_plugins.transfers.numbered import numbered
from ud2p_plugins.transfers.prefix import Prefix
from ud2p_plugins.transfers.write_behind import WriteBehind

_write_out = getattr(os, "fdatasync", os.fsync)


class PartFile:
    """One file that arrives. Used by one thread at a time.

    :param entry: as it was offered, checked already
    :raises TransferFailed: when there is no room for it, or the folder can't be written
    """

    def __init__(self, folder: Folder, entry: FileEntry) -> None:
        self._begin(folder, entry)
        require_room(folder, entry.size_bytes)
        self._part, self._file = self._create()

    @classmethod
    def reopen(cls, folder: Folder, entry: FileEntry, part: Part) -> PartFile | None:
        """The part that an earlier transfer left, to go on with; None where it is not there any more, is not what it
        was, or another program is at it.

        :raises TransferFailed: when there is no room for the rest
        """
        file = reopen_file(folder, part)
        if file is None:
            return None
        found = cls.__new__(cls)
        found._begin(folder, entry)
        found._part, found._file, found._mode = part.part, file, part.mode
        found.size_bytes = os.lseek(file, 0, os.SEEK_END)
        try:
            require_room(folder, part.size_bytes - found.size_bytes)
        except TransferFailed:
            os.close(file)
            raise
        return found

    def _begin(self, folder: Folder, entry: FileEntry) -> None:
        self._folder = folder
        self._entry = entry
        self._name = entry.path
        self.size_bytes = 0
        """How much of it is there."""
        self._behind = WriteBehind(lambda: _write_out(self._file))

    def journal_entry(self, peer_key: str, folder: str) -> Part:
        """What a journal says of it."""
        status = os.fstat(self._file)
        size_bytes = self._entry.size_bytes
        return Part(peer_key, self._name, size_bytes, folder, self._part, status.st_dev, status.st_ino, self._mode)

    def digest(self, stop: Callable[[], None]) -> bytes:
        """The hash of what is there.

        :raises TransferFailed: when it can't be read
        """
        try:
            os.lseek(self._file, 0, os.SEEK_SET)
            prefix = Prefix(stop)
            prefix.add_file(self._file, self.size_bytes)
            os.lseek(self._file, 0, os.SEEK_END)
        except OSError as error:
            raise folder_problem(error) from error
        return prefix.digest()

    def start_over(self) -> None:
        """Throw away what is there.

        :raises TransferFailed: when the disk does not let it
        """
        try:
            os.lseek(self._file, 0, os.SEEK_SET)
            os.ftruncate(self._file, 0)
        except OSError as error:
            raise folder_problem(error) from error
        self.size_bytes = 0

    def keep(self) -> None:
        """Close it, and leave it for another time."""
        self._close()

    def write(self, data: memoryview) -> None:
        """Append.

        :raises TransferFailed: when the disk does not take it
        """
        try:
            rest = data
            while rest:
                rest = rest[os.write(self._file, rest) :]
            self.size_bytes += len(data)
            self._behind.wrote(len(data))
        except OSError as error:
            raise folder_problem(error) from error

    def publish(self) -> str:
        """Write everything to the disk, and give the file its name.

        :returns: the name, ``NAME`` or the first free ``NAME (n)``
        :raises TransferFailed: when that can't be done; nothing was overwritten
        """
        try:
            self._behind.wait()
            set_times(self._file, self._entry)
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

    def take_done(self) -> list[FileEntry]:
        """Of a single file, nothing is told."""
        return []

    def path_of(self, name: str) -> Path:
        """Where the published file is."""
        return self._folder.path_of(name)

    def _create(self) -> tuple[str, int]:
        for name in numbered(self._name, ".part"):
            try:
                file = self._folder.create(name, 0o755 if self._entry.is_executable else 0o644)
            except FileExistsError:
                continue  # whoever's it is
            except OSError as error:
                raise folder_problem(error) from error
            # What these and the umask, or the folder's own rules, made of it is how it will be published.
            self._mode = stat.S_IMODE(os.fstat(file).st_mode)
            _set_mode(file, 0o600)
            take_lock(file)
            return name, file
        raise TransferFailed("too many unfinished files of that name are in the receiver's folder; remove some")

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
        self._behind.close()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def reopen_file(folder: Folder, part: Part) -> int | None:
    """The file of a part that an earlier transfer left, locked; None as in :meth:`PartFile.reopen`."""
    try:
        file = folder.reopen(part.part)
    except OSError:
        return None
    if not _is_still(part, os.fstat(file)) or not take_lock(file):
        os.close(file)
        return None
    return file


def _is_still(part: Part, status: os.stat_result) -> bool:
    """Whether a file is the part that the journal means, and not another one that has its place on the disk by now."""
    is_there = (status.st_dev, status.st_ino) == (part.device, part.inode) and status.st_nlink == 1
    # Killed on the disk's way, when it was whole, it has the permissions that it was about to be published with.
    is_private = stat.S_IMODE(status.st_mode) == 0o600 or (
        stat.S_IMODE(status.st_mode) == part.mode and status.st_size == part.size_bytes
    )
    is_ours = not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and is_private)
    return is_there and is_ours and stat.S_ISREG(status.st_mode) and status.st_size <= part.size_bytes


def require_room(folder: Folder, size_bytes: int) -> None:
    """See that so much more fits.

    :raises TransferFailed: it does not
    """
    free = folder.free_bytes()
    if free is not None and free < size_bytes:
        raise TransferFailed(
            f"it takes {size_bytes / 1e6:,.1f} MB and the receiver's disk has {free / 1e6:,.1f} MB left; make room"
        )


def take_lock(file: int) -> bool:
    """Keep other programs of ours off a part, until it is closed; whether nobody else had it.

    A system or a file system without locks says yes.
    """
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return True
    return True


def set_times(file: int, entry: FileEntry) -> None:
    """When it was modified, where the system and its disk can keep that."""
    if entry.modified_ns is not None and os.utime in os.supports_fd:
        with contextlib.suppress(OSError, OverflowError):
            os.utime(file, ns=(entry.modified_ns, entry.modified_ns))


def _set_mode(file: int, mode: int) -> None:
    """Where the system has modes; FAT has none and says so by an error."""
    if hasattr(os, "fchmod"):
        with contextlib.suppress(OSError):
            os.fchmod(file, mode)
