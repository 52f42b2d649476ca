"""ud2p: chat and send files straight to each other.

The public names load when they are first used (PEP 562), so that ``ud2p --version`` pays for none of them. Modules
meant for plugins and programs are attributes too: ``ud2p.errors``, ``ud2p.events``, ``ud2p.contracts``, ``ud2p.screen``
(what themes show) and ``ud2p.text`` (the gate for text from others).
"""

# ruff: noqa: F405 - most names of __all__ come from star imports, and only for the type checker
from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for typing's own; typing itself costs a quarter of `--version`
if TYPE_CHECKING:
    from ud2p import config as config
    from ud2p import contracts as contracts
    from ud2p import errors as errors
    from ud2p import events as events
    from ud2p import screen as screen
    from ud2p import text as text
    from ud2p.chat import Chat as Chat
    from ud2p.client import Client as Client
    from ud2p.client import Page as Page
    from ud2p.contracts import *  # noqa: F403
    from ud2p.errors import *  # noqa: F403
    from ud2p.events import *  # noqa: F403
    from ud2p.hookspecs import impl as impl
    from ud2p.known_peers import KnownPeers as KnownPeers
    from ud2p.outbox import Posted as Posted
    from ud2p.plugins import PluginManager as PluginManager
    from ud2p.plugins import PluginRecord as PluginRecord
    from ud2p.text import gate as gate

__version__ = "0.1.0"

__all__ = [
    "Address",
    "BrokerBack",
    "BrokerClosed",
    "BrokerError",
    "BrokerEvent",
    "BrokerGone",
    "BrokerLost",
    "BrokerNotTrusted",
    "BrokerRefused",
    "BrokerUnreachable",
    "Buffer",
    "Candidate",
    "Chat",
    "ChatClosed",
    "ChatEnded",
    "ChatError",
    "ChatFailed",
    "ChatHeard",
    "ChatMoved",
    "ChatOpened",
    "ChatSilent",
    "Cipher",
    "CipherInfo",
    "Claim",
    "Client",
    "ClientEvent",
    "CommandContext",
    "CommandInfo",
    "ConfigError",
    "CopyingCipher",
    "Decision",
    "DecryptionError",
    "Directory",
    "DirectoryInfo",
    "DirectoryPage",
    "Endpoint",
    "Entry",
    "FileDone",
    "FileEntry",
    "FileLink",
    "FileOffer",
    "FileOffered",
    "FileTransfer",
    "FileTransferInfo",
    "FileWithdrawn",
    "HandshakeFailed",
    "IdentityError",
    "Introduced",
    "Invitation",
    "InvitationEnded",
    "InvitationFailed",
    "InvitationRequest",
    "InviteRequest",
    "Invited",
    "KnownPeers",
    "Line",
    "LocalProtocolError",
    "LoginRequest",
    "MessageDelivered",
    "MessageFailed",
    "MessageReceived",
    "MessageTooLong",
    "MessageVetoed",
    "NameStore",
    "NoCommonCipher",
    "Opener",
    "Option",
    "OptionValue",
    "Options",
    "Page",
    "PeerNotTrusted",
    "PeerUnreachable",
    "PluginError",
    "PluginManager",
    "PluginRecord",
    "Posted",
    "Progress",
    "ProtocolError",
    "Receipt",
    "ReceiveDatagrams",
    "Refuse",
    "RemoteProtocolError",
    "Sealer",
    "Source",
    "Span",
    "StatusChanged",
    "StreamId",
    "Theme",
    "ThemeInfo",
    "TransferError",
    "TransferFailed",
    "TransferRefused",
    "Transport",
    "TransportInfo",
    "UD2PError",
    "UnsafeName",
    "UsageError",
    "Veto",
    "gate",
    "impl",
]

_MODULES = ("config", "contracts", "errors", "events", "screen", "text")
_HOMES = {
    "Chat": "ud2p.chat",
    "Posted": "ud2p.outbox",
    "Client": "ud2p.client",
    "KnownPeers": "ud2p.known_peers",
    "Page": "ud2p.client",
    "PluginManager": "ud2p.plugins",
    "PluginRecord": "ud2p.plugins",
    "gate": "ud2p.text",
    "impl": "ud2p.hookspecs",
}
_OTHERS = ("ud2p.errors", "ud2p.contracts", "ud2p.events")  # each needs the ones before it, so none loads in vain

if not TYPE_CHECKING:  # a type checker that saw this would let every misspelt name pass

    def __getattr__(name):
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"ud2p.{name}")
        if name in __all__:
            for home in [_HOMES[name]] if name in _HOMES else _OTHERS:
                module = import_module(home)
                if hasattr(module, name):
                    globals()[name] = value = getattr(module, name)
                    return value
        raise AttributeError(f"module 'ud2p' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
