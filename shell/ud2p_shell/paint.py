"""Lines to what a terminal takes: SGR escape codes (ECMA-48 8.3.117), or prompt_toolkit's style strings.

The only place that writes escape codes for colours. Lines come from :func:`ud2p.rendering.safe_render`, which lets no
control character through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from ud2p.contracts import Line

# Each style word's SGR parameter and what prompt_toolkit calls it. White is the bright white and grey the bright black:
# plain white is what most terminals write in anyway, plain black what they write on.
_STYLES = {
    "bold": ("1", "bold"),
    "dim": ("2", "dim"),
    "italic": ("3", "italic"),
    "underline": ("4", "underline"),
    "reverse": ("7", "reverse"),
    "red": ("31", "fg:ansired"),
    "green": ("32", "fg:ansigreen"),
    "yellow": ("33", "fg:ansiyellow"),
    "blue": ("34", "fg:ansiblue"),
    "magenta": ("35", "fg:ansimagenta"),
    "cyan": ("36", "fg:ansicyan"),
    "white": ("97", "fg:ansiwhite"),
    "grey": ("90", "fg:ansibrightblack"),
}


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether colours may go to ``stream``: a terminal that is not dumb, and no ``NO_COLOR`` (https://no-color.org)."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return not stream.closed and stream.isatty()


def paint(lines: Sequence[Line], *, colour: bool) -> str:
    """Lines as one string, newlines between them and none at the end."""
    return "\n".join("".join(_span(text, style if colour else "") for text, style in line) for line in lines)


def _span(text: str, style: str) -> str:
    codes = [_STYLES[word][0] for word in style.split()]
    return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if codes and text else text


def to_formatted_text(line: Line, *, colour: bool) -> list[tuple[str, str]]:
    """A line as prompt_toolkit's (style, text) pairs, for prompts and the status bar."""
    return [(" ".join(_STYLES[word][1] for word in style.split()) if colour else "", text) for text, style in line]
