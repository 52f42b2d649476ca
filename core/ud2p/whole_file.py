"""Files that are only ever seen whole: written beside their place, and moved over what was there.

Whoever changes what is in one reads it, changes it and writes it back while holding its lock, so that two programs that
do so at once do not lose each other's changes. Reading needs no lock.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Put ``content`` into a file that its owner alone may read, in place of what was there.

    A link to another place stays a link. Folders that are missing are made.

    :raises OSError: it can't be written; what was there stays
    """
    path = Path(os.path.realpath(path))
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is ``NAME.lock`` beside it, against other threads and programs; wait for it.

    The system lets go of it when the program ends, however that comes. Where it has no such locks, nothing is held,
    and of two changes within the same milliseconds one may be lost.

    :raises OSError: the lock's file can't be made
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600), "wb") as file:
        _lock(file.fileno())
        yield  # closing the file unlocks it


try:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)

except ImportError:  # not POSIX

    def _lock(descriptor: int) -> None:
        with contextlib.suppress(ImportError):
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]
