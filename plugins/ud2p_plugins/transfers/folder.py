"""A folder that files arrive in, held open: a name in it stays in it, whatever happens to the path meanwhile.

Every call goes through the folder's handle (``dir_fd``) and follows no link at the name. Where the system has no such
handles (Windows), calls go by the path: there a folder that is swapped while a file arrives is not noticed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
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
        self.handle: int | None = None
        """None where the system has no handles of folders."""
        try:
            if _HAS_HANDLES:
                self.handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            elif not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        except (OSError, ValueError) as error:
            raise folder_problem(error) from error

    def inside(self, name: str) -> Folder:
        """A folder in it.

        :raises OSError: there is none; a link to one is none
        """
        found = Folder.__new__(Folder)
        found._path, found.handle = self._path / name, None
        if _HAS_HANDLES:
            found.handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=self.handle)
        elif not stat.S_ISDIR(os.lstat(found._path).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        return found

    def make_folder(self, name: str, mode: int) -> None:
        """A new folder in it.

        :raises FileExistsError: when the name is taken
        """
        os.mkdir(self._at(name), mode, dir_fd=self.handle)

    def open_or_create(self, name: str, mode: int) -> int:
        """A file, new or there already, open for reading and writing; a link is not followed, a pipe not waited for."""
        return os.open(self._at(name), _OLD_FILE | os.O_CREAT, mode, dir_fd=self.handle)

    def create(self, name: str, mode: int) -> int:
        """A new file, open for writing.

        :raises FileExistsError: when the name is taken, be it by a link that leads nowhere
        """
        return os.open(self._at(name), _NEW_FILE, mode, dir_fd=self.handle)

    def reopen(self, name: str) -> int:
        """A file that is there, open for reading and writing; a link is not followed, a pipe not waited for.

        :raises OSError: there is none that this program may write to
        """
        return os.open(self._at(name), _OLD_FILE, dir_fd=self.handle)

    def status(self, name: str) -> os.stat_result:
        """What the name stands for; a link is not followed."""
        return os.stat(self._at(name), dir_fd=self.handle, follow_symlinks=False)

    def rename_to_new(self, name: str, new: str, source: Folder | None = None) -> None:
        """Give a file another name that nobody has.

        :param source: the folder that it is in now; None is this one
        :raises FileExistsError: when ``new`` is taken; nothing happened
        """
        source = source or self
        if os.name == "nt":
            os.rename(source._at(name), self._at(new))  # there it replaces nothing
            return
        try:
            os.link(
                source._at(name), self._at(new), src_dir_fd=source.handle, dst_dir_fd=self.handle, follow_symlinks=False
            )
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._rename_onto_placeholder(source, name, new)
        else:
            source.remove(name)

    def move_folder_to_new(self, name: str, new: str, source: Folder) -> None:
        """Move a folder out of ``source`` to a name that nobody has.

        :raises FileExistsError: when ``new`` is taken; nothing happened
        """
        if os.name != "nt":  # There a rename replaces nothing; here it replaces an empty folder, and only that.
            self.make_folder(new, 0o700)
        try:
            os.rename(source._at(name), self._at(new), src_dir_fd=source.handle, dst_dir_fd=self.handle)
        except OSError as error:
            if os.name != "nt":
                with contextlib.suppress(OSError):
                    os.rmdir(self._at(new), dir_fd=self.handle)
            if error.errno in (errno.ENOTEMPTY, errno.ENOTDIR):
                raise FileExistsError(error.errno, error.strerror) from error
            raise

    def names(self) -> list[str]:
        """What is in it."""
        return os.listdir(self._path if self.handle is None else self.handle)

    def remove_tree(self, name: str) -> None:
        """Remove a folder in it, with everything that is in there; links in it are not followed.

        :raises OSError: it is not there, is no folder, or can't be removed
        """
        shutil.rmtree(self._at(name), dir_fd=self.handle)

    def remove_folder(self, name: str) -> None:
        """Remove a folder in it that is empty."""
        os.rmdir(self._at(name), dir_fd=self.handle)

    def remove(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self._at(name), dir_fd=self.handle)

    def free_bytes(self) -> int | None:
        """How many bytes a file in it may take now, None where the system can't tell."""
        try:
            if self.handle is None:
                return shutil.disk_usage(self._path).free
            found = os.fstatvfs(self.handle)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize if found.f_blocks else None

    def flush(self) -> None:
        """Make its names last through a crash, where the file system can do that."""
        if self.handle is not None:
            with contextlib.suppress(OSError):
                os.fsync(self.handle)

    def path_of(self, name: str) -> Path:
        """Where a name in it is now: another path than at the start, if the folder was moved."""
        if self.handle is not None:
            with contextlib.suppress(OSError):
                if not os.path.samestat(os.stat(self._path), os.fstat(self.handle)):
                    return Path(os.readlink(f"/proc/self/fd/{self.handle}"), name)
        return self._path / name

    def close(self) -> None:
        """Let go of the handle; closed twice is closed."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    def _rename_onto_placeholder(self, source: Folder, name: str, new: str) -> None:
        """For file systems without hard links (FAT): take the name, exclusively, then replace what took it.

        Whatever another program writes to that empty file in the moment between is lost.
        """
        os.close(self.create(new, 0o600))
        try:
            os.rename(source._at(name), self._at(new), src_dir_fd=source.handle, dst_dir_fd=self.handle)
        except OSError:
            self.remove(new)
            raise

    def _at(self, name: str) -> str:
        return name if self.handle is not None else os.path.join(self._path, name)


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
