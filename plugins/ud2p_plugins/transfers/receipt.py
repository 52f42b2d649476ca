"""The receipt of a ``tcp`` transfer: the one record from the receiver to the sender, a JSON object, sealed.

``{"name": the name that the file got, "size_bytes": its size}``, sent only when the file has that name and is on the
disk.
"""

from __future__ import annotations

import msgspec

from ud2p.contracts import Buffer
from ud2p.errors import TransferFailed, UnsafeName
from ud2p.names import check_file_name

LONGEST_RECEIPT_BYTES = 4096


class Published(msgspec.Struct, frozen=True):
    """What a receipt says."""

    name: str
    size_bytes: int


_decoder = msgspec.json.Decoder(Published)


def encode_receipt(name: str, size_bytes: int) -> bytes:
    """At most :data:`LONGEST_RECEIPT_BYTES`, whatever the name."""
    return msgspec.json.encode(Published(name, size_bytes))


def decode_receipt(data: Buffer, size_bytes: int) -> Published:
    """Read a receipt for a file of ``size_bytes``.

    :raises TransferFailed: when it is none
    """
    try:
        published = _decoder.decode(data)
        check_file_name(published.name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, UnsafeName) as error:
        raise TransferFailed("the receiver's receipt can't be read; ask whether the file arrived") from error
    if published.size_bytes != size_bytes:
        raise TransferFailed("the receiver's receipt is for another size; ask whether the file arrived")
    return published
