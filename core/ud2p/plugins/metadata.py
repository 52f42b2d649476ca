"""What an installed distribution says of itself: name, version, what it needs.

Only the head of the metadata file is looked at, line by line (core metadata, packaging.python.org): the standard
library's reader parses the whole of it, long description included, which takes half a millisecond for each of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution

_FIELD = re.compile(r"^(Name|Version|Requires-Dist):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)
_END_OF_HEAD = re.compile(r"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The head of a distribution's metadata; empty where it does not say."""

    name: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()


def read_metadata(distribution: Distribution) -> Metadata:
    """:raises Exception: whatever a damaged distribution or a foreign finder makes of being read"""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    fields = _FIELD.findall(_END_OF_HEAD.split(text, 1)[0])
    first = dict(reversed(fields))
    requires = tuple(value for key, value in fields if key == "Requires-Dist")
    return Metadata(first.get("Name", ""), first.get("Version", ""), requires)
