"""Certificates for tests: an authority of one's own, and what it signs."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
LONG_AGO = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Leaf:
    """A certificate and its key."""

    key: Key
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def public_key(self) -> bytes:
        """The SubjectPublicKeyInfo, DER."""
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def write(self, path: Path) -> Path:
        """Key and certificate into one file."""
        secret = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(secret + self.certificate.public_bytes(Encoding.PEM))
        return path

    def context(self, folder: Path) -> ssl.SSLContext:
        """A server's, as anybody would write one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.write(folder / f"{self.certificate.serial_number:x}.pem"))
        return context


def make_leaf(host: str = "", *, key: Key | None = None, authority: Leaf | None = None, expired: bool = False) -> Leaf:
    """A certificate for a host; signed by itself where there is no authority."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host or "somebody")])
    now = datetime.datetime.now(datetime.UTC)
    end = LONG_AGO + datetime.timedelta(days=1) if expired else now + datetime.timedelta(days=1)
    issuer = authority.certificate.subject if authority else name
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), LONG_AGO, end)
    if host:
        try:
            general: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            general = x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([general]), critical=False)
    signing = authority.key if authority else key
    return Leaf(key, builder.sign(signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else SHA256()))


def make_authority() -> Leaf:
    """A certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), LONG_AGO, now + datetime.timedelta(days=1)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return Leaf(key, builder.sign(key, SHA256()))


def trust_file(authority: Leaf, path: Path) -> Path:
    """What SSL_CERT_FILE names, so that the authority is one that this system trusts."""
    path.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    return path
