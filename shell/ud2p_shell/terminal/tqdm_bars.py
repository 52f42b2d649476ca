"""tqdm, once as a row of the bottom toolbar and once as it is. Importing this module imports tqdm (70 ms).

tqdm draws by moving the cursor, which tears an open prompt. The bar for a terminal therefore draws nothing
(``gui=True``): when tqdm thinks that it is time, the prompt is drawn again and asks every bar for its meter. tqdm's
monitor thread stays off, and its lock is one of this process (its own would load multiprocessing).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from tqdm import tqdm

from ud2p.text import gate, truncate, width

NARROW_COLUMNS = 50
WIDE_FORMAT = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]"
NARROW_FORMAT = "{desc} {percentage:3.0f}%|{bar}|{n_fmt}/{total_fmt}"
LEAST_BAR = 4

DRAWINGS_A_SECOND = 20
LINES_A_SECOND = 1
"""Where a log may be read later, less often."""


if TYPE_CHECKING:
    _Tqdm = tqdm[NoReturn]
else:
    _Tqdm = tqdm  # generic in the type stubs alone


class _Bar(_Tqdm):
    """What both have in common."""

    monitor_interval = 0

    def __init__(self, title: str, total_bytes: int, **options: Any) -> None:
        super().__init__(
            desc=gate(title), total=total_bytes, unit="B", unit_scale=True, miniters=1, dynamic_ncols=False, **options
        )


_Bar.set_lock(threading.RLock())


class ToolbarBar(_Bar):
    """A bar that says when it should be drawn, and what it looks like."""

    def __init__(self, title: str, total_bytes: int, draw: Callable[[], None]) -> None:
        """
        :param draw: called on the thread that reports progress, at most :data:`DRAWINGS_A_SECOND`
        """
        self._draw = draw
        super().__init__(title, total_bytes, gui=True, mininterval=1 / DRAWINGS_A_SECOND)

    def display(self, *_: object, **__: object) -> None:
        """tqdm thinks that it is time."""
        self._draw()

    def meter(self, columns: int) -> str:
        """The bar in at most ``columns`` columns; short of room, the title gives way."""
        values: dict[str, Any] = {**self.format_dict, "ncols": columns}
        values["bar_format"] = NARROW_FORMAT if columns < NARROW_COLUMNS else WIDE_FORMAT
        title = values["prefix"] = str(values["prefix"])
        over = width(self.format_meter(**{**values, "ncols": None})) - (10 - LEAST_BAR) - columns
        if over > 0:
            values["prefix"] = truncate(title, max(width(title) - over, 1))
        return truncate(self.format_meter(**values), columns)


class StreamBar(_Bar):
    """tqdm as it is, on a stream; bars that run at once share a line, because no cursor can be moved there."""

    def __init__(self, title: str, total_bytes: int, file: TextIO) -> None:
        rate = DRAWINGS_A_SECOND if file.isatty() else LINES_A_SECOND
        super().__init__(
            title, total_bytes, file=file, mininterval=1 / rate, position=0, leave=True, bar_format=WIDE_FORMAT
        )
