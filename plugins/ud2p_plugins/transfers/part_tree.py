"""Files and folders while they arrive: in a folder ``NAME.part`` of their own, until all of them are whole.

Nobody else can look into that folder. In it everything has its final name, permissions and time. When the last byte is
there, it is written to the disk, and each file and folder of the offer moves out, never over what is there. The bytes
come as one row; what is there of it is the files that are whole, in order, and the beginning of one more.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from ud2p.contracts import FileEntry
from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.flush import can_flush_all, flush_all
from ud2p_plugins.transfers.folder import Folder, folder_problem
from ud2p_plugins.transfers.folder_stack import FolderStack
from ud2p_plugins.transfers.journal import Part, entries_hash
from ud2p_plugins.transfers.numbered import numbered
from ud2p_plugins.transfers.part_file import require_room, set_times, take_lock
from ud2p_plugins.transfers.prefix import Prefix
from ud2p_plugins.transfers.write_behind import WriteBehind

_FOLDER_MODE = 0o700


class PartTree:
    """What arrives of one offer. Used by one thread at a time.

    :param entries: as they were offered, checked already
    :raises TransferFailed: when there is no room for it, or the folder can't be written
    """

    def __init__(self, folder: Folder, entries: Sequence[FileEntry]) -> None:
        require_room(folder, sum(entry.size_bytes for entry in entries))
        for part in numbered(entries[0].parts[0], ".part"):
            try:
                folder.make_folder(part, _FOLDER_MODE)
            except FileExistsError:
                continue  # whoever's it is
            except OSError as error:
                raise folder_problem(error) from error
            break
        else:
            raise TransferFailed("too many unfinished files of that name are in the receiver's folder; remove some")
        try:
            staging = folder.inside(part)
        except OSError as error:
            raise folder_problem(error) from error
        _take_lock(staging)
        self._begin(folder, entries, part, staging)

    @classmethod
    def reopen(cls, folder: Folder, entries: Sequence[FileEntry], part: Part) -> PartTree | None:
        """What an earlier transfer left, to go on with; None as in :meth:`PartFile.reopen`.

        :raises TransferFailed: when there is no room for the rest, or it can't be read
        """
        staging = reopen_staging(folder, part)
        if staging is None:
            return None
        found = cls.__new__(cls)
        found._begin(folder, entries, part.part, staging)
        try:
            found._catch_up()
            require_room(folder, part.size_bytes - found.size_bytes)
        except TransferFailed:
            found.keep()
            raise
        except OSError as error:
            found.keep()
            raise folder_problem(error) from error
        return found

    def _begin(self, folder: Folder, entries: Sequence[FileEntry], part: str, staging: Folder) -> None:
        self._folder = folder
        self._entries = entries
        self._part = part
        self._staging = staging
        self._is_open = True
        self._stack = FolderStack(staging)
        self.size_bytes = 0
        """How much of it is there."""
        self._next = 0
        self._file = -1
        self._left = 0
        self._done: list[FileEntry] = []
        self._behind = WriteBehind(lambda: flush_all(staging.handle))

    def journal_entry(self, peer_key: str, folder: str) -> Part:
        """What a journal says of it."""
        status = self._folder.status(self._part)
        size_bytes = sum(entry.size_bytes for entry in self._entries)
        name, entries = self._entries[0].path, entries_hash(self._entries)
        return Part(peer_key, name, size_bytes, folder, self._part, status.st_dev, status.st_ino, _FOLDER_MODE, entries)

    def digest(self, stop: Callable[[], None]) -> bytes:
        """The hash of what is there.

        :raises TransferFailed: when it can't be read
        """
        prefix = Prefix(stop)
        left = self.size_bytes
        try:
            with contextlib.closing(FolderStack(self._staging)) as stack:
                for entry in self._entries:
                    if not left:
                        break
                    if not entry.size_bytes:
                        continue
                    file = stack.enter(entry.parts[:-1]).reopen(entry.parts[-1])
                    try:
                        prefix.add_file(file, min(left, entry.size_bytes))
                    finally:
                        os.close(file)
                    left -= min(left, entry.size_bytes)
        except OSError as error:
            raise folder_problem(error) from error
        return prefix.digest()

    def start_over(self) -> None:
        """Throw away what is there.

        :raises TransferFailed: when the disk does not let it
        """
        self._close_file()
        self._stack.close()
        try:
            for name in self._staging.names():
                if stat.S_ISDIR(self._staging.status(name).st_mode):
                    self._staging.remove_tree(name)
                else:
                    self._staging.remove(name)
        except OSError as error:
            raise folder_problem(error) from error
        self._next = self.size_bytes = 0

    def write(self, data: memoryview) -> None:
        """Append.

        :raises TransferFailed: when the disk does not take it
        """
        rest = data
        try:
            while self._file >= 0 or self._begin_next():
                if self._left and not rest:
                    break
                if self._left:
                    n_bytes = os.write(self._file, rest[: self._left])
                    rest = rest[n_bytes:]
                    self._left -= n_bytes
                    self.size_bytes += n_bytes
                if not self._left:
                    self._finish_file()
            self._behind.wrote(len(data))
        except OSError as error:
            raise folder_problem(error) from error

    def take_done(self) -> list[FileEntry]:
        """The files that have become whole since this was asked last."""
        done, self._done = self._done, []
        return done

    def publish(self) -> str:
        """Write everything to the disk, and give it its names.

        :returns: the name of the first; each is the one that was offered, or the first free ``NAME (n)``
        :raises TransferFailed: when that can't be done; nothing was overwritten
        """
        try:
            self._stack.close()
            self._behind.wait()
            flush_all(self._staging.handle)
            self._require_ours()
            names = [self._move_out(entry) for entry in self._entries if entry.is_root]
        except OSError as error:
            raise folder_problem(error) from error
        with contextlib.suppress(OSError):  # What another program has put into it is not ours to remove.
            self._folder.remove_folder(self._part)
        self._folder.flush()
        self.keep()
        return names[0]

    def keep(self) -> None:
        """Close it, and leave it for another time."""
        self._is_open = False
        self._close_file()
        self._behind.close()
        self._stack.close()
        self._staging.close()

    def discard(self) -> None:
        """Close it, and remove it unless it is published. Never raises; twice is once."""
        if self._is_open:
            with contextlib.suppress(OSError, TransferFailed):
                self._require_ours()
                self._folder.remove_tree(self._part)
            self.keep()

    def path_of(self, name: str) -> Path:
        """Where what was published is: the one file or folder, or the folder that all of them are in."""
        path = self._folder.path_of(name)
        return path if sum(entry.is_root for entry in self._entries) == 1 else path.parent

    def _catch_up(self) -> None:
        """Find out how much is there; what was begun behind that is written over when its turn comes."""
        while self._begin_next():
            there = os.lseek(self._file, 0, os.SEEK_END)
            self.size_bytes += there
            self._left -= there
            if self._left:
                return
            self._close_file()

    def _begin_next(self) -> bool:
        """Open the next file, and make the folders before it; whether there is one."""
        while self._next < len(self._entries):
            entry = self._entries[self._next]
            self._next += 1
            *folders, name = entry.parts
            folder = self._stack.enter(folders)
            if entry.is_folder:
                with contextlib.suppress(FileExistsError):
                    folder.make_folder(name, 0o755)
                self._stack.enter(entry.parts)
                self._stack.set_times_of(entry)
                continue
            self._open(folder, name, entry)
            return True
        return False

    def _open(self, folder: Folder, name: str, entry: FileEntry) -> None:
        self._file = folder.open_or_create(name, 0o755 if entry.is_executable else 0o644)
        status = os.fstat(self._file)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise TransferFailed(
                "another program put something among the receiver's unfinished files; "
                "discard them there (ud2p receive --discard), and send them again"
            )
        if status.st_size > entry.size_bytes:
            os.ftruncate(self._file, 0)
        self._left = entry.size_bytes

    def _finish_file(self) -> None:
        entry = self._entries[self._next - 1]
        set_times(self._file, entry)
        if not can_flush_all():
            os.fsync(self._file)
        self._close_file()
        self._done.append(entry)

    def _move_out(self, root: FileEntry) -> str:
        move = self._folder.move_folder_to_new if root.is_folder else self._folder.rename_to_new
        for name in numbered(root.path):
            try:
                move(root.path, name, self._staging)
            except FileExistsError:
                continue
            return name
        raise TransferFailed("too many files of that name are in the receiver's folder; choose another folder")

    def _require_ours(self) -> None:
        if self._staging.handle is None:
            return
        if not os.path.samestat(self._folder.status(self._part), os.fstat(self._staging.handle)):
            raise TransferFailed("another program took away the unfinished files; send them again")

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def reopen_staging(folder: Folder, part: Part) -> Folder | None:
    """The folder of what an earlier transfer left, locked; None as in :meth:`PartFile.reopen`."""
    try:
        status = folder.status(part.part)
        staging = folder.inside(part.part)
        if staging.handle is not None:
            status = os.fstat(staging.handle)
    except OSError:
        return None
    is_there = (status.st_dev, status.st_ino) == (part.device, part.inode)
    is_ours = not hasattr(os, "geteuid") or (
        status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) == _FOLDER_MODE
    )
    if not (is_there and is_ours and _take_lock(staging)):
        staging.close()
        return None
    return staging


def _take_lock(staging: Folder) -> bool:
    return staging.handle is None or take_lock(staging.handle)
