"""What a paste becomes, and lists in columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.text import width
from ud2p_shell.terminal.prompt_keys import in_columns, pasted


@pytest.mark.parametrize(
    ("text", "as_message", "as_command"),
    [
        ("one", "one", "one"),
        ("one\r\ntwo\rthree\n\n", "one\ntwo\nthree", "one two three"),
        ("\n  indented", "\n  indented", "   indented"),
        ("a\tb", "a    b", "a    b"),
        ("\x1b[31mred\x07\x00\x7f\x9b", "[31mred", "[31mred"),
        ("文字 👍\n", "文字 👍", "文字 👍"),
        ("\n", "", ""),
    ],
)
def test_pasted(text: str, as_message: str, as_command: str) -> None:
    assert pasted(text, keep_newlines=True) == as_message
    assert pasted(text, keep_newlines=False) == as_command


@given(st.text())
def test_a_paste_never_holds_what_a_terminal_acts_on(text: str) -> None:
    assert not {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0))} & set(pasted(text, keep_newlines=False))
    assert pasted(text, keep_newlines=True).replace("\n", "").isprintable() or not text.isprintable()


def test_columns_are_read_down_first() -> None:
    assert in_columns(["a", "b", "c", "d", "e"], 9) == ["a  d", "b  e", "c"]
    assert in_columns(["alone"], 3) == ["alone"]
    assert in_columns(["文字", "ab"], 80) == ["文字  ab"]
    assert in_columns(["evil\x1b"], 80) == [r"evil\x1b"]


def test_a_long_list_says_how_much_is_missing() -> None:
    assert in_columns([f"{number:03d}" for number in range(130)], 6)[-2:] == ["099", "... and 30 more"]


@given(st.lists(st.text("ab文", min_size=1, max_size=8), min_size=1, max_size=50), st.integers(20, 100))
def test_columns_fit_and_hold_everything(labels: list[str], columns: int) -> None:
    lines = in_columns(labels, columns)
    assert all(width(line) <= columns for line in lines)
    assert sorted(" ".join(lines).split()) == sorted(labels)
