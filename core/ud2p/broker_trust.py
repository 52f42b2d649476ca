"""Whether the broker that answers is the one that is meant, decided as ssh decides it: after the TLS handshake, before
anything is said.

The first contact tries what browsers do: if an authority that this system trusts vouches for the host's name, the
broker is known as one of that kind from then on, whatever key it has, and one that nobody vouches for is refused. If
not, its key is pinned, and the user is told once; another key is refused. Who says beforehand which key it must be
(``--trust-broker``) has what was known replaced by it.

::

    known        vouched for by an authority    the pinned key     another key
    nothing      accept, keep as ca             pin it             pin it
    ca           accept                         refuse             refuse
    pinned       refuse, unless it is the key   accept             refuse
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from hmac import compare_digest

from ud2p.errors import BrokerNotTrusted, BrokerUnreachable, RemoteProtocolError, UsageError
from ud2p.identity import fingerprint
from ud2p.known_brokers import FINGERPRINT, KnownBroker, KnownBrokers, Vouched
from ud2p.protocol.certificates import public_key_of
from ud2p.protocol.tls import Tunnel
from ud2p.text import gate


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a broker has shown."""

    certificate: bytes
    """DER."""
    fingerprint: str
    """Of its public key."""
    vouched: Vouched
    is_new: bool
    """Whether nothing was known of it."""


class BrokerTrust:
    """What is known of one broker, and what it takes to be believed."""

    def __init__(self, host: str, port: int, known: KnownBrokers, wanted: str | None = None) -> None:
        """
        :param host: as the user named it
        :param wanted: the fingerprint that its key must have, whatever is known; None goes by what is known
        :raises UsageError: ``wanted`` is no fingerprint
        """
        if wanted is not None and not FINGERPRINT.fullmatch(wanted):
            shown = gate(wanted[:80])
            raise UsageError(f'"{shown}" is not a fingerprint; one is SHA256: and 43 letters, digits, + and /')
        self.where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._host = host.partition("%")[0].removesuffix(".")
        self._known = known
        self._wanted = wanted
        self._entry: KnownBroker | None = None

    def begin(self) -> bool:
        """A connection is about to be made: look at what is known.

        :returns: whether to ask the authorities first
        :raises ConfigError: the file of known brokers can't be read
        """
        self._entry = self._known.find(self.where)
        return self._entry is None or self._wanted is not None or self._entry.vouched is Vouched.AUTHORITY

    def tunnel(self, vouched: Vouched) -> Tunnel:
        """The client's end of TLS.

        :param vouched: AUTHORITY ends the handshake where none vouches; PINNED leaves all to :meth:`check`
        """
        if vouched is Vouched.AUTHORITY:
            context = ssl.create_default_context()
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            return Tunnel(context, server_side=False, host=self._host)
        except ValueError as error:  # an address that no certificate could name
            raise BrokerUnreachable(f"{self.where} is no name for TLS ({error}); name the broker otherwise") from error

    def check(self, certificate: bytes, vouched: Vouched, why_not: str = "") -> Credentials:
        """The handshake is done: is it the one that is meant? Nothing has been sent to it yet.

        :param vouched: AUTHORITY if the handshake would have failed without one
        :param why_not: why no authority vouches for it, where they were asked
        :raises BrokerNotTrusted: it is not
        """
        try:
            shown = fingerprint(public_key_of(certificate))
        except RemoteProtocolError as error:
            raise BrokerNotTrusted(f"{self.where}: {error}") from error
        if self._wanted is not None:
            if not compare_digest(self._wanted, shown):
                raise BrokerNotTrusted(
                    f"the broker at {self.where} does not have the key that you named: you said {self._wanted}, it has "
                    f"{shown}; nothing was sent to it. Ask whoever runs it for its fingerprint"
                )
            return Credentials(certificate, shown, vouched, is_new=False)
        entry = self._entry
        if entry is not None and entry.vouched is Vouched.PINNED and not compare_digest(entry.fingerprint, shown):
            raise BrokerNotTrusted(
                f"the key of the broker at {self.where} has changed: it was {entry.fingerprint} and is now {shown}; "
                "nothing was sent to it. Somebody may be in between, or the broker was set up anew: ask whoever runs "
                f"it. If the new key is right: {self._command(shown)}"
            )
        if entry is not None and entry.vouched is Vouched.AUTHORITY and vouched is not Vouched.AUTHORITY:
            raise BrokerNotTrusted(
                f"a certificate authority vouched for the broker at {self.where}, and none does now "
                f"({gate(why_not or 'none was asked')}); nothing was sent to it. Its key was {entry.fingerprint} "
                f"and is now {shown}. Somebody may be in between, or the certificate has run out: ask whoever runs it. "
                f"If the new key is right: {self._command(shown)}"
            )
        kept = vouched if entry is None else entry.vouched
        return Credentials(certificate, shown, kept, is_new=entry is None)

    def remember(self, credentials: Credentials) -> None:
        """It is a broker, and the right one.

        :raises ConfigError: it can't be written down
        """
        known = KnownBroker(credentials.vouched, credentials.fingerprint)
        if known != self._entry:
            self._known.remember(self.where, known)
            self._entry = known

    def _command(self, shown: str) -> str:
        return f"ud2p --broker {self.where} --trust-broker {shown}"
