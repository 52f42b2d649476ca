from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ud2p import UD2PError
from ud2p.errors import UnsafeName
from ud2p.names import MAX_NAME_BYTES, check_file_name
from ud2p.testing.screen_events import hostile_text
from ud2p.text import gate


@pytest.mark.parametrize(
    "name",
    [
        "Von.mp3",
        "a",
        ".hidden",
        "console.log",
        "com10",
        "a.con",
        "aux_.c",
        "..a",
        "archive.tar.gz",
        "movie.part",
        "with spaces and (1).txt",
        "-rf",
        "中文字.pdf",
        "👩‍👩‍👧 ✔️.png",
        "می‌خواهم.txt",
        "12:30 notes.txt",
        "x" * MAX_NAME_BYTES,
    ],
)
def test_good_names_stay(name: str) -> None:
    assert check_file_name(name) == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "must have a name"),
        (".", "folder"),
        ("..", "folder"),
        ("../parent", "path"),
        ("..\\parent", "path"),
        ("/etc/passwd", "path"),
        ("\\\\host\\share", "path"),
        ("a/b", "path"),
        ("a/", "path"),
        ("C:evil", "drive"),
        ("c:", "drive"),
        ("a\x00b", "invisible"),
        ("a\nb", "invisible"),
        ("a\tb", "invisible"),
        ("a\x1b[31m", "invisible"),
        ("a\x9b", "invisible"),
        ("a\x7f", "invisible"),
        ("\u202egpj.exe", "invisible"),
        ("a\u2066b", "invisible"),
        ("a\u200bb", "invisible"),
        ("a\u200d.txt", "invisible"),
        ("می\u200cخ\u200c", "invisible"),
        ("a\u2028b", "invisible"),
        ("\ufeffa", "invisible"),
        ("...", "dot or a space"),
        ("photos.", "dot or a space"),
        ("photos ", "dot or a space"),
        ("CON", "device"),
        ("nul.txt", "device"),
        ("Com1", "device"),
        ("LPT\u00b9.log", "device"),
        ("aux .c", "device"),
        ("prn:x", "device"),
        ("\ud800", "invisible"),
        ("x" * (MAX_NAME_BYTES + 1), "255 bytes"),
        ("中" * 86, "255 bytes"),
    ],
)
def test_bad_names_are_refused_with_a_sentence(name: str, says: str) -> None:
    with pytest.raises(UnsafeName, match=says) as refused:
        check_file_name(name)
    assert str(refused.value) == gate(str(refused.value))
    assert isinstance(refused.value, UD2PError)


def test_names_are_composed() -> None:
    assert check_file_name("cafe\u0301.txt") == "caf\u00e9.txt"


def test_the_composed_form_counts() -> None:
    """A few letters grow when they are composed."""
    assert len(("\u0958" * 50).encode()) < len(unicodedata.normalize("NFC", "\u0958" * 50).encode())
    with pytest.raises(UnsafeName, match="255 bytes"):
        check_file_name("\u0958" * 50)


@given(st.text(st.characters(), max_size=40) | hostile_text | st.text("./\\: \x00aC", max_size=6))
@example("\u212a:")  # the Kelvin sign composes to K
def test_what_is_let_through_is_one_harmless_part_of_a_path(name: str) -> None:
    try:
        checked = check_file_name(name)
    except UnsafeName:
        return
    assert checked not in ("", ".", "..")
    assert not set("/\\\x00").intersection(checked)
    assert not {c for c in checked if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    formats = {c for c in checked if unicodedata.category(c) == "Cf"}
    assert formats <= set(gate(checked, multiline=True))
    assert checked[1:2] != ":" or not checked[0].isascii() or not checked[0].isalpha()
    assert len(checked.encode()) <= MAX_NAME_BYTES
    assert check_file_name(checked) == checked
