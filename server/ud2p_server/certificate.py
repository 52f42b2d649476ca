"""The broker's certificate: made on the first start and kept, or brought along by whoever runs it.

What the broker makes is one file of its state folder, ``broker.pem``: a private key (EC P-256, which every TLS 1.3 must
know, RFC 8446 section 9.1) and a certificate over it that it signed itself and that never runs out, for clients pin the
key. It is readable by its owner alone and never written over: a new key in its place would stop every client that knows
the old one.
"""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ud2p.errors import ConfigError, RemoteProtocolError, UsageError
from ud2p.identity import fingerprint
from ud2p.protocol.certificates import public_key_of

FILE_NAME = "broker.pem"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a broker proves itself with."""

    context: ssl.SSLContext
    """For the broker's end of every connection."""
    leaf: bytes
    """The certificate itself (DER)."""
    fingerprint: str
    """Of its public key: what clients pin and people compare."""


def load_certificate(certificate: Path | None, key: Path | None, folder: Path) -> Certificate:
    """The certificate that was named, or this broker's own, made now if there is none yet.

    :param certificate: PEM, the leaf first; may hold the key too
    :param key: PEM
    :param folder: where the broker's own is kept
    :raises UsageError: there is a key without a certificate
    :raises ConfigError: it can't be read, understood or written
    """
    if certificate is not None:
        return _load(certificate, key or certificate, "name another with --certificate and --key")
    if key is not None:
        raise UsageError("--key needs the certificate that belongs to it; add --certificate FILE")
    path = folder / FILE_NAME
    if not path.exists():
        _make(path)
    return _load(path, path, "put a copy back, or move it away to get another key, which all clients have to be told")


def _load(certificate: Path, key: Path, remedy: str) -> Certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # Nobody resumes, and a ticket costs memory on both ends.
    named = str(certificate) if certificate == key else f"{certificate} with {key}"
    try:
        text = certificate.read_text("ascii")
        key.read_bytes()
        context.load_cert_chain(certificate, key, password=_no_password)
        leaf = ssl.PEM_cert_to_DER_cert(text[text.index(_BEGIN) : text.index(_END) + len(_END)])
        return Certificate(context, leaf, fingerprint(public_key_of(leaf)))
    except ssl.SSLError as error:
        reason = "the key is not the certificate's" if "MISMATCH" in str(error.reason) else "it can't be understood"
        raise ConfigError(f"{named} can't be used for TLS: {reason}; {remedy}") from error
    except OSError as error:
        raise ConfigError(f"{error.filename or named} can't be read ({error.strerror}); {remedy}") from error
    except (ValueError, RemoteProtocolError) as error:
        raise ConfigError(f"{named} can't be used for TLS: it can't be understood; {remedy}") from error


def _no_password() -> str:
    raise ValueError("the key is encrypted")  # Or OpenSSL would ask for its password on the terminal.


def _make(path: Path) -> None:
    """Write a new key and certificate, whole or not at all, and never over another."""
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_new_certificate())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # Another start was quicker; its file appeared whole.
            os.link(draft, path)
    except OSError as error:
        raise ConfigError(f"{path} can't be written ({error.strerror}); make its folder writable") from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _new_certificate() -> bytes:
    """A key and a certificate over it (PEM)."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ud2p broker")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))  # RFC 5280 section 4.1.2.5
    certificate = builder.sign(key, SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + certificate.public_bytes(Encoding.PEM)
