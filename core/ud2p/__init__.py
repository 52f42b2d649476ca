"""ud2p: chat and send files straight to each other.

The public names load when they are first used (PEP 562), so that ``ud2p --version`` pays for none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ud2p.chat import Chat as Chat
    from ud2p.chat import Posted as Posted
    from ud2p.client import Client as Client
    from ud2p.client import Page as Page
    from ud2p.contracts import *  # noqa: F403
    from ud2p.errors import UD2PError as UD2PError
    from ud2p.events import *  # noqa: F403
    from ud2p.hookspecs import impl as impl
    from ud2p.plugins import PluginManager as PluginManager
    from ud2p.text import gate as gate

__version__ = "0.1.0"
