"""The hooks: what a plugin may implement. Names begin with ``ud2p_``; implement them with :data:`ud2p.impl`.

*Register* hooks return factories and do no I/O. *Gatekeepers* may say no: all are asked, the strictest answer
wins, one that raises counts as a refusal, and they may return an awaitable (at most 2 s). *Observers*
only watch: one that raises is named once and switched off. Wrappers are refused at registration.
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
def ud2p_register_ciphers() -> Sequence[CipherInfo]:
    """The ciphers that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_themes() -> Sequence[ThemeInfo]:
    """The themes that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_transports() -> Sequence[TransportInfo]:
    """The transports that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_file_transfers() -> Sequence[FileTransferInfo]:
    """The file transfers that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_directories() -> Sequence[DirectoryInfo]:
    """The broker directories that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_register_commands() -> Sequence[CommandInfo]:
    """The shell commands that this plugin brings."""
    raise NotImplementedError


@spec
def ud2p_message_sending(chat: Chat, text: str) -> str | Veto | None | Awaitable[str | Veto | None]:
    """Gatekeeper: a message is about to leave.

    :param text: what the plugins before this one made of it
    :returns: other text to send instead, a :class:`~ud2p.Veto`, or None to leave it as it is
    """
    raise NotImplementedError


@spec
def ud2p_invitation(invitation: InvitationRequest) -> Decision | None | Awaitable[Decision | None]:
    """Gatekeeper: somebody wants to chat with this client. None means: no opinion."""
    raise NotImplementedError


@spec
def ud2p_broker_login(login: LoginRequest) -> Refuse | None | Awaitable[Refuse | None]:
    """Gatekeeper of a broker: a client wants to log in."""
    raise NotImplementedError


@spec
def ud2p_broker_invite(invite: InviteRequest) -> Refuse | None | Awaitable[Refuse | None]:
    """Gatekeeper of a broker: a client wants to invite another."""
    raise NotImplementedError


@spec
def ud2p_message_received(chat: Chat, text: str) -> None:
    """Observer: a message arrived; ``text`` is as the peer sent it, not yet safe to print."""


@spec
def ud2p_chat_opened(chat: Chat) -> None:
    """Observer: a chat is ready for messages."""


@spec
def ud2p_chat_closed(chat: Chat, reason: str) -> None:
    """Observer: a chat ended."""


@spec
def ud2p_file_offered(chat: Chat, offer: FileOffer) -> None:
    """Observer: the peer offers a file."""


@spec
def ud2p_file_done(chat: Chat, receipt: Receipt) -> None:
    """Observer: a file was sent or received, whole."""


@spec
def ud2p_broker_event(event: BrokerEvent) -> None:
    """Observer: the connection to the broker was lost, found again or closed."""


REGISTER_HOOKS: dict[str, type[Any]] = {
    "ud2p_register_ciphers": CipherInfo,
    "ud2p_register_themes": ThemeInfo,
    "ud2p_register_transports": TransportInfo,
    "ud2p_register_file_transfers": FileTransferInfo,
    "ud2p_register_directories": DirectoryInfo,
    "ud2p_register_commands": CommandInfo,
}
GATEKEEPER_HOOKS = ("ud2p_message_sending", "ud2p_invitation", "ud2p_broker_login", "ud2p_broker_invite")
OBSERVER_HOOKS = (
    "ud2p_message_received",
    "ud2p_chat_opened",
    "ud2p_chat_closed",
    "ud2p_file_offered",
    "ud2p_file_done",
    "ud2p_broker_event",
)
