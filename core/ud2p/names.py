"""Which file names may be offered and written: one part of a path, that shows itself as it is.

Both sides check: the sender before it offers, the receiver before it writes. A name must not leave the folder that it
is written to (separators, ``..``, a drive), must not deceive its reader (controls, bidi overrides, zero-width
characters), must fit into a directory entry, and must be a name on Windows too: no device (``CON``, ``nul.txt``), no
dot or space at its end. ZWJ and ZWNJ stay where the gate lets them stay in messages: Persian words and families of
emoji have them.
"""

from __future__ import annotations

import os
import re
import unicodedata

from ud2p.errors import UnsafeName
from ud2p.text import gate, truncate

MAX_NAME_BYTES = 255
"""UTF-8 bytes that common file systems hold in one name."""

_DRIVE = re.compile("[A-Za-z]:")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:[.:]|\Z)", re.IGNORECASE)
"""What is a device on Windows, whatever extension stands behind it."""
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_FORBIDDEN = frozenset('<>:"|?*') if os.name == "nt" else frozenset()
"""Characters that this system has no names with."""


def check_file_name(name: str) -> str:
    """The name in Unicode's composed form (NFC), if it may be written. Idempotent.

    :raises UnsafeName: with a sentence that is fit to be shown
    """
    name = unicodedata.normalize("NFC", name)
    problem = _problem_of(name)
    if problem:
        raise UnsafeName(problem.format(shown=f'"{truncate(gate(name), 60)}"'))
    return name


def _problem_of(name: str) -> str:
    """Why nobody should write a file of that name; empty for a good one."""
    if not name:
        return "a file must have a name; rename it and send it again"
    if name in (".", ".."):
        return "{shown} is a folder; name a file in it"
    if "/" in name or "\\" in name:
        return "the file name {shown} holds a path; only a name without / and \\ can be sent"
    if _DRIVE.match(name):
        return "the file name {shown} begins with a drive; rename the file and send it again"
    if _deceives(name):
        return "the file name {shown} holds invisible characters; rename the file and send it again"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"the file name {{shown}} is longer than {MAX_NAME_BYTES} bytes; shorten it and send it again"
    if name[-1] in ". ":
        return "the file name {shown} ends with a dot or a space, which some systems drop; rename the file"
    if _DEVICE.match(name):
        return "the file name {shown} is that of a device on Windows; rename the file and send it again"
    if _FORBIDDEN.intersection(name):
        return "the file name {shown} holds a character that the receiver's system has no names with; rename the file"
    return ""


def _deceives(name: str) -> bool:
    """Whether the name holds a control, or a format character where the gate does not keep it."""
    if name.isascii() and name.isprintable():
        return False
    kept = gate(name, multiline=True)
    for character in set(name):
        category = unicodedata.category(character)
        if category in _REFUSED or (category == "Cf" and kept.count(character) < name.count(character)):
            return True
    return False
