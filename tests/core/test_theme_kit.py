from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.contracts import Span
from ud2p.testing.screen_events import hostile_text
from ud2p.text import gate, wrap
from ud2p.theme_kit import (
    align_right,
    box,
    center,
    columns_of,
    count_words,
    flow,
    hang,
    names_words,
    one_line,
    paragraphs,
    rate_words,
    seconds_words,
    size_words,
)


def texts(lines: list[list[Span]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


class TestFlow:
    def test_spans_keep_their_styles_over_line_ends(self) -> None:
        lines = flow([("red words", "red"), (" and ", ""), ("blue words", "blue")], 9)
        assert lines == [[("red words", "red")], [("and ", ""), ("blue", "blue")], [("words", "blue")]]

    def test_newlines_and_nothing(self) -> None:
        assert texts(flow([("a\n", "red"), ("\nb", "blue")], 9)) == ["a", "", "b"]
        assert flow([], 9) == [[]]

    @given(st.lists(st.tuples(hostile_text, st.sampled_from(["", "red", "blue"])), max_size=4), st.integers(2, 20))
    def test_same_lines_as_wrap_and_same_styles(self, spans: list[Span], columns: int) -> None:
        spans = [(gate(text, multiline=True), style) for text, style in spans]
        lines = flow(spans, columns)
        assert texts(lines) == wrap("".join(text for text, _ in spans), columns)

        def styled(spans: list[Span]) -> list[tuple[str, str]]:
            return [(c, style) for text, style in spans for c in text if c not in " \n\t"]

        assert styled([span for line in lines for span in line]) == styled(spans)


class TestHang:
    def test_the_body_has_a_column_of_its_own(self) -> None:
        assert texts(hang([("You > ", "")], [("one two three", "")], 12)) == ["You > one", "      two", "      three"]

    def test_a_long_prefix_is_wrapped_with_the_body(self) -> None:
        assert texts(hang([("a long prefix ", "")], [("body", "")], 14)) == ["a long prefix", "body"]

    def test_the_tail_stands_behind_or_below(self) -> None:
        tail: list[Span] = [(" < ", "grey"), ("bob", "white")]
        assert texts(hang((), [("hi", "")], 10, tail=tail)) == ["hi < bob"]
        assert texts(hang((), [("hi there", "")], 10, tail=tail)) == ["hi there", "< bob"]

    @given(hostile_text, hostile_text, hostile_text, st.integers(10, 60))
    def test_fits(self, prefix: str, body: str, tail: str, columns: int) -> None:
        lines = hang([(gate(prefix), "")], [(gate(body, multiline=True), "")], columns, tail=[(gate(tail), "")])
        assert all(columns_of(line) <= columns for line in lines)


def test_further_lines_of_a_sentence_are_indented() -> None:
    assert texts(paragraphs("a sentence\nwith a long second line", "", 12, indent=2)) == [
        "  a sentence",
        "  with a",
        "    long",
        "    second",
        "    line",
    ]
    assert texts(paragraphs("exactly ten", "", 11)) == ["exactly ten"]


def test_alignment_counts_columns() -> None:
    lines: list[list[Span]] = [[("中文", "")], [("a", "")]]
    assert texts(align_right(lines, 6)) == ["  中文", "  a"]
    assert texts(center(lines, 6)) == [" 中文", "  a"]
    assert texts(box(lines, "grey")) == ["╭──────╮", "│ 中文 │", "│ a    │", "╰──────╯"]


def test_one_line_drops_what_matters_least() -> None:
    parts: list[tuple[int, list[Span]]] = [(1, [("alice", "")]), (3, [("broker", "")]), (0, [("carol?", "")])]
    assert texts([one_line(parts, 30, between="  ")]) == ["alice  broker  carol?"]
    assert texts([one_line(parts, 20, between="  ")]) == ["alice  carol?"]
    assert texts([one_line(parts, 12, between="  ")]) == ["carol?"]
    assert texts([one_line(parts, 4, between="  ")]) == ["caro"]
    assert one_line([], 4, between="  ") == []


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (5_300_000, "5.30 MB"),
        (9_994_999, "9.99 MB"),
        (9_995_000, "10.0 MB"),
        (99_960_000, "100 MB"),
        (999_600, "1.00 MB"),
        (52_428_800, "52.4 MB"),
        (1_073_741_824, "1.07 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes(size_bytes: int, words: str) -> None:
    assert size_words(size_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (1.24, "1.2 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7400, "2 h 03 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert seconds_words(seconds) == words


def test_rates_counts_and_names() -> None:
    assert rate_words(5_300_000, 1.2) == "4.42 MB/s"
    assert rate_words(0, 0.0) == rate_words(5, 1e-300) == "-"
    assert (count_words(1, "file"), count_words(0, "file"), count_words(10_000, "file")) == (
        "1 file",
        "0 files",
        "10,000 files",
    )
    assert [names_words("abcdef"[:n]) for n in (1, 2, 3, 5)] == ["a", "a and b", "a, b and c", "a, b, c and 2 more"]
