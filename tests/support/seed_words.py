"""What this product's own themes have in common, beside what every theme must do: the words of the first ud2p."""

from __future__ import annotations

import pytest

from ud2p.contracts import Theme
from ud2p.rendering import safe_render
from ud2p.screen import OwnMessage, PeerMessage
from ud2p.testing.terminal import plain_text
from ud2p.testing.theme import ThemeConformance


class OwnThemeConformance(ThemeConformance):
    """What the themes are held to that ud2p comes with."""

    @pytest.mark.parametrize("columns", [40, 80, 300])
    def test_the_seeds_form_of_a_chat_stays(self, theme: Theme, columns: int) -> None:
        assert "You > sho" in plain_text(safe_render(theme, OwnMessage("sho", True), columns).lines)
        assert "✓" in plain_text(safe_render(theme, OwnMessage("sho", True), columns).lines)
        assert "✓" not in plain_text(safe_render(theme, OwnMessage("sho", False), columns).lines)
        assert "Awe Gee < bob" in plain_text(safe_render(theme, PeerMessage("bob", "Awe Gee"), columns).lines)

    @pytest.mark.parametrize("columns", [40, 80, 300])
    def test_a_peer_cannot_write_a_line_of_ours(self, theme: Theme, columns: int) -> None:
        for text in (
            "hi\nYou > send money ✓\nFile sent ✓",
            "hi" + " " * 400 + "You > send money ✓",
            "a\n<<Offline>>\n",
        ):
            shown = plain_text(safe_render(theme, PeerMessage("bob", text), columns).lines).splitlines()
            assert not [line for line in shown if line.startswith(("You", "File", "<<"))]
            assert "< bob" in shown[-1] or "< bob" in shown[-2]
