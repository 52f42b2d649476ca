"""The proof in a login: who asks is the owner of these keys, and asks this very broker, now.

::

    keys      = Ed25519 public key[32] || X25519 public key[32]
    text      = "ud2p/1 login\\0" lp(nonce) lp(certificate hash) lp(name) lp(keys)           lp = u16 length, bytes
    signature = Ed25519 over text (RFC 8032)

The nonce is the broker's, from its greeting, so a login can't be replayed. The certificate hash is SHA-256 of the
certificate (DER) that the client saw, empty under plain text: a broker that passes a login on to another one, or
somebody in between with a certificate of their own, has a signature over the wrong bytes. The Ed25519 key is what a
broker knows an identity by; the X25519 key, signed along, is what peers know it by, and what the handshake must show.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ud2p.protocol.keys import length_prefixed

KEYS_BYTES = 64
SIGNATURE_BYTES = 64
_LABEL = b"ud2p/1 login\0"


def login_text(nonce: bytes, certificate_hash: bytes, name: str, keys: bytes) -> bytes:
    """What a login signs."""
    return _LABEL + b"".join(map(length_prefixed, (nonce, certificate_hash, name.encode(), keys)))


def sign_login(key: Ed25519PrivateKey, nonce: bytes, certificate_hash: bytes, name: str, keys: bytes) -> bytes:
    """The signature of a login, 64 bytes.

    :param nonce: the broker's, 32 bytes
    :param certificate_hash: SHA-256 of the broker's certificate (DER); empty under plain text
    :param keys: both public keys, 64 bytes
    """
    return key.sign(login_text(nonce, certificate_hash, name, keys))


def is_login_signed(signature: bytes, nonce: bytes, certificate_hash: bytes, name: str, keys: bytes) -> bool:
    """Whether a login is signed by the first of its keys. Never raises for what a client sent."""
    if len(keys) != KEYS_BYTES:
        return False
    try:
        key = Ed25519PublicKey.from_public_bytes(keys[:32])
        key.verify(signature, login_text(nonce, certificate_hash, name, keys))
    except (InvalidSignature, ValueError):
        return False
    return True
