"""What themes are built from: lines that wrap, align and never grow wider than the terminal, and sizes in words.

Free functions over spans; :class:`ud2p.plain_theme.PlainTheme` is made of them, and any theme may use them. Text is
gated; a newline in a span begins a new line, a tab becomes spaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ud2p.text import TAB, width, wrap_slices

if TYPE_CHECKING:
    from ud2p.contracts import Line, Span

    Lines = list[list[Span]]


def columns_of(line: Line) -> int:
    """The columns that a line takes."""
    return sum(width(text) for text, _ in line)


def hang(prefix: Line, body: Line, columns: int, *, tail: Line = ()) -> Lines:
    """``prefix`` and, behind it, ``body`` wrapped to a column of its own; at most ``columns`` (10 or more) wide.

    A prefix that takes more than half of the width is wrapped with the body instead.

    :param tail: stands behind the last line, or below it (without the spaces it begins with) where there is no room
    """
    indent = columns_of(prefix)
    if indent > columns // 2:
        prefix, body, indent = (), [*prefix, *body], 0
    lines = flow(body, columns - indent)
    if columns_of(lines[-1]) + columns_of(tail) <= columns - indent:
        lines[-1] += tail
    elif tail:
        (first, style), *rest = tail
        lines += flow([(first.lstrip(" "), style), *rest], columns - indent)
    return [[*(prefix if at == 0 else spaces(indent)), *line] for at, line in enumerate(lines)]


def paragraphs(text: str, style: str, columns: int, *, indent: int = 0) -> Lines:
    """A sentence, or some, each from a new line. Further lines of one stand two columns to the right, so that what
    somebody put into it can't pass for a line of its own."""
    lines: Lines = []
    for part in text.split("\n"):
        whole = flow([(part, style)], columns - indent)
        if len(whole) > 1:
            first, *rest = flow([(part, style)], columns - indent - 2)
            whole = [first, *([*spaces(2), *line] for line in rest)]
        lines += [[*spaces(indent), *line] for line in whole]
    return lines


def flow(body: Line, columns: int) -> Lines:
    """Spans wrapped to at most ``columns`` (2 or more) columns; at least one line."""
    body = [(text.replace("\t", TAB), style) for text, style in body]
    slices = wrap_slices("".join(text for text, _ in body), columns)
    lines: Lines = []
    at, offset = 0, 0  # the span that the next line begins in, and where that span begins in the whole text
    for start, end in slices:
        line: list[Span] = []
        while at < len(body) and offset <= end:
            text, style = body[at]
            piece = text[max(start - offset, 0) : end - offset]
            if piece:
                line.append((piece, style))
            if offset + len(text) > end:
                break
            offset += len(text)
            at += 1
        lines.append(line)
    return lines


def align_right(lines: Lines, columns: int) -> Lines:
    """The lines as a block moved to the right edge."""
    indent = columns - max(columns_of(line) for line in lines)
    return [[*spaces(indent), *line] for line in lines]


def center(lines: Lines, columns: int) -> Lines:
    """Each line moved to the middle."""
    return [[*spaces((columns - columns_of(line)) // 2), *line] for line in lines]


def box(lines: Lines, style: str) -> Lines:
    """Lines in a rounded frame, which takes four columns more than the widest of them."""
    inside = max(columns_of(line) for line in lines)
    framed: Lines = [[(f"╭{'─' * (inside + 2)}╮", style)]]
    for line in lines:
        framed.append([("│ ", style), *line, *spaces(inside - columns_of(line)), (" │", style)])
    framed.append([(f"╰{'─' * (inside + 2)}╯", style)])
    return framed


def spaces(columns: int) -> list[Span]:
    """A span of spaces, or none."""
    return [(" " * columns, "")] if columns > 0 else []


def one_line(parts: Sequence[tuple[int, Line]], columns: int, *, between: str) -> list[Span]:
    """As many parts as fit into one line of ``columns``.

    :param parts: each with its rank; while they do not fit, the one with the highest rank goes (of equals, the last)
    :param between: what stands between two parts
    """
    kept = list(parts)
    while len(kept) > 1 and sum(columns_of(part) + width(between) for _, part in kept) - width(between) > columns:
        del kept[max(range(len(kept)), key=lambda at: (kept[at][0], at))]
    line = [span for at, (_, part) in enumerate(kept) for span in ([(between, "")] if at else []) + list(part)]
    return flow(line, columns)[0] if line else []


def size_words(size_bytes: int) -> str:
    """``5.30 MB``: three digits and a decimal unit."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("kB", "MB", "GB", "TB"):
        size /= 1000
        if size < 999.5 or unit == "TB":
            break
    digits = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{size:.{digits}f} {unit}"


def seconds_words(seconds: float) -> str:
    """``1.2 s``, ``3 min 05 s``, ``1 h 02 min``."""
    if seconds < 59.95:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def rate_words(size_bytes: int, seconds: float) -> str:
    """``4.42 MB/s``; what took no time that can be told has a dash."""
    return f"{size_words(round(size_bytes / seconds))}/s" if seconds > 1e-6 else "-"


def count_words(number: int, thing: str) -> str:
    """``1 file``, ``10,000 files``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def names_words(names: Sequence[str]) -> str:
    """``a.txt, photos and b``; of more than three, the first three and how many there are besides."""
    first, rest = names[:3], len(names) - 3
    if rest > 0:
        return f"{', '.join(first)} and {rest:,} more"
    return " and ".join(filter(None, (", ".join(first[:-1]), *first[-1:])))
