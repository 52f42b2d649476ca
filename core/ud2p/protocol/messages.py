"""The lines between a client and a broker, as types.

A line is ``$TAG$ {json}\\n``, at most 16 KiB, strict UTF-8. Requests carry ``id``, their answers ``re``; what the
broker sends unasked carries neither. Binary values are base64 in the JSON. Unknown members are ignored, so
that later versions can add some; unknown tags are bad input.

======== ============================== =============================== ==================================
tag      client asks                    broker answers                  broker pushes
======== ============================== =============================== ==================================
$HI$     Login                          Welcome                         Greeting (first line of all)
$L$ $C$  ListRequest, AvailableRequest  ListPage, AvailablePage
$Stts$   StatusRequest                  StatusSet
$CON$    InviteRequest                  Invited                         InvitationPush (to the target)
$Y$      AcceptRequest                                                  Introduction (to both)
$N$      RefuseRequest                                                  InvitationOver (to both)
$P2P$                                                                   PeerAddress (to both)
$SIG$    Signal (no answer)                                             Signal (from the peer, unread)
$E$      LeaveRequest                   Left                            Goodbye (the broker ends it)
$PING$   PingRequest                    Pong
$ERR$                                   Refusal, with ``re``            Refusal, without
======== ============================== =============================== ==================================
"""

from __future__ import annotations

from typing import Annotated

import msgspec

MAX_LINE_BYTES = 16 * 1024
PROTOCOL_VERSION = 1
MAX_NAME_LENGTH = 32
NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]{0,31}\Z"  # not $, which lets a line feed pass behind the name

Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
RequestId = Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Token16 = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Key32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Keys64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Signature64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
OfferBytes = Annotated[bytes, msgspec.Meta(max_length=4096)]
SignalBytes = Annotated[bytes, msgspec.Meta(max_length=8192)]
Short = Annotated[str, msgspec.Meta(max_length=300)]
PageLimit = Annotated[int, msgspec.Meta(ge=1, le=500)]
Prefix = Annotated[str, msgspec.Meta(max_length=MAX_NAME_LENGTH)]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every line's JSON decodes to."""


class Request(Message, frozen=True, kw_only=True):
    """A line that the broker answers with the same number in ``re``."""

    id: RequestId


class Answer(Message, frozen=True, kw_only=True):
    """The answer to the request whose number is ``re``."""

    re: RequestId


class Greeting(Message, frozen=True):
    """``$HI$``, the broker's first line."""

    version: int
    nonce: Key32
    software: Short = ""


class Login(Request, frozen=True):
    """``$HI$``, the client's first line."""

    version: int
    name: Name
    identity: Keys64
    """Both public keys, see :mod:`ud2p.protocol.login`."""
    signature: Signature64
    online: bool = True


class Welcome(Answer, frozen=True):
    """``$HI$``: the client is in."""

    name: Name
    address: Short
    """``IP:port`` from which the broker sees the client."""
    udp_port: Port
    """Where the broker's rendezvous listens."""


class PageRequest(Request, frozen=True):
    """What ``$L$`` and ``$C$`` share."""

    prefix: Prefix = ""
    cursor: Short = ""
    limit: PageLimit = 50


class ListRequest(PageRequest, frozen=True):
    """``$L$``: everyone connected."""


class AvailableRequest(PageRequest, frozen=True):
    """``$C$``: those who are Online, the asker left out."""


class ListedClient(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a listing."""

    name: Name
    online: bool
    address: Short | None = None
    """Only where the broker shows addresses."""


class PageAnswer(Answer, frozen=True):
    """A page of a listing."""

    clients: tuple[ListedClient, ...]
    total: Count
    cursor: Short | None = None
    """Ask for the next page with it; None at the end."""


class ListPage(PageAnswer, frozen=True):
    """``$L$``, answered."""


class AvailablePage(PageAnswer, frozen=True):
    """``$C$``, answered."""


class StatusRequest(Request, frozen=True):
    """``$Stts$``: be Online or Offline."""

    online: bool


class StatusSet(Answer, frozen=True):
    """``$Stts$``, answered."""

    online: bool


class InviteRequest(Request, frozen=True):
    """``$CON$``: ask for a chat."""

    to: Name
    offer: OfferBytes


class Invited(Answer, frozen=True):
    """``$CON$``, answered: the target was asked."""

    invitation: Token16
    to: Name
    """The target's name as it is registered."""
    expires_s: Count


class InvitationPush(Message, frozen=True):
    """``$CON$``, to the target."""

    invitation: Token16
    peer: Name
    offer: OfferBytes
    expires_s: Count
    address: Short | None = None


class AcceptRequest(Request, frozen=True):
    """``$Y$``: the target accepts. Success is the Introduction, failure a Refusal."""

    invitation: Token16
    offer: OfferBytes


class Introduction(Message, frozen=True):
    """``$Y$``, to both: they are introduced."""

    invitation: Token16
    session: Token16
    initiator: bool
    """True for the one who sent ``$CON$``."""
    key: Key32
    """Fresh for this introduction, the same for both."""
    peer: Name
    identity: Key32
    """The peer's X25519 public key, as it signed it at its login: what its end of the handshake must show."""
    offer: OfferBytes
    """The peer's offer, as the peer sent it."""
    rendezvous: Token16
    """Identifies this client to the broker's UDP port."""
    rendezvous_key: Key32
    """Authenticates the datagrams there."""


class RefuseRequest(Request, frozen=True):
    """``$N$``: the target declines, or the inviter withdraws. Success is the InvitationOver."""

    invitation: Token16
    reason: Short = ""


class InvitationOver(Message, frozen=True):
    """``$N$``, to both: the invitation came to nothing."""

    invitation: Token16
    peer: Name
    reason: Short
    """``declined``, ``withdrawn``, ``expired``, ``gone`` (the other one left) or ``offline``."""
    text: Short = ""
    """What the one who declined wanted to say."""


class PeerAddress(Message, frozen=True):
    """``$P2P$``, to both: where the peer is."""

    session: Token16
    ip: Short
    port: Port
    """Of the peer's TCP connection to the broker."""
    udp_port: Port | None
    """Of the peer's chat socket as the rendezvous saw it; None if it did not show up in 3 s."""


class Signal(Message, frozen=True):
    """``$SIG$``: opaque bytes for the other one of a session, passed on unread."""

    session: Token16
    data: SignalBytes


class LeaveRequest(Request, frozen=True):
    """``$E$``: the client leaves."""


class Left(Answer, frozen=True):
    """``$E$``, answered; the broker closes after it."""


class Goodbye(Message, frozen=True):
    """``$E$``, pushed: the broker ends the connection."""

    reason: Short
    """``shutdown`` (come back later) or ``replaced`` (the same client connected anew; stay away)."""
    text: Short = ""


class PingRequest(Request, frozen=True):
    """``$PING$``."""


class Pong(Answer, frozen=True):
    """``$PING$``, answered."""


class Refusal(Message, frozen=True):
    """``$ERR$``: a code for programs, a sentence for people."""

    code: Short
    text: Short
    re: RequestId | None = None
    session: Token16 | None = None
    """The session that a Signal could not be passed on for."""


FROM_CLIENT: dict[str, tuple[type[Message], ...]] = {
    "$HI$": (Login,),
    "$L$": (ListRequest,),
    "$C$": (AvailableRequest,),
    "$Stts$": (StatusRequest,),
    "$CON$": (InviteRequest,),
    "$Y$": (AcceptRequest,),
    "$N$": (RefuseRequest,),
    "$SIG$": (Signal,),
    "$E$": (LeaveRequest,),
    "$PING$": (PingRequest,),
}
"""What a broker receives, by tag."""

FROM_BROKER: dict[str, tuple[type[Message], ...]] = {
    "$HI$": (Welcome, Greeting),
    "$L$": (ListPage,),
    "$C$": (AvailablePage,),
    "$Stts$": (StatusSet,),
    "$CON$": (Invited, InvitationPush),
    "$Y$": (Introduction,),
    "$N$": (InvitationOver,),
    "$P2P$": (PeerAddress,),
    "$SIG$": (Signal,),
    "$E$": (Left, Goodbye),
    "$PING$": (Pong,),
    "$ERR$": (Refusal,),
}
"""What a client receives, by tag: an answer (it has ``re``) before a push."""
