"""Everything the shell shows, as values: what happened, never how it looks. Themes turn them into lines.

The shell makes an event from whatever it knows, with names, messages and reasons as they came;
:func:`gated` passes every string in it through the one gate before a theme sees it.

Each loads when it is first used (PEP 562): a program that shows few of them pays for those alone.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for typing's own, as in ud2p itself
if TYPE_CHECKING:
    from ud2p.screen.kinds import *  # noqa: F403

_NAMES = {
    "broker": "BrokerDown BrokerGoodbye BrokerUp",
    "chat": (
        "ChatFailed ChatHeading ChatOver MessageDelivered MessageNotSent OwnMessage PeerHeard PeerMessage PeerSilent"
    ),
    "files": (
        "FileFailed FileQuestion FileReceived FileReceiving FileSending FileSent FileWaiting FileWithdrawn FilesThrough"
    ),
    "gating": "gated",
    "general": "ErrorShown Goodbye HelpList Notice PluginRow PluginTable StatusBar ThemeList",
    "invitations": "CheckedIn InvitationArrived InvitationOver WaitingForAnswer",
    "menu": "ClientList ListedPerson Menu OfflineRefusal StatusChoice StatusShown Updating Welcome",
    "prompts": (
        "ChatPrompt ChooseClientPrompt ChooseStatusPrompt FileNamePrompt MenuPrompt RetryPrompt UsernamePrompt"
    ),
    "trust": "FailuresWarning KeyChanged VerifyQuestion WordsDiffer WordsMatched",
    "kinds": "PROMPT_TYPES Prompt SCREEN_EVENT_TYPES ScreenEvent",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_HOMES)

if not TYPE_CHECKING:  # a type checker that saw this would let every misspelt name pass

    def __getattr__(name):
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module 'ud2p.screen' has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(f"ud2p.screen.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
