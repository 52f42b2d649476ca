"""Golden screens: what each theme makes of a whole session.

Regenerate them with ``UPDATE_GOLDEN=1 pytest tests/plugins/themes/test_golden.py``, and look at what changed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ud2p.contracts import Line, Theme
from ud2p.plain_theme import PlainTheme
from ud2p.rendering import safe_render
from ud2p.testing.screen_events import SESSION
from ud2p_plugins.themes.chulumanco import Chulumanco
from ud2p_plugins.themes.lutho import Lutho
from ud2p_plugins.themes.roanda import Roanda

GOLDEN = Path(__file__).parent / "golden"
THEMES: dict[str, type[Theme]] = {"plain": PlainTheme, "lutho": Lutho, "chulumanco": Chulumanco, "roanda": Roanda}


def screens(theme: Theme, columns: int, *, styles: bool = False) -> str:
    """A session as text: each event's name, then its lines, with ``‹style:text›`` where a style is wanted."""
    shown: list[str] = []
    for event in SESSION:
        shown.append(f"[{type(event).__name__}]")
        shown += [marked(line, styles) for line in safe_render(theme, event, columns).lines]
    return "\n".join(shown) + "\n"


def marked(line: Line, styles: bool) -> str:
    return "".join(f"‹{style}:{text}›" if styles and style else text for text, style in line)


def compare(name: str, shown: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("theme", THEMES)
def test_screens(theme: str, columns: int) -> None:
    compare(f"{theme}-{columns}", screens(THEMES[theme](), columns))


@pytest.mark.parametrize("theme", THEMES)
def test_styles(theme: str) -> None:
    compare(f"{theme}-styles", screens(THEMES[theme](), 80, styles=True))
