"""The theme ``sunset`` for ud2p: a warm bar beside every message, the peer's on the left, your own on the right.

The bar stands in front of each line of a message, so that nobody's text can pass for somebody else's.
"""

from ud2p import ThemeInfo, impl
from ud2p.screen import ChatHeading, OwnMessage, PeerMessage
from ud2p.theme_kit import align_right, columns_of, flow, spaces

WIDEST = 60
"""Columns of text in a message: longer lines are tiring to read."""
BAR = "┃"


class Sunset:
    """Shows the chat; for everything else it answers None, and ud2p's plain theme shows it."""

    def render(self, event, width):
        if isinstance(event, PeerMessage):
            return self._left(event.peer, event.text, width)
        if isinstance(event, OwnMessage):
            return self._right(event.text, "✓" if event.delivered else "…", width)
        if isinstance(event, ChatHeading):
            words = f"{event.peer} · {event.cipher} · {event.trust} · {event.path}"
            return [[], *flow([(words, "bold yellow")], width), [("─" * min(width, WIDEST), "red")]]
        return None

    def _left(self, peer, text, width):
        columns = min(WIDEST, width - 8)
        lines = [*flow([(peer, "bold red")], columns), *flow([(text, "")], columns)]
        return [[(f"{BAR} ", "red"), *line] for line in lines]

    def _right(self, text, tick, width):
        lines = flow([(text, "")], min(WIDEST, width - 8))
        columns = max(columns_of(line) for line in lines)
        marks = [" "] * (len(lines) - 1) + [tick]
        ended = [
            [*line, *spaces(columns - columns_of(line)), (f" {mark} ", "dim"), (BAR, "yellow")]
            for line, mark in zip(lines, marks, strict=True)
        ]
        return align_right(ended, width)


@impl
def ud2p_register_themes():
    return [ThemeInfo("sunset", Sunset, "warm bars, your own words on the right")]
