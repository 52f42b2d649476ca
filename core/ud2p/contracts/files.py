"""What is sent and received: files and folders, as an offer names them and as a receipt tells of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file or a folder of an offer."""

    path: str
    """Its name, behind those of the folders that it is in: ``photos/2024/beach.jpg``; already checked by
    :func:`ud2p.entries.check_entries`."""
    size_bytes: int = 0
    """Of a file; 0 for a folder."""
    is_folder: bool = False
    is_executable: bool = False
    """Whether a file may be run; its other permissions are the receiver's business."""
    modified_ns: int | None = None
    """When it was modified, in nanoseconds since 1970 began (UTC); None where nobody knows."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(self.path.split("/"))

    @property
    def is_root(self) -> bool:
        """Whether it is in no folder of the offer."""
        return "/" not in self.path


@dataclass(frozen=True, slots=True)
class FileOffer:
    """What the sender offers: one file, or several files and folders."""

    id: str
    """32 hex digits, fresh for every offer."""
    transfer: str
    """The name of the file transfer plugin that carries it."""
    entries: tuple[FileEntry, ...]
    """At least one; a folder stands before what is in it."""
    name: str = field(init=False)
    """What to call it: the name of the file or folder, ``NAME and 2 more`` where there are several."""
    size_bytes: int = field(init=False)
    """Of all files together."""
    n_files: int = field(init=False)
    """How many of the entries are no folders."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", label_of([root.path for root in self.roots or self.entries[:1]]))
        object.__setattr__(self, "size_bytes", sum(entry.size_bytes for entry in self.entries))
        object.__setattr__(self, "n_files", sum(not entry.is_folder for entry in self.entries))

    @property
    def roots(self) -> tuple[FileEntry, ...]:
        """The entries that are in no folder of the offer."""
        return tuple(entry for entry in self.entries if entry.is_root)

    @property
    def is_single_file(self) -> bool:
        """Whether it is one file, in no folder."""
        return len(self.entries) == 1 and not self.entries[0].is_folder


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entry of an offer is on the sender's disk."""

    path: Path
    entry: FileEntry

    @property
    def name(self) -> str:
        """Its name in the offer, with the folders that it is in."""
        return self.entry.path

    @property
    def size_bytes(self) -> int:
        """As it was offered."""
        return self.entry.size_bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transfer that is done: every byte was authenticated, and the receiver has published everything."""

    name: str
    """What to call it, by the name that the receiver gave it."""
    path: Path | None
    """Where it is on this machine: what was sent, or what was written; of several, the folder that they are in."""
    size_bytes: int
    seconds: float
    route: str
    """``direct`` or what else a person should know of the way."""
    n_files: int = 1
    """How many files there were."""


def label_of(names: list[str]) -> str:
    """What to call a file or a folder, or several of them."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
