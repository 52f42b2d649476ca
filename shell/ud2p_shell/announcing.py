"""A progress that also says what a bar does not show: that it begins, that it pauses, and which files are through."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ud2p.contracts import Progress

SHOW_EVERY_S = 0.2
MAX_LINES = 200
"""A line a file, but not so many that they push everything else off the screen."""
NOT_LISTED = "the files that follow are not listed one by one"


class Announcing:
    """A :class:`ud2p.contracts.Progress` around another one."""

    def __init__(
        self,
        progress: Progress,
        announce: Callable[[], None],
        say: Callable[[str], None],
        show_paths: Callable[[list[str]], None],
    ) -> None:
        """
        :param announce: called when the first byte is about to move
        :param say: shows a sentence
        :param show_paths: shows files that are through, a line each
        """
        self._progress = progress
        self._announce = announce
        self._say = say
        self._show_paths = show_paths
        self._paths: list[str] = []
        self._shown_at = 0.0
        self._lines_left = MAX_LINES

    def start(self, total_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""
        self._announce()
        self._progress.start(total_bytes)

    def advance(self, n_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""
        self._progress.advance(n_bytes)

    def file_done(self, path: str, size_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`. Small files come by the thousand, and are shown together."""
        self._progress.file_done(path, size_bytes)
        self._lines_left -= 1
        if self._lines_left < 0:
            if self._lines_left == -1:
                self._show()
                self._say(NOT_LISTED)
            return
        self._paths.append(path)
        if time.monotonic() - self._shown_at >= SHOW_EVERY_S:
            self._show()

    def pause(self, reason: str) -> None:
        """See :class:`~ud2p.contracts.Progress`."""
        self._say(reason)
        self._progress.pause(reason)

    def finish(self) -> None:
        """See :class:`~ud2p.contracts.Progress`."""
        self._show()
        self._progress.finish()

    def _show(self) -> None:
        self._shown_at = time.monotonic()
        paths, self._paths = self._paths, []
        if paths:
            self._show_paths(paths)
