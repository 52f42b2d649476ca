"""A theme that fails at every message."""

from ud2p import ThemeInfo, impl
from ud2p.screen import PeerMessage


class Theme:
    def render(self, event, width):
        if isinstance(event, PeerMessage):
            raise KeyError(event.peer)
        return


@impl
def ud2p_register_themes():
    return [ThemeInfo("broken", Theme, "fails at every message")]
