"""The theme contract: how events look. Themes are pure: an event and a width in, styled lines out.

A theme never sees raw text from others (it has passed :func:`ud2p.text.gate`) and never writes escape codes;
the shell turns styles into colours, or leaves them out under ``NO_COLOR``. Called on the main thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from ud2p.screen import ScreenEvent

Span: TypeAlias = tuple[str, str]
"""Text and its style: words from ``bold dim italic underline reverse`` and at most one colour of ``red green
yellow blue magenta cyan white grey``, or empty for the terminal's own."""

Line: TypeAlias = Sequence[Span]
"""One line of the screen, without a line end."""


class Theme(Protocol):
    """A way to show events."""

    def render(self, event: ScreenEvent, width: int) -> Sequence[Line] | None:
        """The lines that show ``event`` on a terminal ``width`` columns wide (40 to 300).

        :returns: None leaves the event to the plain theme; an empty sequence shows nothing
        """
        ...


@dataclass(frozen=True, slots=True)
class ThemeInfo:
    """What a plugin registers for a theme."""

    name: str
    make: Callable[[], Theme]
    summary: str = ""
