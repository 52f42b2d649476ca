"""What two programs tell each other beside the chat: offers of files and what becomes of them.

Each is one CONTROL message of the session: a JSON object whose ``kind`` says which one it is.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, TypeAlias

import msgspec

from ud2p.errors import RemoteProtocolError

MAX_TRANSFER_BODY_BYTES = 16 * 1024

TransferId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class EntryKind(Enum):
    """What an entry of an offer is."""

    FILE = "file"
    PROGRAM = "program"
    """A file that may be run."""
    FOLDER = "folder"


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A file or a folder of an offer, as :class:`ud2p.contracts.FileEntry` has it; on the wire an array."""

    path: Annotated[str, msgspec.Meta(max_length=8192)]
    kind: EntryKind
    size_bytes: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
    modified_ns: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None


class Offer(msgspec.Struct, frozen=True, tag_field="kind", tag="file-offer"):
    """Files are offered."""

    id: TransferId
    transfer: Annotated[str, msgspec.Meta(max_length=32)]
    epoch: Annotated[int, msgspec.Meta(ge=0, lt=2**16)]
    """Whose file secret keys it."""
    n_entries: Annotated[int, msgspec.Meta(ge=1)]
    """How many there are, those that follow counted in."""
    entries: list[Entry]


class MoreEntries(msgspec.Struct, frozen=True, tag_field="kind", tag="file-entries"):
    """What else belongs to the offer."""

    id: TransferId
    entries: list[Entry]


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


Control: TypeAlias = Offer | MoreEntries | Accept | Decline | Withdraw | Transfer

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
