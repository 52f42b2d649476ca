"""What of a certificate ud2p looks at: the public key in it, which is what pins and fingerprints stand for.

X.509 (RFC 5280 section 4.1), in DER::

    Certificate    = SEQUENCE { tbsCertificate, ... }
    tbsCertificate = SEQUENCE { [0] version OPTIONAL, serial, algorithm, issuer, validity, subject, publicKey, ... }

The key is taken as it stands, algorithm included (the SubjectPublicKeyInfo, as in RFC 7469 section 2.4): a broker may
renew its certificate and keep its key. Whether the rest is well-formed is for TLS to say, which has proved by then that
the other side holds the private half. Lengths that DER does not allow are refused: no certificate may mean one key to
TLS and another one here.
"""

from __future__ import annotations

from ud2p.errors import RemoteProtocolError

_SEQUENCE = 0x30
_INTEGER = 0x02
_VERSION = 0xA0
_BEFORE_THE_KEY = (_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE)


def public_key_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, both in DER.

    :raises RemoteProtocolError: it is no certificate
    """
    outer = _Reader(certificate).enter(_SEQUENCE)
    fields = outer.enter(_SEQUENCE)
    if fields.next_tag == _VERSION:
        fields.take(_VERSION)
    for tag in _BEFORE_THE_KEY:
        fields.take(tag)
    return fields.take(_SEQUENCE)


class _Reader:
    """Reads one element after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def next_tag(self) -> int:
        """Of the element to come; -1 at the end."""
        return self._data[self._at] if self._at < len(self._data) else -1

    def enter(self, tag: int) -> _Reader:
        """What is inside the next element."""
        _, body, end = self._element(tag)
        self._at = end
        return _Reader(self._data[body:end])

    def take(self, tag: int) -> bytes:
        """The next element, whole."""
        start, _, end = self._element(tag)
        self._at = end
        return self._data[start:end]

    def _element(self, tag: int) -> tuple[int, int, int]:
        """Where the next element, its body and what follows it begin."""
        data, start = self._data, self._at
        if len(data) < start + 2 or data[start] != tag:
            raise _broken()
        length, body = data[start + 1], start + 2
        if length >= 0x80:
            count = length & 0x7F
            digits = data[body : body + count]
            length, body = int.from_bytes(digits, "big"), body + count
            if not 1 <= count <= 3 or len(digits) < count or digits[0] == 0 or length < 0x80:
                raise _broken()
        if body + length > len(data):
            raise _broken()
        return start, body, body + length


def _broken() -> RemoteProtocolError:
    return RemoteProtocolError("the certificate can't be read; whoever runs that broker has to make another")
