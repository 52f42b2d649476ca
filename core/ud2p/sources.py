"""What is to be sent, looked at before it is offered: files, and folders with everything in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ud2p.contracts import FileEntry, Source
from ud2p.entries import EntryRules
from ud2p.errors import TransferError
from ud2p.text import gate

_LATEST_NS = 2**63 - 1


def inspect_sources(paths: Sequence[Path]) -> list[Source]:
    """The files and folders at ``paths``, and what is in those folders, in the order in which it will be sent.

    A path that is named may be a symbolic link; those in a folder are refused, as what they lead to may be anything.

    :returns: one for each entry of the offer
    :raises TransferError: when something is not there, can't be read, or is no file and no folder
    :raises UnsafeName: when no receiver would take a name, or all of it together
    """
    rules = EntryRules()
    sources = []
    for path in paths:
        for source in _walk(path):
            sources.append(Source(source.path, rules.check(source.entry)))
    if not sources:
        raise TransferError("there is nothing to send; name a file or a folder")
    return sources


def _walk(root: Path) -> Iterator[Source]:
    path = Path(os.path.abspath(root))
    status = _status(root, path, follow_symlinks=True)
    if not path.name:
        raise TransferError(f"{root} has no name; name a folder in it")
    yield from _visit(root, path, path.name, status)


def _visit(shown: Path, path: Path, name: str, status: os.stat_result) -> Iterator[Source]:
    """A file, or a folder and what is in it.

    :param shown: the path as the user would name it
    :param name: the path in the offer
    """
    modified_ns = status.st_mtime_ns if 0 <= status.st_mtime_ns <= _LATEST_NS else None
    if stat.S_ISREG(status.st_mode):
        _check_readable(shown, path)
        is_executable = bool(status.st_mode & stat.S_IXUSR) and os.name != "nt"
        yield Source(path, FileEntry(name, status.st_size, False, is_executable, modified_ns))
        return
    if not stat.S_ISDIR(status.st_mode):
        raise TransferError(f"{_gated(shown)} is not an ordinary file; name one that is")
    yield Source(path, FileEntry(name, 0, True, False, modified_ns))
    try:
        children = sorted(os.listdir(path))
    except OSError as error:
        raise _unreadable(shown, error) from None
    for child in children:
        inside = path / child
        found = _status(shown / child, inside, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            raise TransferError(
                f"{_gated(shown / child)} is a symbolic link, and links are not sent; put what it leads to in its place"
            )
        yield from _visit(shown / child, inside, f"{name}/{child}", found)


def _status(shown: Path, path: Path, *, follow_symlinks: bool) -> os.stat_result:
    try:
        return os.stat(path, follow_symlinks=follow_symlinks)
    except (OSError, ValueError) as error:
        raise _unreadable(shown, error) from None


def _check_readable(shown: Path, path: Path) -> None:
    try:
        # Without O_NONBLOCK, opening a pipe that took its place would wait for somebody to write to it.
        os.close(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)))
    except OSError as error:
        raise _unreadable(shown, error) from None


def _unreadable(shown: Path, error: Exception) -> TransferError:
    match error:
        case FileNotFoundError():
            return TransferError(f"there is no file {_gated(shown)}; check the name")
        case PermissionError():
            return TransferError(f"{_gated(shown)} can't be read; check its permissions")
    return TransferError(f"{_gated(shown)} can't be read: {getattr(error, 'strerror', None) or error}")


def _gated(path: Path) -> str:
    """A name on this disk may have been chosen by somebody else."""
    return gate(str(path))
