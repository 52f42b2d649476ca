"""The folders that lead to a file, held open: those of the file before it stay open as far as they are the same."""

from __future__ import annotations

from collections.abc import Sequence

from ud2p.contracts import FileEntry
from ud2p_plugins.transfers.folder import Folder
from ud2p_plugins.transfers.part_file import set_times


class _Level:
    """A folder on the way down."""

    def __init__(self, name: str, folder: Folder) -> None:
        self.name = name
        self.folder = folder
        self.modified: FileEntry | None = None


class FolderStack:
    """Goes into folders and out of them, one name at a time, without following links.

    :param bottom: where it begins; stays its owner's
    """

    def __init__(self, bottom: Folder) -> None:
        self._bottom = bottom
        self._levels: list[_Level] = []

    def enter(self, names: Sequence[str]) -> Folder:
        """Be in the folder ``names`` of the bottom.

        :raises OSError: there is none
        """
        same = 0
        while same < min(len(names), len(self._levels)) and names[same] == self._levels[same].name:
            same += 1
        self._leave(same)
        for name in names[same:]:
            self._levels.append(_Level(name, self._here.inside(name)))
        return self._here

    def set_times_of(self, entry: FileEntry) -> None:
        """Have the folder that it is in get the time of ``entry`` when it is left."""
        self._levels[-1].modified = entry

    def close(self) -> None:
        """Leave all folders; twice is once."""
        self._leave(0)

    @property
    def _here(self) -> Folder:
        return self._levels[-1].folder if self._levels else self._bottom

    def _leave(self, keep: int) -> None:
        while len(self._levels) > keep:
            level = self._levels.pop()
            # What was put into it has changed its time; nothing more will be.
            if level.modified is not None and level.folder.handle is not None:
                set_times(level.folder.handle, level.modified)
            level.folder.close()
