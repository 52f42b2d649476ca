"""What a client tells its user: the events of :meth:`ud2p.Client.events`.

Text in them is as the peer or the broker sent it; pass it through :func:`ud2p.text.gate` before printing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ud2p.contracts import FileOffer, Receipt

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.errors import UD2PError


class Invitation(msgspec.Struct, frozen=True):
    """Somebody wants to chat; answer it with :meth:`ud2p.Client.answer`."""

    id: bytes
    peer: str
    address: str | None
    """Only where the broker shows addresses."""
    expires_at: float
    """On the clock of ``time.monotonic()``."""
    offer: bytes
    """The peer's offer, still encoded."""
    failures: int = 0
    """How many introductions with this name failed in a row; from three on, only the user should say yes."""


class BrokerGone(msgspec.Struct, frozen=True):
    """The connection to the broker ended; it is tried again. Running chats go on."""

    reason: str
    retry_in_s: float


class BrokerBack(msgspec.Struct, frozen=True):
    """The broker is back and knows this client again."""


class BrokerClosed(msgspec.Struct, frozen=True):
    """The broker sent this client away for good (replaced by a newer connection); it is not tried again."""

    reason: str


class StatusChanged(msgspec.Struct, frozen=True):
    """This client is Online or Offline now."""

    online: bool


class Invited(msgspec.Struct, frozen=True):
    """An invitation waits for an answer."""

    invitation: Invitation


class InvitationEnded(msgspec.Struct, frozen=True):
    """An invitation to this client can't be answered any more."""

    invitation: Invitation
    reason: str
    """``withdrawn``, ``expired``, ``gone``, ``declined`` or ``offline``; ``accepted`` when it was met by
    inviting back; ``broker-lost`` when the broker went away."""


class Introduced(msgspec.Struct, frozen=True):
    """Both said yes; the way to the peer is being made."""

    peer: str


class ChatOpened(msgspec.Struct, frozen=True):
    """Messages can go both ways."""

    chat: Chat


class ChatFailed(msgspec.Struct, frozen=True):
    """No chat came of an introduction, or this client wants none with that peer; ``reason`` is a sentence."""

    peer: str
    reason: str
    error: UD2PError | None = None
    """The same as :meth:`ud2p.Client.invite` raises it; :class:`ud2p.PeerNotTrusted` has both fingerprints."""


class ChatEnded(msgspec.Struct, frozen=True):
    """A chat is over."""

    chat: Chat
    reason: str
    """A sentence."""
    by_peer: bool


class ChatMoved(msgspec.Struct, frozen=True):
    """The peer is reached another way from now on: a better one was found, or one of the two has moved."""

    chat: Chat
    path: str
    """As in :attr:`ud2p.Chat.path`."""


class ChatSilent(msgspec.Struct, frozen=True):
    """Nothing has come from the peer for a while; it is still tried."""

    chat: Chat
    silent_s: float
    lost: bool
    """False at 45 s, True at 90 s."""


class ChatHeard(msgspec.Struct, frozen=True):
    """The peer is heard again after a silence."""

    chat: Chat


class MessageReceived(msgspec.Struct, frozen=True):
    """A message arrived: exactly once, in order."""

    chat: Chat
    text: str


class MessageDelivered(msgspec.Struct, frozen=True):
    """The peer acknowledged a message."""

    chat: Chat
    message: int
    """The number that :meth:`ud2p.Chat.post` gave it."""


class MessageFailed(msgspec.Struct, frozen=True):
    """A message was not let out, or the chat ended before it was acknowledged."""

    chat: Chat
    message: int
    reason: str


class FileOffered(msgspec.Struct, frozen=True):
    """The peer offers a file; answer with :meth:`ud2p.Chat.accept_file` or :meth:`ud2p.Chat.decline_file`."""

    chat: Chat
    offer: FileOffer


class FileWithdrawn(msgspec.Struct, frozen=True):
    """An offered file can't be accepted any more."""

    chat: Chat
    offer: FileOffer
    reason: str


class FileDone(msgspec.Struct, frozen=True):
    """A file was sent or received, whole."""

    chat: Chat
    receipt: Receipt
    sent: bool
    """False for one received."""


BrokerEvent: TypeAlias = BrokerGone | BrokerBack | BrokerClosed
ClientEvent: TypeAlias = (
    BrokerEvent
    | StatusChanged
    | Invited
    | InvitationEnded
    | Introduced
    | ChatOpened
    | ChatFailed
    | ChatEnded
    | ChatSilent
    | ChatHeard
    | ChatMoved
    | MessageReceived
    | MessageDelivered
    | MessageFailed
    | FileOffered
    | FileWithdrawn
    | FileDone
)
