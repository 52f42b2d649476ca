"""Names for what must not take another file's: ``NAME``, ``NAME (1)`` and so on."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

_LONGEST_NAME_BYTES = 255
_LONGEST_EXTENSION = 32
_MOST_NAMES = 10_000


def numbered(name: str, ending: str = "") -> Iterator[str]:
    """``name``, ``name (1)``, ``name (2)`` and so on, each with ``ending``; the number stands before the extension.

    None is longer than 255 bytes: a name that has to be shortened loses the end of its stem.
    """
    stem, extension = os.path.splitext(name)
    if stem.endswith(".tar"):
        stem, extension = stem[:-4], ".tar" + extension
    if len(extension) > _LONGEST_EXTENSION:
        stem, extension = name, ""
    for number in itertools.chain([""], (f" ({n})" for n in range(1, _MOST_NAMES))):
        room = _LONGEST_NAME_BYTES - len((number + extension + ending).encode())
        yield stem.encode()[:room].decode(errors="ignore") + number + extension + ending
