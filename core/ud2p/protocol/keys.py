"""The key schedule: from a finished handshake to every key of a chat.

::

    prologue = "ud2p/1\\0" lp(session_id) lp(name_I) lp(name_R) lp(offer_I) lp(offer_R)      lp = u16 length, bytes
    master   = HKDF-Extract(salt = handshake hash, ikm = k1 k2)                              see :mod:`handshake`
    a secret = HKDF-Expand(master, "ud2p/1 " label 0x00 context)

Both sides put their own true name and offer into the prologue and the other's as the broker relayed it: where a relayed
offer differs from the true one, no message of the handshake opens.

HKDF is RFC 5869 with SHA-256, by the ``cryptography`` package.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum
from struct import Struct

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

SAS_BYTES = 4
_U16 = Struct(">H")


class Role(Enum):
    """Which end of a session this is; who sent ``$CON$`` initiates."""

    INITIATOR = "initiator"
    RESPONDER = "responder"

    @property
    def other(self) -> Role:
        """The peer's role."""
        return Role.RESPONDER if self is Role.INITIATOR else Role.INITIATOR


def length_prefixed(value: bytes) -> bytes:
    """``value`` behind its length as a big-endian u16.

    :raises ValueError: over 65,535 bytes
    """
    if len(value) > 0xFFFF:
        raise ValueError("a length-prefixed value holds at most 65,535 bytes")
    return _U16.pack(len(value)) + value


@dataclass(frozen=True, slots=True)
class Transcript:
    """What both ends of an introduction must have seen alike."""

    session_id: bytes
    initiator: str
    """The initiator's name, as registered."""
    responder: str
    initiator_offer: bytes
    responder_offer: bytes

    def prologue(self) -> bytes:
        """The bytes that bind every key to this introduction."""
        parts = (
            self.session_id,
            self.initiator.encode("ascii"),
            self.responder.encode("ascii"),
            self.initiator_offer,
            self.responder_offer,
        )
        return b"ud2p/1\0" + b"".join(length_prefixed(part) for part in parts)


@dataclass(frozen=True, slots=True, repr=False)
class Master:
    """The secret that every other one is expanded from."""

    secret: bytes

    @classmethod
    def extract(cls, salt: bytes, material: bytes) -> Master:
        """HKDF-Extract.

        :param salt: 32 bytes that name what the secret is for; public
        :param material: the secret that it is made of
        """
        return cls(hmac.digest(salt, material, "sha256"))

    def expand(self, label: str, context: bytes = b"", size_bytes: int = 32) -> bytes:
        """A secret of its own for ``label`` and ``context``."""
        info = b"ud2p/1 " + label.encode("ascii") + b"\0" + context
        return HKDFExpand(SHA256(), size_bytes, info).derive(self.secret)

    def traffic_key(self, sender: Role, epoch: int, cipher: str, key_size: int) -> bytes:
        """The key for the records that ``sender`` seals in ``epoch``."""
        return self.expand(f"traffic {sender.value}", _U16.pack(epoch) + cipher.encode("ascii"), key_size)

    def session_id(self, receiver: Role) -> bytes:
        """The 8 bytes in the header of every record meant for ``receiver``."""
        return self.expand(f"session id {receiver.value}", size_bytes=8)

    def file_secret(self) -> bytes:
        """The secret under which the streams of file transfers are keyed."""
        return self.expand("file")

    def words(self) -> tuple[str, ...]:
        """Four words that two people compare: the same at both ends, and at no end that somebody sits between.

        32 bits, as RFC 6189 section 4.5.2 has them of a call; the commitment of the handshake leaves one guess.
        """
        from ud2p.protocol.words import words_for  # only when somebody asks

        return words_for(self.expand("sas", size_bytes=SAS_BYTES))
