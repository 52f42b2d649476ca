"""Offers: what each end can do, and which cipher the two settle on.

An offer is canonical JSON (members in the order below, none left out, no spaces), so that both ends put the very same
bytes into the key schedule. The broker passes it on unread.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from ud2p.errors import RemoteProtocolError

MAX_OFFER_BYTES = 4096
SESSION_VERSION = 1
_MAX_NAMES = 32

PluginName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,31}\Z")]
PluginNames = Annotated[tuple[PluginName, ...], msgspec.Meta(max_length=_MAX_NAMES)]
PackageName = Annotated[str, msgspec.Meta(max_length=100)]


class Offer(msgspec.Struct, frozen=True):
    """What one end can do; lists are in the order of its preference."""

    versions: Annotated[tuple[int, ...], msgspec.Meta(max_length=8)]
    """Session protocol versions."""
    ciphers: PluginNames
    transports: PluginNames
    file_transfers: PluginNames
    features: PluginNames = ()
    packages: Annotated[dict[PluginName, PackageName], msgspec.Meta(max_length=_MAX_NAMES)] = {}
    """Which package brings a cipher that ud2p does not come with: this end's claim, only ever shown."""


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Offer, strict=True)


def encode_offer(offer: Offer) -> bytes:
    """The canonical bytes of an offer.

    :raises ValueError: when they would be over 4,096
    """
    data = _ENCODER.encode(offer)
    if len(data) > MAX_OFFER_BYTES:
        raise ValueError("the offer is over 4,096 bytes; name fewer ciphers")
    return data


def decode_offer(data: bytes) -> Offer:
    """What a peer offers.

    :raises RemoteProtocolError: when it is no offer, or not in its canonical form
    """
    if len(data) > MAX_OFFER_BYTES:
        raise RemoteProtocolError("the peer's offer is too long; it may need another version of ud2p")
    try:
        offer = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("the peer's offer can't be read; it may need another version of ud2p") from error
    if _ENCODER.encode(offer) != data:
        raise RemoteProtocolError("the peer's offer is not in its canonical form; it may need another version of ud2p")
    return offer


def select_cipher(initiator: Offer, responder: Offer) -> str | None:
    """The first of the initiator's ciphers that the responder also has; None when there is none."""
    return next((name for name in initiator.ciphers if name in responder.ciphers), None)


def no_common_cipher_text(mine: Offer, theirs: Offer, peer: str) -> str:
    """The sentence for both users when :func:`select_cipher` finds none."""
    return (
        f"you and {peer} have no cipher in common: you offer {_listed(mine)}, {peer} offers {_listed(theirs)}; "
        "no chat was opened; agree on one and name it with --cipher"
    )


def _listed(offer: Offer) -> str:
    names = [
        f"{name} (from {offer.packages[name]}, it says)" if name in offer.packages else name for name in offer.ciphers
    ]
    return ", ".join(names) if names else "none"
