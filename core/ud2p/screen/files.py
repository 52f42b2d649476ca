"""Files: the question, the way, the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """The peer offers files; the next line y or n answers."""

    peer: str
    name: str
    size_bytes: int
    into: str
    """The folder it would be written to."""
    existing: tuple[str, ...] = ()
    """Of the names that would be written there, those that are there already (they are never overwritten)."""
    n_files: int = 1
    paths: tuple[str, ...] = ()
    """What there is, where it is more than one file: the first few paths, those of folders with a slash at the end."""
    more_paths: int = 0
    """How many paths stand behind those."""
    free_bytes: int | None = None
    """The room on that disk; None where the system can't tell."""


@dataclass(frozen=True, slots=True)
class FileWithdrawn:
    """A file that was offered to us can't be accepted any more."""

    peer: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileWaiting:
    """The peer was asked whether it wants a file of ours."""

    peer: str
    name: str


@dataclass(frozen=True, slots=True)
class FileSending:
    """A file of ours is on its way."""

    peer: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileReceiving:
    """A file of the peer's is on its way."""

    peer: str
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class FileSent:
    """The peer has the whole file."""

    name: str
    size_bytes: int
    seconds: float
    route: str
    """``direct`` or what else a person should know of the way."""
    n_files: int = 1


@dataclass(frozen=True, slots=True)
class FileReceived:
    """We have the whole file."""

    name: str
    path: str
    """Where it is now."""
    size_bytes: int
    seconds: float
    route: str
    n_files: int = 1


@dataclass(frozen=True, slots=True)
class FilesThrough:
    """Of several files, some more are through."""

    paths: tuple[str, ...]
    sent: bool


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file did not get through, or was refused."""

    name: str
    reason: str
    sent: bool
    """True for one of ours, False for one of the peer's."""
