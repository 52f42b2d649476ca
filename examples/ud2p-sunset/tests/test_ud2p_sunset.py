import ud2p_sunset

from ud2p.screen import OwnMessage, PeerMessage
from ud2p.testing import ThemeConformance


class TestSunset(ThemeConformance):
    """Everything that ud2p expects of a theme."""

    info = ud2p_sunset.ud2p_register_themes()[0]


def test_a_chat(ud2p_terminal):
    terminal = ud2p_terminal(ud2p_sunset.Sunset(), width=40)
    terminal.show(PeerMessage("bob", "hello\nthere"))
    terminal.show(OwnMessage("hi", True))
    assert terminal.lines == ["┃ bob", "┃ hello", "┃ there", "                                  hi ✓ ┃"]
    assert terminal.styles_of("bob") == {"bold red"}
