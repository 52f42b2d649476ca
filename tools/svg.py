"""A terminal's screen as an SVG picture: one text element a run of cells that look alike, placed by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from pyte.screens import Char
from wcwidth import wcswidth

CELL_WIDTH = 8.4
LINE_HEIGHT = 19
MARGIN = 14
FONT_SIZE = 14
FONTS = "ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono', Menlo, Consolas, monospace"
BACKGROUND, FOREGROUND = "#0c0c0c", "#cccccc"
COLOURS = {
    "black": "#0c0c0c",
    "red": "#e74856",
    "green": "#16c60c",
    "brown": "#f9f1a5",
    "blue": "#3b78ff",
    "magenta": "#b4009e",
    "cyan": "#61d6d6",
    "white": "#cccccc",
    "brightblack": "#8a8a8a",
    "brightred": "#e74856",
    "brightgreen": "#16c60c",
    "brightyellow": "#f9f1a5",
    "brightblue": "#3b78ff",
    "brightmagenta": "#b4009e",
    "brightcyan": "#61d6d6",
    "brightwhite": "#ffffff",
}


def screen_svg(rows: Sequence[Mapping[int, Char]], columns: int, title: str) -> str:
    """The picture of ``rows`` on a terminal ``columns`` wide."""
    width = columns * CELL_WIDTH + 2 * MARGIN
    height = len(rows) * LINE_HEIGHT + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width:g}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
        f'<g font-family="{FONTS}" font-size="{FONT_SIZE}" fill="{FOREGROUND}" xml:space="preserve">',
        *(element for number, row in enumerate(rows) for element in _row(row, columns, number)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _row(row: Mapping[int, Char], columns: int, number: int) -> Iterator[str]:
    cells = [(column, row[column]) for column in range(columns) if row[column].data]
    top = MARGIN + number * LINE_HEIGHT
    for style, group in groupby(cells, key=lambda cell: (_ink(cell[1]), _is_alone(cell[1]))):
        run = list(group)
        if style[1]:  # An emoji or a wide character: fonts differ about its width, so each stands in its own place.
            for column, cell in run:
                yield from _element([(column, cell)], style[0], top)
        else:
            yield from _element(run, style[0], top)


def _element(run: list[tuple[int, Char]], ink: tuple[str, str | None, bool], top: float) -> Iterator[str]:
    colour, paper, is_bold = ink
    x = MARGIN + run[0][0] * CELL_WIDTH
    text = "".join(cell.data for _, cell in run)
    width = max(wcswidth(text), 1) * CELL_WIDTH
    if paper is not None:
        yield f'<rect x="{x:g}" y="{top:g}" width="{width:g}" height="{LINE_HEIGHT}" fill="{paper}"/>'
    if text.strip():
        bold = ' font-weight="bold"' if is_bold else ""
        fill = "" if colour == FOREGROUND else f' fill="{colour}"'
        y = top + LINE_HEIGHT * 0.75
        length = f' textLength="{width:g}" lengthAdjust="spacingAndGlyphs"'
        yield f'<text x="{x:g}" y="{y:g}"{fill}{bold}{length}>{escape(text)}</text>'


def _ink(cell: Char) -> tuple[str, str | None, bool]:
    """Text colour, background (None for the screen's own) and weight."""
    colour = COLOURS.get(cell.fg, FOREGROUND if cell.fg == "default" else f"#{cell.fg}")
    paper = None if cell.bg == "default" else COLOURS.get(cell.bg, f"#{cell.bg}")
    if cell.reverse:
        colour, paper = paper or BACKGROUND, colour
    return colour, paper, bool(cell.bold)


def _is_alone(cell: Char) -> bool:
    return wcswidth(cell.data) != 1 or len(cell.data) > 1
