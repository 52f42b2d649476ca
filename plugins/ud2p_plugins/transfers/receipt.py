"""The receipt of a ``tcp`` transfer: the one record from the receiver to the sender, a JSON object, sealed.

``{"type": "published", "name": the name that the file got, or the first of several, "size_bytes": of all of them}``,
sent only when they have their names and are on the disk.
"""

from __future__ import annotations

import msgspec

from ud2p.contracts import Buffer
from ud2p.errors import TransferFailed, UnsafeName
from ud2p.names import check_file_name

LONGEST_RECEIPT_BYTES = 4096


class Published(msgspec.Struct, frozen=True, tag="published"):
    """What a receipt says."""

    name: str
    size_bytes: int


_decoder = msgspec.json.Decoder(Published)


def encode_receipt(published: Published) -> bytes:
    """At most :data:`LONGEST_RECEIPT_BYTES`, whatever the name."""
    return msgspec.json.encode(published)


def decode_receipt(data: Buffer, size_bytes: int) -> Published:
    """Read a receipt for a file of ``size_bytes``.

    :raises TransferFailed: when it is none
    """
    try:
        published = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TransferFailed("the receiver's receipt can't be read; ask whether the file arrived") from error
    check_receipt(published, size_bytes)
    return published


def check_receipt(published: Published, size_bytes: int) -> None:
    """See that a receipt is one for ``size_bytes``.

    :raises TransferFailed: it is not
    """
    try:
        check_file_name(published.name)
    except UnsafeName as error:
        raise TransferFailed("the receiver's receipt can't be read; ask whether the file arrived") from error
    if published.size_bytes != size_bytes:
        raise TransferFailed("the receiver's receipt is for another size; ask whether the file arrived")
