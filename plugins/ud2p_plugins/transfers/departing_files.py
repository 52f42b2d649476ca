"""What is sent, as one row of bytes: the files of a transfer, one behind the other, read where they are.

Each is opened when its turn comes, and must be what was offered then, and still be so when its last byte was read: it
is before the record that has that byte is sealed.
"""

from __future__ import annotations

import bisect
import io
import itertools
import os
import stat
from collections.abc import Callable, Sequence

from ud2p.contracts import Source
from ud2p.errors import TransferFailed
from ud2p_plugins.transfers.prefix import Prefix

# A pipe put in a file's place must not hold up the thread: that is what O_NONBLOCK is for.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class DepartingFiles:
    """Reads the files of a transfer. Used by one thread at a time."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = [source for source in sources if not source.entry.is_folder]
        self._begins = list(itertools.accumulate((source.size_bytes for source in self._sources), initial=0))
        self.size_bytes = self._begins[-1]
        self._next = 0
        self._file: io.FileIO | None = None
        self._left = 0
        self._opened: os.stat_result
        self._done: list[Source] = []

    def check(self) -> None:
        """See that everything is what was offered, as far as that is seen without opening it.

        :raises TransferFailed: it is not
        """
        for source in self._sources:
            try:
                status = os.stat(source.path, follow_symlinks=source.entry.is_root)
            except OSError as error:
                raise _unreadable(source, error) from error
            _check_offered(source, status)

    def seek(self, n_bytes: int) -> None:
        """Go on behind the first ``n_bytes``; the file that is there is open from now on.

        :raises TransferFailed: when it can't be read, or is not what was offered
        """
        self.close()
        self._done.clear()
        self._next = bisect.bisect_left(self._begins, n_bytes)
        if self._begins[self._next] > n_bytes:
            self._next -= 1
        if self._next < len(self._sources):
            skipped = n_bytes - self._begins[self._next]
            self._open_next().seek(skipped)
            self._left -= skipped

    def digest(self, n_bytes: int, stop: Callable[[], None]) -> bytes:
        """The hash of the first ``n_bytes``; :meth:`seek` must follow.

        :raises TransferFailed: when they can't be read
        """
        self.seek(0)
        prefix = Prefix(stop)
        prefix.add(self.readinto, n_bytes)
        return prefix.digest()

    def readinto(self, space: memoryview) -> int:
        """Fill ``space``, or as much of it as there are bytes left.

        :raises TransferFailed: when a file can't be read, or is not what was offered
        """
        filled = 0
        while self._file is not None or self._next < len(self._sources):
            file = self._file or self._open_next()
            if self._left and filled == len(space):
                break
            n_bytes = self._read(file, space[filled : filled + self._left])
            filled += n_bytes
            self._left -= n_bytes
            if not self._left:
                self._finish(file)
        return filled

    def take_done(self) -> list[Source]:
        """The files whose last byte was read since this was asked last."""
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Let go of the file that is open; twice is once."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_next(self) -> io.FileIO:
        source = self._sources[self._next]
        try:
            # A link that the user named is followed; one that took the place of a file in a folder is not.
            file = io.FileIO(os.open(source.path, _READ | (0 if source.entry.is_root else _NO_LINK)), "rb")
        except OSError as error:
            raise _unreadable(source, error) from error
        self._file = file
        self._opened = os.fstat(file.fileno())
        _check_offered(source, self._opened)
        self._next += 1
        self._left = source.size_bytes
        return file

    def _read(self, file: io.FileIO, space: memoryview) -> int:
        if not space:
            return 0
        source = self._sources[self._next - 1]
        try:
            n_bytes = file.readinto(space)
        except OSError as error:
            raise _unreadable(source, error) from error
        if not n_bytes:
            raise _changed(source)
        return n_bytes

    def _finish(self, file: io.FileIO) -> None:
        source = self._sources[self._next - 1]
        status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self._opened.st_size, self._opened.st_mtime_ns):
            raise _changed(source)
        self.close()
        self._done.append(source)


def _check_offered(source: Source, status: os.stat_result) -> None:
    offered_ns = source.entry.modified_ns
    is_same = status.st_size == source.size_bytes and offered_ns in (None, status.st_mtime_ns)
    if not stat.S_ISREG(status.st_mode) or not is_same:
        raise TransferFailed(f"{source.name} changed after it was offered; send it again")


def _changed(source: Source) -> TransferFailed:
    return TransferFailed(f"{source.name} changed while it was sent; send it again")


def _unreadable(source: Source, error: OSError) -> TransferFailed:
    reason = (error.strerror or str(error)).lower()
    return TransferFailed(f"{source.name} can't be read any more ({reason}); offer it again")
