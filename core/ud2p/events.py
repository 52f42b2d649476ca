"""What a client tells its user: the events of :meth:`ud2p.Client.events`.

Text in them is as the peer or the broker sent it; pass it through :func:`ud2p.text.gate` before printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ud2p.contracts import FileOffer, Receipt

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.errors import UD2PError


@dataclass(frozen=True, slots=True)
class Invitation:
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


@dataclass(frozen=True, slots=True)
class BrokerGone:
    """The connection to the broker ended; it is tried again. Running chats go on."""

    reason: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class BrokerBack:
    """The broker is back and knows this client again."""


@dataclass(frozen=True, slots=True)
class BrokerClosed:
    """The broker sent this client away for good (replaced by a newer connection); it is not tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """This client is Online or Offline now."""

    online: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation waits for an answer."""

    invitation: Invitation


@dataclass(frozen=True, slots=True)
class InvitationEnded:
    """An invitation to this client can't be answered any more."""

    invitation: Invitation
    reason: str
    """``withdrawn``, ``expired``, ``gone``, ``declined`` or ``offline``; ``accepted`` when it was met by
    inviting back; ``broker-lost`` when the broker went away."""


@dataclass(frozen=True, slots=True)
class Introduced:
    """Both said yes; the way to the peer is being made."""

    peer: str


@dataclass(frozen=True, slots=True)
class ChatOpened:
    """Messages can go both ways."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class ChatFailed:
    """No chat came of an introduction, or this client wants none with that peer; ``reason`` is a sentence."""

    peer: str
    reason: str
    error: UD2PError | None = None
    """The same as :meth:`ud2p.Client.invite` raises it; :class:`ud2p.PeerNotTrusted` has both fingerprints."""


@dataclass(frozen=True, slots=True)
class ChatEnded:
    """A chat is over."""

    chat: Chat
    reason: str
    """A sentence."""
    by_peer: bool


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """The peer is reached another way from now on: a better one was found, or one of the two has moved."""

    chat: Chat
    path: str
    """As in :attr:`ud2p.Chat.path`."""


@dataclass(frozen=True, slots=True)
class ChatSilent:
    """Nothing has come from the peer for a while; it is still tried."""

    chat: Chat
    silent_s: float
    lost: bool
    """False at 45 s, True at 90 s."""


@dataclass(frozen=True, slots=True)
class ChatHeard:
    """The peer is heard again after a silence."""

    chat: Chat


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message arrived: exactly once, in order."""

    chat: Chat
    text: str


@dataclass(frozen=True, slots=True)
class MessageDelivered:
    """The peer acknowledged a message."""

    chat: Chat
    message: int
    """The number that :meth:`ud2p.Chat.post` gave it."""


@dataclass(frozen=True, slots=True)
class MessageFailed:
    """A message was not let out, or the chat ended before it was acknowledged."""

    chat: Chat
    message: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileOffered:
    """The peer offers a file; answer with :meth:`ud2p.Chat.accept_file` or :meth:`ud2p.Chat.decline_file`."""

    chat: Chat
    offer: FileOffer


@dataclass(frozen=True, slots=True)
class FileWithdrawn:
    """An offered file can't be accepted any more."""

    chat: Chat
    offer: FileOffer
    reason: str


@dataclass(frozen=True, slots=True)
class FileDone:
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
