"""Noise handshakes of the XX pattern, over X25519, ChaCha20-Poly1305 and SHA-256.

Source: The Noise Protocol Framework, revision 34, sections 5 (processing rules), 7.5 (XX) and 9 (pre-shared keys)::

    1   → e
    2   ← e, ee, s, es
    3   → s, se

psk0 mixes a pre-shared key before the tokens of message 1, pskN behind those of message N. ud2p uses
``Noise_XXpsk0_25519_ChaChaPoly_SHA256``; the other positions are here because most published vectors use them.

One class plays both sides. Every message is worked on in a copy of the state, which becomes the state only when all of
it was right: a bad message changes nothing, so the right one may still come.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from ud2p.errors import LocalProtocolError, RemoteProtocolError
from ud2p.protocol.keys import Role

KEY_BYTES = 32
TAG_BYTES = 16
MAX_MESSAGE_BYTES = 65535
_TOKENS = (("e",), ("e", "ee", "s", "es"), ("s", "se"))


class _Symmetric:
    """The specification's SymmetricState: chaining key, hash, and the key of the payloads."""

    def __init__(self, protocol_name: bytes) -> None:
        digest = hashlib.sha256(protocol_name).digest()
        self.hash = protocol_name.ljust(32, b"\0") if len(protocol_name) <= 32 else digest
        self.chaining_key = self.hash
        self._key: bytes | None = None
        self._nonce = 0

    @property
    def has_key(self) -> bool:
        return self._key is not None

    def mix_hash(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, material: bytes) -> None:
        self.chaining_key, key = self.expand(material, 2)
        self._set_key(key)

    def mix_key_and_hash(self, material: bytes) -> None:
        self.chaining_key, mixed, key = self.expand(material, 3)
        self.mix_hash(mixed)
        self._set_key(key)

    def seal(self, plain: bytes) -> bytes:
        sealed = plain if self._key is None else ChaCha20Poly1305(self._key).encrypt(self._next(), plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        plain = sealed
        if self._key is not None:
            try:
                plain = ChaCha20Poly1305(self._key).decrypt(self._next(), sealed, self.hash)
            except InvalidTag:
                raise RemoteProtocolError("a handshake message was changed, or is meant for somebody else") from None
        self.mix_hash(sealed)
        return plain

    def expand(self, material: bytes, outputs: int) -> list[bytes]:
        """The specification's HKDF: RFC 5869 with the chaining key as salt and no info."""
        secret = hmac.digest(self.chaining_key, material, "sha256")
        blocks = [b""]
        for number in range(1, outputs + 1):
            blocks.append(hmac.digest(secret, blocks[-1] + bytes([number]), "sha256"))
        return blocks[1:]

    def _set_key(self, key: bytes) -> None:
        self._key = key
        self._nonce = 0

    def _next(self) -> bytes:
        nonce = bytes(4) + self._nonce.to_bytes(8, "little")
        self._nonce += 1
        return nonce


class NoiseXX:
    """One side of an XX handshake: :meth:`write_message` and :meth:`read_message` in turn, until :attr:`is_done`."""

    def __init__(
        self,
        role: Role,
        prologue: bytes,
        static: X25519PrivateKey,
        ephemeral: X25519PrivateKey,
        psks: Sequence[tuple[int, bytes]] = (),
    ) -> None:
        """
        :param prologue: what both sides must have seen alike
        :param static: this side's identity
        :param ephemeral: fresh for this handshake
        :param psks: positions (0 to 3) and pre-shared keys of 32 bytes, in ascending order
        """
        modifiers = "+".join(f"psk{position}" for position, _ in psks)
        self._role = role
        self._static = static
        self._ephemeral = ephemeral
        self._psks = dict(psks)
        self._symmetric = _Symmetric(f"Noise_XX{modifiers}_25519_ChaChaPoly_SHA256".encode())
        self._symmetric.mix_hash(prologue)
        self._remote_ephemeral = b""
        self.remote_static = b""
        """The peer's static public key, known from the message that carries it on."""
        self._done = 0

    @property
    def is_done(self) -> bool:
        """Whether all three messages have passed."""
        return self._done == len(_TOKENS)

    @property
    def writes_next(self) -> bool:
        """Whether the next message is this side's."""
        return not self.is_done and (self._done % 2 == 0) == (self._role is Role.INITIATOR)

    @property
    def handshake_hash(self) -> bytes:
        """32 bytes that name this handshake: the same on both sides, different in every other one."""
        return self._symmetric.hash

    def write_message(self, payload: bytes = b"") -> bytes:
        """This side's next message.

        :raises LocalProtocolError: when it is the peer's turn, or all is done
        """
        if not self.writes_next:
            raise LocalProtocolError("it is not this side's turn in the handshake")
        draft = copy.copy(self)
        draft._symmetric = copy.copy(self._symmetric)
        message = draft._write(payload)
        self.__dict__.update(draft.__dict__)
        return message

    def read_message(self, message: bytes) -> bytes:
        """The payload of the peer's next message.

        :raises RemoteProtocolError: when it is not that message; nothing has changed then
        :raises LocalProtocolError: when it is this side's turn, or all is done
        """
        if self.writes_next or self.is_done:
            raise LocalProtocolError("no handshake message of the peer is due")
        draft = copy.copy(self)
        draft._symmetric = copy.copy(self._symmetric)
        payload = draft._read(message)
        self.__dict__.update(draft.__dict__)
        return payload

    def split(self) -> tuple[bytes, bytes]:
        """Two keys of 32 bytes, the same on both sides: the specification's ``k1`` and ``k2``.

        :raises LocalProtocolError: before all is done
        """
        if not self.is_done:
            raise LocalProtocolError("the handshake is not done")
        first, second = self._symmetric.expand(b"", 2)
        return first, second

    def _write(self, payload: bytes) -> bytes:
        message = b""
        self._mix_psk(0 if self._done == 0 else None)
        for step in _TOKENS[self._done]:
            if step == "e":
                public = self._ephemeral.public_key().public_bytes_raw()
                message += public
                self._mix_ephemeral(public)
            elif step == "s":
                message += self._symmetric.seal(self._static.public_key().public_bytes_raw())
            else:
                self._mix_agreement(step)
        self._done += 1
        self._mix_psk(self._done)
        return message + self._symmetric.seal(payload)

    def _read(self, message: bytes) -> bytes:
        self._mix_psk(0 if self._done == 0 else None)
        for step in _TOKENS[self._done]:
            if step == "e":
                self._remote_ephemeral, message = _cut(message, KEY_BYTES)
                self._mix_ephemeral(self._remote_ephemeral)
            elif step == "s":
                sealed, message = _cut(message, KEY_BYTES + (TAG_BYTES if self._symmetric.has_key else 0))
                self.remote_static = self._symmetric.open(sealed)
            else:
                self._mix_agreement(step)
        self._done += 1
        self._mix_psk(self._done)
        return self._symmetric.open(message)

    def _mix_psk(self, position: int | None) -> None:
        if position is not None and position in self._psks:
            self._symmetric.mix_key_and_hash(self._psks[position])

    def _mix_ephemeral(self, public: bytes) -> None:
        self._symmetric.mix_hash(public)
        if self._psks:
            self._symmetric.mix_key(public)

    def _mix_agreement(self, step: str) -> None:
        # The first letter is the initiator's key, the second the responder's.
        mine, theirs = (step[0], step[1]) if self._role is Role.INITIATOR else (step[1], step[0])
        own = self._ephemeral if mine == "e" else self._static
        other = self._remote_ephemeral if theirs == "e" else self.remote_static
        try:
            shared = own.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError:  # An all-zero result: the point has a small order, and everybody knows the secret.
            raise RemoteProtocolError("the peer sent a key that protects nothing") from None
        self._symmetric.mix_key(shared)


def _cut(message: bytes, size: int) -> tuple[bytes, bytes]:
    if len(message) < size or len(message) > MAX_MESSAGE_BYTES:
        raise RemoteProtocolError("a handshake message has no sensible length")
    return message[:size], message[size:]
