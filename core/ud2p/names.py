"""Which file names may be offered and written: one part of a path, that shows itself as it is.

Both sides check: the sender before it offers, the receiver before it writes. A name must not leave the folder that it
is written to (separators, ``..``, a drive), must not deceive its reader (controls, bidi overrides, zero-width
characters), and must fit into a directory entry. ZWJ and ZWNJ stay where the gate lets them stay in messages: Persian
words and families of emoji have them.
"""

from __future__ import annotations

import re
import unicodedata

from ud2p.errors import UnsafeName
from ud2p.text import gate, truncate

MAX_NAME_BYTES = 255
"""UTF-8 bytes that common file systems hold in one name."""

_DRIVE = re.compile("[A-Za-z]:")
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})


def check_file_name(name: str) -> str:
    """The name in Unicode's composed form (NFC), if it may be written. Idempotent.

    :raises UnsafeName: with a sentence that is fit to be shown
    """
    name = unicodedata.normalize("NFC", name)
    shown = f'"{truncate(gate(name), 60)}"'
    if not name:
        raise UnsafeName("a file must have a name; rename it and send it again")
    if name in (".", ".."):
        raise UnsafeName(f"{shown} is a folder; name a file in it")
    if "/" in name or "\\" in name:
        raise UnsafeName(f"the file name {shown} holds a path; only a name without / and \\ can be sent")
    if _DRIVE.match(name):
        raise UnsafeName(f"the file name {shown} begins with a drive; rename the file and send it again")
    if _deceives(name):
        raise UnsafeName(f"the file name {shown} holds invisible characters; rename the file and send it again")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise UnsafeName(f"the file name {shown} is longer than {MAX_NAME_BYTES} bytes; shorten it and send it again")
    return name


def _deceives(name: str) -> bool:
    """Whether the name holds a control, or a format character where the gate does not keep it."""
    kept = gate(name, multiline=True)
    for character in set(name):
        category = unicodedata.category(character)
        if category in _REFUSED or (category == "Cf" and kept.count(character) < name.count(character)):
            return True
    return False
