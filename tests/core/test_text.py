from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from ud2p.testing.screen_events import hostile_text
from ud2p.text import MAX_MARKS, TAB, gate, pad_center, pad_left, pad_right, truncate, width, wrap

FAMILY = "👩‍👩‍👧"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
ZWJ, ZWNJ, VS16 = "\u200d", "\u200c", "\ufe0f"

any_text = st.text(st.characters(), max_size=30) | hostile_text


class TestGate:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain", "plain"),
            ("a\\b", "a\\b"),
            ("\x1b[31mred", "\\x1b[31mred"),
            ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
            ("\x9b2J", "\\x9b2J"),
            ("a\x00b\x7f", "a\\x00b\\x7f"),
            ("a\rb", "a\\x0db"),
            ("\u202etxt.exe", "\\u202etxt.exe"),
            ("\u2066a\u2069", "\\u2066a\\u2069"),
            ("a\u200bb", "a\\u200bb"),
            ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
            ("\ufeffa", "\\ufeffa"),
            ("so\u00adft", "so\\xadft"),
            ("\ud800", "\\ud800"),
            ("\U000e0041", "\\U000e0041"),
            ("\U0010eeee", "\\U0010eeee"),
            ("\u3164", "\\u3164"),
            ("\uffff", "\\uffff"),
            ("é ß ж 中文 한글 🙂 ½", "é ß ж 中文 한글 🙂 ½"),
            ("e\u0301", "e\u0301"),
            ("🩷", "🩷"),  # newer than Python 3.11's tables
        ],
    )
    @pytest.mark.parametrize("multiline", [False, True])
    def test_in_names_and_in_messages(self, text: str, shown: str, multiline: bool) -> None:
        assert gate(text, multiline=multiline) == shown

    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ("a\nb", "a\\x0ab", "a\nb"),
            ("a\tb", "a\\x09b", "a\tb"),
            ("a\r\nb", "a\\x0d\\x0ab", "a\nb"),
            ("a\n\rb", "a\\x0a\\x0db", "a\n\\x0db"),
            (FAMILY, "👩\\u200d👩\\u200d👧", FAMILY),
            ("✔️", "✔\\ufe0f", "✔️"),
            ("1️⃣", "1\\ufe0f\\u20e3", "1️⃣"),
            (f"می{ZWNJ}خواهم", "می\\u200cخواهم", f"می{ZWNJ}خواهم"),
            (f"क्{ZWJ}ष", "क्\\u200dष", f"क्{ZWJ}ष"),
            (ENGLAND, gate(ENGLAND), ENGLAND),
        ],
    )
    def test_messages_keep_more(self, text: str, line: str, message: str) -> None:
        assert gate(text) == line
        assert gate(text, multiline=True) == message

    @pytest.mark.parametrize(
        "text",
        [
            ZWJ,
            f"a{ZWJ}",
            f"a{ZWJ} b",
            f" {ZWNJ}b",
            f"1{ZWJ}2",
            f"👩{ZWNJ}👩",
            f"👩{ZWJ}a",
            f"a{ZWJ}{ZWJ}b",
            f"a{VS16}",
            f"1{VS16}",
            f"✔{VS16}{VS16}",
            f"{VS16}✔",
            ENGLAND[:-1],
            "🏴" + ENGLAND[2:],
        ],
    )
    def test_joiners_selectors_and_tags_elsewhere_are_shown(self, text: str) -> None:
        assert "\\u" in gate(text, multiline=True).lower()

    def test_marks_pile_up_only_so_high(self) -> None:
        assert gate("a" + "\u0301" * MAX_MARKS) == "a" + "\u0301" * MAX_MARKS
        assert gate("a" + "\u0301" * (MAX_MARKS + 2)) == "a" + "\u0301" * MAX_MARKS + "\\u0301\\u0301"
        assert gate("ab\u0301" * 3) == "ab\u0301" * 3

    @pytest.mark.parametrize("text", ["\u0301a", "a\n\u0301", "\x1b\u0301", "\u0903a"])
    def test_a_mark_with_nothing_before_it_is_shown(self, text: str) -> None:
        """It would change what a theme writes in front of the text."""
        assert "\\u0" in gate(text, multiline=True)

    @given(text=any_text, multiline=st.booleans())
    def test_nothing_is_left_that_a_terminal_acts_on(self, text: str, multiline: bool) -> None:
        shown = gate(text, multiline=multiline)
        kept = {ZWJ, ZWNJ, "\n", "\t", *ENGLAND} if multiline else set()
        left = {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
        assert left <= kept
        shown.encode()  # no lone surrogates

    @given(text=any_text, multiline=st.booleans())
    def test_idempotent(self, text: str, multiline: bool) -> None:
        shown = gate(text, multiline=multiline)
        assert gate(shown, multiline=multiline) == shown

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
    def test_printable_ascii_stays(self, text: str) -> None:
        assert gate(text) == text


class TestWidth:
    @pytest.mark.parametrize(
        ("text", "columns"),
        [
            ("", 0),
            ("abc", 3),
            ("中文", 4),
            ("ｱ", 1),
            ("é", 1),
            ("e\u0301", 1),
            ("🙂", 2),
            ("✔️", 2),
            ("1️⃣", 2),
            (FAMILY, 2),
            ("🇩🇪", 2),
            (ENGLAND, 2),
            ("한", 2),
            ("\u1112\u1161\u11ab", 2),
        ],
    )
    def test_columns(self, text: str, columns: int) -> None:
        assert width(text) == columns

    @given(st.lists(any_text, max_size=4))
    def test_parts_take_what_the_whole_takes(self, texts: list[str]) -> None:
        parts = [gate(text) + "." for text in texts]
        assert width("".join(parts)) == sum(map(width, parts))


class TestWrap:
    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("", [""]),
            ("hello big world", ["hello big", "world"]),
            ("hello  big  world", ["hello  big", "world"]),
            ("  indented", ["  indented"]),
            ("a\n\nb\n", ["a", "", "b", ""]),
            ("a\tb", ["a" + TAB + "b"]),
            ("spaces          here", ["spaces", "here"]),
            ("abcdefghijklmno", ["abcdefghij", "klmno"]),
            ("in abcdefghijklmno", ["in", "abcdefghij", "klmno"]),
            ("中文字，你好。世界", ["中文字，你", "好。世界"]),
            ("mixed中文字x", ["mixed中文", "字x"]),
            (FAMILY * 6, [FAMILY * 5, FAMILY]),
            ("e\u0301" * 11, ["e\u0301" * 10, "e\u0301"]),
            ("ᄒ" * 7, ["ᄒ" * 5, "ᄒ" * 2]),
        ],
    )
    def test_at_ten_columns(self, text: str, lines: list[str]) -> None:
        assert wrap(text, 10) == lines

    @given(text=any_text, columns=st.integers(2, 30))
    @example(text="ᄒᄒᄒ\u0903" + "x" * 40, columns=40)
    def test_no_line_is_too_wide_and_nothing_but_spaces_is_lost(self, text: str, columns: int) -> None:
        text = gate(text, multiline=True)
        lines = wrap(text, columns)
        assert all(width(line) <= columns for line in lines)
        assert "".join("".join(lines).split(" ")) == text.replace("\t", "").replace("\n", "").replace(" ", "")

    @given(text=any_text)
    @example(text=" " + "\u0300" * 9)
    @example(text="ab \u0300cd")
    def test_no_grapheme_cluster_is_split(self, text: str) -> None:
        text = gate(text, multiline=True).replace("\t", TAB)
        clusters = {cluster for cluster in iter_graphemes(text) if width(cluster) <= 2}
        whole = set().union(*(iter_graphemes(line) for line in wrap(text, 3))) if text else set()
        assert {cluster for cluster in clusters if len(cluster) > 1} <= whole

    def test_64_kib_without_a_space(self) -> None:
        assert "".join(wrap("a" * 65536, 60)) == "a" * 65536
        assert "".join(wrap("中" * 21845, 60)) == "中" * 21845


class TestTruncateAndPad:
    @pytest.mark.parametrize(
        ("text", "columns", "cut"),
        [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("中文字", 5, "中文…"),
            ("中文字", 4, "中…"),
            (f"{FAMILY}ab", 3, f"{FAMILY}…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ],
    )
    def test_truncate(self, text: str, columns: int, cut: str) -> None:
        assert truncate(text, columns) == cut

    @given(text=any_text, columns=st.integers(0, 30))
    def test_widths(self, text: str, columns: int) -> None:
        text = gate(text)
        assert width(truncate(text, columns)) <= columns
        for pad in (pad_left, pad_right, pad_center):
            assert width(pad(text, columns)) == max(columns, width(text))
            assert pad(text, columns).strip(" ") == text.strip(" ")

    def test_sides(self) -> None:
        assert pad_left("中", 4) == "  中"
        assert pad_right("中", 4) == "中  "
        assert pad_center("中", 5) == " 中  "
