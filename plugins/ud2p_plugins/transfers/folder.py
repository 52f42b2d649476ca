"""The folder that a file arrives in, held open: a name in it stays in it, whatever happens to the path meanwhile.

Every call goes through the folder's handle (``dir_fd``) and follows no link at the name. Where the system has no such
handles (Windows), calls go by the path: there a folder that is swapped while a file arrives is not noticed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from ud2p.errors import TransferFailed

_HAS_HANDLES = {os.open, os.stat, os.unlink, os.link, os.rename} <= os.supports_dir_fd
_OLD_FILE = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS = {
    errno.EPERM,
    errno.ENOSYS,
    errno.EMLINK,
    getattr(errno, "ENOTSUP", None),
    getattr(errno, "EOPNOTSUPP", None),
}


class Folder:
    """An open folder.

    :raises TransferFailed: when it can't be opened
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        try:
            if _HAS_HANDLES:
                self._handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            elif not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        except (OSError, ValueError) as error:
            raise folder_problem(error) from error

    def create(self, name: str, mode: int) -> int:
        """A new file, open for writing.

        :raises FileExistsError: when the name is taken, be it by a link that leads nowhere
        """
        return os.open(self._at(name), _NEW_FILE, mode, dir_fd=self._handle)

    def reopen(self, name: str) -> int:
        """A file that is there, open for reading and writing; a link is not followed, a pipe not waited for.

        :raises OSError: there is none that this program may write to
        """
        return os.open(self._at(name), _OLD_FILE, dir_fd=self._handle)

    def status(self, name: str) -> os.stat_result:
        """What the name stands for; a link is not followed."""
        return os.stat(self._at(name), dir_fd=self._handle, follow_symlinks=False)

    def rename_to_new(self, name: str, new: str) -> None:
        """Give a file another name that nobody has.

        :raises FileExistsError: when ``new`` is taken; nothing happened
        """
        if os.name == "nt":
            os.rename(self._at(name), self._at(new))  # there it replaces nothing
            return
        try:
            os.link(
                self._at(name), self._at(new), src_dir_fd=self._handle, dst_dir_fd=self._handle, follow_symlinks=False
            )
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._rename_onto_placeholder(name, new)
        else:
            self.remove(name)

    def remove(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self._at(name), dir_fd=self._handle)

    def free_bytes(self) -> int | None:
        """How many bytes a file in it may take now, None where the system can't tell."""
        try:
            if self._handle is None:
                return shutil.disk_usage(self._path).free
            found = os.fstatvfs(self._handle)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize if found.f_blocks else None

    def flush(self) -> None:
        """Make its names last through a crash, where the file system can do that."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._handle)

    def path_of(self, name: str) -> Path:
        """Where a name in it is now: another path than at the start, if the folder was moved."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                if not os.path.samestat(os.stat(self._path), os.fstat(self._handle)):
                    return Path(os.readlink(f"/proc/self/fd/{self._handle}"), name)
        return self._path / name

    def close(self) -> None:
        """Let go of the handle; closed twice is closed."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _rename_onto_placeholder(self, name: str, new: str) -> None:
        """For file systems without hard links (FAT): take the name, exclusively, then replace what took it.

        Whatever another program writes to that empty file in the moment between is lost.
        """
        os.close(self.create(new, 0o600))
        try:
            os.rename(self._at(name), self._at(new), src_dir_fd=self._handle, dst_dir_fd=self._handle)
        except OSError:
            self.remove(new)
            raise

    def _at(self, name: str) -> str:
        return name if self._handle is not None else os.path.join(self._path, name)


def folder_problem(error: Exception) -> TransferFailed:
    """The sentence for a folder or file that can't be written; without a path, as the sender reads it too."""
    match getattr(error, "errno", None):
        case errno.ENOSPC | errno.EDQUOT:
            return TransferFailed("no space is left for it on the receiver's disk; make room and send it again")
        case errno.EFBIG:
            return TransferFailed(
                "it is larger than the receiver's system lets a file grow; it can't be received there"
            )
        case errno.ENOENT:
            return TransferFailed("the folder to receive into does not exist; make it or choose another one")
        case errno.ENOTDIR:
            return TransferFailed("what was chosen to receive into is not a folder; choose another one")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return TransferFailed("the folder to receive into can't be written to; choose another one")
    return TransferFailed(
        f"the file can't be written there ({getattr(error, 'strerror', None) or error}); send it again"
    )
