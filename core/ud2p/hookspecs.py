"""The hooks: what a plugin may implement. Names begin with ``ud2p_``; implement them with :data:`ud2p.impl`.

*Register* hooks return factories and do no I/O. *Gatekeepers* may say no: all are asked, the strictest answer
wins, one that raises counts as a refusal, and they may return an awaitable (at most 2 s). *Observers*
only watch: one that raises is named once and switched off. Wrappers are refused at registration.

An implementation names the arguments that it wants, so hooks may gain some and old implementations go on. Every hook
but ``ud2p_register_options`` offers ``options``, the plugin's own, as the user set them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

from ud2p.contracts import (
    CipherInfo,
    CommandInfo,
    Decision,
    DirectoryInfo,
    FileOffer,
    FileTransferInfo,
    InvitationRequest,
    InviteRequest,
    LoginRequest,
    Option,
    Options,
    Receipt,
    Refuse,
    ThemeInfo,
    TransportInfo,
    Veto,
)

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.events import BrokerEvent

spec = pluggy.HookspecMarker("ud2p")
impl = pluggy.HookimplMarker("ud2p")


@spec
def ud2p_register_ciphers(options: Options) -> Sequence[CipherInfo]:
    """The ciphers that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_themes(options: Options) -> Sequence[ThemeInfo]:
    """The themes that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_transports(options: Options) -> Sequence[TransportInfo]:
    """The transports that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_file_transfers(options: Options) -> Sequence[FileTransferInfo]:
    """The file transfers that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_directories(options: Options) -> Sequence[DirectoryInfo]:
    """The broker directories that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_commands(options: Options) -> Sequence[CommandInfo]:
    """The shell commands that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_options() -> Sequence[Option]:
    """What the user can set for this plugin. Asked once, when it is loaded, before every other hook."""
    raise NotImplementedError


@spec
def ud2p_message_sending(chat: Chat, text: str, options: Options) -> str | Veto | None | Awaitable[str | Veto | None]:
    """Gatekeeper: a message is about to leave.

    :param text: what the plugins before this one made of it
    :returns: other text to send instead, a :class:`~ud2p.Veto`, or None to leave it as it is
    """
    raise NotImplementedError


@spec
def ud2p_invitation(invitation: InvitationRequest, options: Options) -> Decision | None | Awaitable[Decision | None]:
    """Gatekeeper: somebody wants to chat with this client. None means: no opinion."""
    raise NotImplementedError


@spec
def ud2p_broker_login(login: LoginRequest, options: Options) -> Refuse | None | Awaitable[Refuse | None]:
    """Gatekeeper of a broker: a client wants to log in."""
    raise NotImplementedError


@spec
def ud2p_broker_invite(invite: InviteRequest, options: Options) -> Refuse | None | Awaitable[Refuse | None]:
    """Gatekeeper of a broker: a client wants to invite another."""
    raise NotImplementedError


@spec
def ud2p_message_received(chat: Chat, text: str, options: Options) -> None:
    """Observer: a message arrived; ``text`` is as the peer sent it, not yet safe to print."""


@spec
def ud2p_chat_opened(chat: Chat, options: Options) -> None:
    """Observer: a chat is ready for messages."""


@spec
def ud2p_chat_closed(chat: Chat, reason: str, options: Options) -> None:
    """Observer: a chat ended."""


@spec
def ud2p_file_offered(chat: Chat, offer: FileOffer, options: Options) -> None:
    """Observer: the peer offers a file."""


@spec
def ud2p_file_done(chat: Chat, receipt: Receipt, options: Options) -> None:
    """Observer: a file was sent or received, whole."""


@spec
def ud2p_broker_event(event: BrokerEvent, options: Options) -> None:
    """Observer: the connection to the broker was lost, found again or closed."""


REGISTER_HOOKS: dict[str, type[Any]] = {
    "ud2p_register_ciphers": CipherInfo,
    "ud2p_register_themes": ThemeInfo,
    "ud2p_register_transports": TransportInfo,
    "ud2p_register_file_transfers": FileTransferInfo,
    "ud2p_register_directories": DirectoryInfo,
    "ud2p_register_commands": CommandInfo,
    "ud2p_register_options": Option,
}
OPTIONS_HOOK = "ud2p_register_options"
GATEKEEPER_HOOKS = ("ud2p_message_sending", "ud2p_invitation", "ud2p_broker_login", "ud2p_broker_invite")
OBSERVER_HOOKS = (
    "ud2p_message_received",
    "ud2p_chat_opened",
    "ud2p_chat_closed",
    "ud2p_file_offered",
    "ud2p_file_done",
    "ud2p_broker_event",
)

DEPRECATED: dict[tuple[str, str], str] = {}
"""What is to go, as (hook, argument), or (hook, "") for all of it, and what to do instead, such as ``use
ud2p_other``. Who still uses it is told so by name, and goes on working for two releases at least."""
