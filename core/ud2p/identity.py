"""Who this user is: two key pairs for each name, made on its first start and kept in ``identities/NAME`` of the state
folder. Two names are two people, also on one machine: nobody can tell from the keys that they belong together.

::

    ud2p identity 1
    session yG0sVN8...          base64 of the X25519 private key: the static key of every handshake (RFC 7748)
    login Jd8q3bT...            base64 of the Ed25519 private key: signs each login at a broker (RFC 8032)
    fingerprint SHA256:...      of the session key's public half, so that a slip in copying is noticed

The file is readable by its owner alone and is never written over. What can't be understood is reported and left as it
is: a new identity in its place would be a stranger to everybody who knows this one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p.config import state_dir
from ud2p.errors import IdentityError, UsageError
from ud2p.text import gate

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

FOLDER_NAME = "identities"
FINGERPRINT_PATTERN = r"^SHA256:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]\Z"
"""Every :func:`fingerprint`: the last character has two bits of nothing."""
_HEADER = "ud2p identity 1"
_FIELDS = ("session", "login", "fingerprint")
_MAX_BYTES = 4096


@dataclass(frozen=True, repr=False)
class Identity:
    """Both private keys."""

    session_secret: bytes
    """The X25519 private key, 32 bytes."""
    login_secret: bytes
    """The Ed25519 private key, 32 bytes."""

    @classmethod
    def generate(cls) -> Identity:
        """A new one."""
        return cls(os.urandom(32), os.urandom(32))

    @cached_property
    def session_key(self) -> X25519PrivateKey:
        """The static key of handshakes."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # 20 ms: not for every start

        return X25519PrivateKey.from_private_bytes(self.session_secret)

    @cached_property
    def login_key(self) -> Ed25519PrivateKey:
        """What signs logins."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.login_secret)

    @cached_property
    def session_public(self) -> bytes:
        """The public half of the session key, 32 bytes: what peers know this user by."""
        return self.session_key.public_key().public_bytes_raw()

    @cached_property
    def login_public(self) -> bytes:
        """The public half of the login key, 32 bytes: what brokers know this user by."""
        return self.login_key.public_key().public_bytes_raw()

    @property
    def public_keys(self) -> bytes:
        """Both public keys, the login's first, 64 bytes: what a login names."""
        return self.login_public + self.session_public

    @property
    def fingerprint(self) -> str:
        """What a person compares, see :func:`fingerprint`."""
        return fingerprint(self.session_public)

    def export(self) -> str:
        """The text of the identity's file; whoever has it can pass for this user."""
        session, login = (base64.b64encode(secret).decode() for secret in (self.session_secret, self.login_secret))
        return f"{_HEADER}\nsession {session}\nlogin {login}\nfingerprint {self.fingerprint}\n"


def fingerprint(session_public: bytes) -> str:
    """The short form of a public key, written as OpenSSH does: ``SHA256:`` and 43 characters of base64.

    :param session_public: an X25519 public key, 32 bytes
    """
    digest = hashlib.sha256(session_public).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def check_fingerprint(text: str) -> str:
    """The fingerprint that somebody typed.

    :raises UsageError: it is none
    """
    if not re.match(FINGERPRINT_PATTERN, text):
        raise UsageError(f"{gate(text[:80])} is not a fingerprint; copy all of it: SHA256: and 43 characters")
    return text


def parse_identity(text: str) -> Identity:
    """The identity that :meth:`Identity.export` wrote.

    :raises IdentityError: it is none, or damaged
    """
    header, *lines = text.strip().splitlines() or [""]
    fields = dict(line.split(" ", 1) for line in lines if " " in line)
    if header != _HEADER or len(lines) != len(_FIELDS) or tuple(fields) != _FIELDS:
        raise IdentityError("that is not an identity of ud2p (or one of another version)")
    identity = Identity(_secret(fields["session"]), _secret(fields["login"]))
    if identity.fingerprint != fields["fingerprint"]:
        raise IdentityError("the identity is damaged: its key does not have the fingerprint that stands there")
    return identity


def identity_path(name: str, environ: Mapping[str, str] | None = None) -> Path:
    """Where the identity of a name lies, or will.

    :raises IdentityError: that is no name
    """
    from ud2p.protocol.messages import NAME_PATTERN  # msgspec: 10 ms

    if not re.match(NAME_PATTERN, name):
        raise IdentityError(f"{gate(name)} is no name; it begins with a letter and has letters, digits, _ . and -")
    return state_dir(environ) / FOLDER_NAME / name.casefold()


def load_identity(name: str, environ: Mapping[str, str] | None = None) -> Identity:
    """The identity of a name of this user's, made now if there is none yet.

    :param name: as at the broker; upper and lower case are the same
    :raises IdentityError: it can't be read, understood or written, or that is no name
    """
    path = identity_path(name, environ)
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
    except FileNotFoundError:
        return _make(path)
    except OSError as error:
        raise IdentityError(f"{path} can't be read ({error.strerror}); make it readable") from error
    try:
        return parse_identity(content.decode())
    except (UnicodeDecodeError, IdentityError) as error:
        reason = str(error) if isinstance(error, IdentityError) else "it is not text"
        raise IdentityError(f"{path}: {reason}; put a copy back, or move it away to become somebody new") from None


def save_identity(identity: Identity, path: Path) -> bool:
    """Write the file, unless there is one.

    It appears whole or not at all: it is written beside and then linked into its place, which fails where something is.

    :returns: False when something is there already
    :raises IdentityError: it can't be written
    """
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(identity.export())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise IdentityError(f"{path} can't be written ({error.strerror}); make its folder writable") from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return True


def _make(path: Path) -> Identity:
    identity = Identity.generate()
    if save_identity(identity, path):
        return identity
    return parse_identity(path.read_text("ascii"))  # another start was quicker; its file appeared whole


def _secret(text: str) -> bytes:
    try:
        secret = base64.b64decode(text, validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != 32:
        raise IdentityError("the identity is damaged: a key in it is not 32 bytes in base64")
    return secret
