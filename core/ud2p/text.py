"""The one gate that text from others passes, and how wide text is on a terminal.

Theory of the gate. A terminal acts on control characters; a reader is misled by what has no shape of its own
(bidi overrides, zero-width characters, fillers, tags) and by marks piled up until they cover other lines. All of these
are shown as ``\\x1b``, ``\\u202e`` or ``\\U000e0041`` instead, so that the reader sees that somebody sent them. Every
character is of one kind (:func:`_kind`), and each kind has one rule:

========  =====================================  ==================================================================
kind      what                                   stays
========  =====================================  ==================================================================
LETTER    letters of any script                  always
SYMBOL    emoji and other pictures               always
OTHER     digits, punctuation, spaces            always
BREAK     newline, tab                           in multi-line text
MARK      combining marks, Hangul vowels/finals  behind a base, at most 8 of them
JOINER    ZWJ, ZWNJ                              in multi-line text, between two letters or two emoji
SELECTOR  variation selectors                    in multi-line text, one, right behind what it may change
TAG       the tags of the flags of England,      in multi-line text, in exactly these three flags
          Scotland and Wales
HIDDEN    controls, format, private use,         never
          surrogates, separators, fillers
========  =====================================  ==================================================================

A mark with nothing before it would change what a theme wrote in front of the text, so it is shown as an escape too.
Backslashes stay as they are: a peer may write the four characters ``\\x1b``, which do nothing.
The gate is idempotent.

Theory of the widths. A terminal draws grapheme clusters (UAX #29), each zero, one or two columns wide; wcwidth's
tables say how many. Widths here are sums over clusters, so that cutting a line between two changes neither's width.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from itertools import pairwise

MAX_MARKS = 8
"""Marks, joiners and selectors that may hang on one base; no living script needs more."""

TAB = "    "
"""What a tab becomes on the screen."""

_ZWNJ, _ZWJ = "\u200c", "\u200d"
_KEYCAP = "\u20e3"
_FIRST_PICTURE = 0x2190  # arrows; below are letters, punctuation and currency
_TAGGED_FLAGS = re.compile(
    "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
_SELECTORS = frozenset(
    [*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)],
)
# Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt) as far as the category does not say so already.
_FILLERS = frozenset([0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0])

_CLOSING = frozenset("、。，．！？：；）」』】〉》…")  # must not begin a line


class _Kind(Enum):
    LETTER = auto()
    SYMBOL = auto()
    OTHER = auto()
    BREAK = auto()
    MARK = auto()
    JOINER = auto()
    SELECTOR = auto()
    TAG = auto()
    HIDDEN = auto()


_BASES = frozenset({_Kind.LETTER, _Kind.SYMBOL, _Kind.OTHER})


def gate(text: str, *, multiline: bool = False) -> str:
    """Text from somebody else, made fit for a terminal, a log or a title.

    :param multiline: for messages: newlines and tabs stay (``\\r\\n`` becomes ``\\n``), and so do joiners between
        letters or emoji; without it the result has no line end and nothing invisible
    :returns: text in which nothing is left that a terminal acts on, except newline and tab with ``multiline``
    """
    if text.isascii() and text.isprintable():
        return text
    if multiline:
        text = text.replace("\r\n", "\n")
    if all(_kind(character) in _BASES for character in set(text)):
        return text
    return _sift(text, multiline)


def escape(character: str) -> str:
    """One character as ``\\xNN``, ``\\uNNNN`` or ``\\UNNNNNNNN``."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _sift(text: str, multiline: bool) -> str:
    """The gate's long way: one character after the other."""
    flag_tags = {at for flag in _TAGGED_FLAGS.finditer(text) for at in range(*flag.span())} if multiline else set()
    kept: list[str] = []
    base = ""  # what marks hang on now; empty where there is nothing
    hanging = 0
    for at, character in enumerate(text):
        kind = _kind(character)
        if kind in _BASES:
            base, hanging = character, 0
        elif kind is _Kind.BREAK and multiline:
            base = ""
        elif at in flag_tags or (base and _may_hang(kind, character, base, hanging, text[at + 1 : at + 2], multiline)):
            hanging += 1
        else:
            base = ""
            character = escape(character)
        kept.append(character)
    return "".join(kept)


def _may_hang(kind: _Kind, character: str, base: str, hanging: int, following: str, multiline: bool) -> bool:
    """Whether a mark, joiner or selector may stay behind ``base``, on which ``hanging`` others hang already."""
    if hanging >= MAX_MARKS:
        return False
    if kind is _Kind.MARK:
        return True
    if not multiline or (not following and kind is _Kind.JOINER):
        return False
    if kind is _Kind.SELECTOR:
        return hanging == 0 and (not base.isascii() or (base in "0123456789#*" and following == _KEYCAP))
    if kind is not _Kind.JOINER:
        return False
    before, after = _kind(base), _kind(following)
    if before is _Kind.SYMBOL:
        return character == _ZWJ and after is _Kind.SYMBOL
    # Bengali and its neighbours put a joiner before a mark; that mark must find room, or the joiner would dangle.
    return before is _Kind.LETTER and (after is _Kind.LETTER or (after is _Kind.MARK and hanging + 1 < MAX_MARKS))


@lru_cache(maxsize=8192)
def _kind(character: str) -> _Kind:
    code = ord(character)
    if character in "\n\t":
        return _Kind.BREAK
    if character in (_ZWNJ, _ZWJ):
        return _Kind.JOINER
    if code in _SELECTORS:
        return _Kind.SELECTOR
    if 0xE0020 <= code <= 0xE007F:
        return _Kind.TAG
    category = unicodedata.category(character)
    if category == "Cn":
        return _unassigned(code)
    if category[0] == "C" or category in ("Zl", "Zp") or code in _FILLERS:
        return _Kind.HIDDEN
    # Hangul vowels and finals join the syllable before them and have no width of their own, like marks.
    if category[0] == "M" or 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:
        return _Kind.MARK
    if category[0] == "L":
        return _Kind.LETTER
    return _Kind.SYMBOL if category[0] == "S" and code >= _FIRST_PICTURE else _Kind.OTHER


def _unassigned(code: int) -> _Kind:
    """What this Python's Unicode tables do not know: newer emoji and ideographs stay, the rest might be anything."""
    if code & 0xFFFE == 0xFFFE:
        return _Kind.HIDDEN
    if 0x1F000 <= code <= 0x1FBFF:
        return _Kind.SYMBOL
    return _Kind.LETTER if 0x20000 <= code <= 0x3FFFD else _Kind.HIDDEN


def width(text: str) -> int:
    """The columns that one line of gated text takes on a terminal."""
    return len(text) if text.isascii() else sum(columns for _, columns in _cells(text))


def wrap(text: str, columns: int) -> list[str]:
    """Gated text as lines of at most ``columns`` (2 or more) columns; at least one line.

    Breaks at spaces and around wide characters, inside a word only when the word alone is too long, never inside a
    grapheme cluster. Newlines in the text stay, tabs become four spaces, spaces at a break go away.
    """
    text = text.replace("\t", TAB)
    return [text[start:end] for start, end in wrap_slices(text, columns)]


def wrap_slices(text: str, columns: int) -> list[tuple[int, int]]:
    """Where :func:`wrap` would cut ``text`` (without tabs): start and end of every line."""
    slices: list[tuple[int, int]] = []
    offset = 0
    for paragraph in text.split("\n"):
        slices += [(offset + start, offset + end) for start, end in _fold(paragraph, max(columns, 2))]
        offset += len(paragraph) + 1
    return slices


def truncate(text: str, columns: int) -> str:
    """One line of gated text, cut to at most ``columns`` columns; what is missing is shown by ``…``."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for cluster, size in _cells(text):
        used += size
        if used > columns:
            break
        kept.append(cluster)
    return "".join(kept) + "…" if columns > 0 else ""


def pad_left(text: str, columns: int) -> str:
    """Spaces, then ``text``: ``columns`` columns in all, or ``text`` alone when it is wider."""
    return " " * (columns - width(text)) + text


def pad_right(text: str, columns: int) -> str:
    """``text``, then spaces: ``columns`` columns in all, or ``text`` alone when it is wider."""
    return text + " " * (columns - width(text))


def pad_center(text: str, columns: int) -> str:
    """``text`` between spaces: ``columns`` columns in all, or ``text`` alone when it is wider."""
    return pad_right(" " * ((columns - width(text)) // 2) + text, columns)


def _cells(text: str) -> Iterator[tuple[str, int]]:
    """Each grapheme cluster and the columns it takes."""
    if text.isascii():
        yield from ((character, 1) for character in text)
        return
    # Half of a shell's start would go into loading this for a banner in ASCII.
    from wcwidth import iter_graphemes, wcswidth, wcwidth

    for cluster in iter_graphemes(text):
        size = wcswidth(cluster)
        if size <= 2:
            yield cluster, max(size, 0)
        else:  # a chain without end, such as Hangul initials; no terminal draws it as one
            for character in cluster:
                yield character, max(wcwidth(character), 0)


def _fold(paragraph: str, columns: int) -> list[tuple[int, int]]:
    """Start and end of each line of one paragraph. (wcwidth's own ``wrap`` takes seconds for a word of 64 KiB.)"""
    lines: list[tuple[int, int]] = []
    start = end = used = 0
    for word_start, word_end, size in _words(paragraph):
        if used + (word_start - end) + size <= columns:
            used += (word_start - end) + size
        else:
            if end > start:
                lines.append((start, end))
            start, used = word_start, size
            if size > columns:
                cuts, used = _cut(paragraph, word_start, word_end, columns)
                lines += pairwise([word_start, *cuts])
                start = cuts[-1]
        end = word_end
    lines.append((start, end))
    return lines


def _cut(paragraph: str, start: int, end: int, columns: int) -> tuple[list[int], int]:
    """Where a word that is too long for one line must be cut, and how many columns are left for the last line."""
    cuts: list[int] = []
    used = 0
    for cluster, size in _cells(paragraph[start:end]):
        if used + size > columns:
            cuts.append(start)
            used = 0
        start += len(cluster)
        used += size
    return cuts, used


def _words(paragraph: str) -> Iterator[tuple[int, int, int]]:
    """Start, end and width of everything that a line may break before: words, and wide characters one by one."""
    for run in re.finditer("[^ ]+", paragraph):
        start = at = _start_of(run)
        word = paragraph[start : run.end()]
        size = 0
        breakable = False  # whether a break may follow what was gathered so far
        for cluster, columns in [(word, len(word))] if word.isascii() else _cells(word):
            wide = columns == 2
            may_begin = columns > 0 and cluster not in _CLOSING  # a mark without columns stays with its base
            if at > start and (wide or breakable) and may_begin:
                yield start, at, size
                start, size = at, 0
            at += len(cluster)
            size += columns
            breakable = wide
        yield start, at, size


def _start_of(run: re.Match[str]) -> int:
    """Where a word begins: with the space before it where that carries the word's first mark."""
    if run.start() == 0 or run[0][0].isascii():
        return run.start()
    from wcwidth import wcwidth

    return run.start() - (wcwidth(run[0][0]) == 0)
