"""What two programs tell each other beside the chat: offers of files and what becomes of them.

Each is one CONTROL message of the session: a JSON object whose ``kind`` says which one it is.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from ud2p.errors import RemoteProtocolError

MAX_TRANSFER_BODY_BYTES = 16 * 1024

TransferId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class Offer(msgspec.Struct, frozen=True, tag_field="kind", tag="file-offer"):
    """A file is offered."""

    id: TransferId
    name: Annotated[str, msgspec.Meta(max_length=1024)]
    size_bytes: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
    transfer: Annotated[str, msgspec.Meta(max_length=32)]
    epoch: Annotated[int, msgspec.Meta(ge=0, lt=2**16)]
    """Whose file secret keys it."""


class Accept(msgspec.Struct, frozen=True, tag_field="kind", tag="file-accept"):
    """The offer is accepted."""

    id: TransferId


class Decline(msgspec.Struct, frozen=True, tag_field="kind", tag="file-decline"):
    """The offer is declined."""

    id: TransferId
    reason: Reason = ""


class Withdraw(msgspec.Struct, frozen=True, tag_field="kind", tag="file-withdraw"):
    """Whoever offered does not offer any more, or one end of a running transfer has given up."""

    id: TransferId
    reason: Reason = ""


class Transfer(msgspec.Struct, frozen=True, tag_field="kind", tag="file-transfer"):
    """What one end's file transfer plugin tells the other's."""

    id: TransferId
    body: Annotated[bytes, msgspec.Meta(max_length=MAX_TRANSFER_BODY_BYTES)]


Control: TypeAlias = Offer | Accept | Decline | Withdraw | Transfer

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Control] = msgspec.json.Decoder(Control, strict=True)


def encode_control(control: Control) -> bytes:
    """The bytes of a control."""
    return _ENCODER.encode(control)


def decode_control(data: bytes) -> Control:
    """What the peer's program says.

    :raises RemoteProtocolError: when it is nothing that this version knows
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("the peer's program said something that this version does not know") from error
