"""A file while it arrives: ``NAME.part`` until it is whole, then ``NAME`` or ``NAME (1)``, never over another file.

Nobody else can read it while it is unfinished. Every 32 MiB the system is told to write behind what has come so far,
so that it is on the disk soon after the last byte: the receipt waits for that, and so does a cancelled transfer.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.folder import Folder, folder_problem
from ud2p_plugins.transfers.journal import Part
from ud2p_plugins.transfers.prefix import digest_of

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
        self._begin(folder, name)
        require_room(folder, size_bytes)
        self._part, self._file = self._create()

    @classmethod
    def reopen(cls, folder: Folder, part: Part, *, needs_room: bool = True) -> PartFile | None:
        """The part that an earlier transfer left, to go on with; None where it is not there any more, is not what it
        was, or another program is at it.

        :param needs_room: whether the rest is to come
        :raises TransferFailed: when there is no room for the rest
        """
        try:
            file = folder.reopen(part.part)
        except OSError:
            return None
        status = os.fstat(file)
        if not _is_still(part, status) or not take_lock(file):
            os.close(file)
            return None
        found = cls.__new__(cls)
        found._begin(folder, part.name)
        found._part, found._file, found._mode = part.part, file, part.mode
        found.size_bytes = os.lseek(file, 0, os.SEEK_END)
        try:
            if needs_room:
                require_room(folder, part.size_bytes - found.size_bytes)
        except TransferFailed:
            os.close(file)
            raise
        return found

    def _begin(self, folder: Folder, name: str) -> None:
        self._folder = folder
        self._name = name
        self.size_bytes = 0
        """How much of it is there."""
        self._behind = 0
        self._pool: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None

    def entry(self, peer_key: str, folder: str, size_bytes: int) -> Part:
        """What a journal says of it.

        :param size_bytes: what it was offered as
        """
        status = os.fstat(self._file)
        return Part(peer_key, self._name, size_bytes, folder, self._part, status.st_dev, status.st_ino, self._mode)

    def digest(self, stop: Callable[[], None]) -> bytes:
        """The hash of what is there.

        :raises TransferFailed: when it can't be read
        """
        try:
            os.lseek(self._file, 0, os.SEEK_SET)
            found = digest_of(self._file, self.size_bytes, stop)
            os.lseek(self._file, 0, os.SEEK_END)
        except OSError as error:
            raise folder_problem(error) from error
        return found

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
            take_lock(file)
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


def _is_still(part: Part, status: os.stat_result) -> bool:
    """Whether a file is the part that the journal means, and not another one that has its place on the disk by now."""
    is_there = (status.st_dev, status.st_ino) == (part.device, part.inode) and status.st_nlink == 1
    is_ours = not hasattr(os, "geteuid") or (status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == 0o600)
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
