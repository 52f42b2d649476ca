"""The rendezvous: how a broker learns the UDP address of a socket that will carry a chat.

Theory of operation. With the introduction either peer gets an id and a key. From the socket that it will chat from
it sends requests to the broker's UDP port until one is answered; the broker notes where the newest valid request
came from and tells the other peer. On the wire, 75 bytes either way::

    request   01 | id 16 | counter u64 | zeros 18          | HMAC-SHA256 32
    answer    02 | id 16 | counter u64 | IP 16 | port u16  | HMAC-SHA256 32

The MAC covers a label for the direction and all bytes before it, under the rendezvous key. IP is where the broker saw
the request come from, IPv4 mapped into IPv6. The zeros make room, so that an answer is never larger than
its request and nobody can be flooded through the broker. The first byte tells either from a record (08).

The broker drops and counts, never answers: unknown ids (told before any MAC is computed), bad MACs, counters that are
not higher than all before (replays), and sources whose IP is not the one of the client's TCP connection: a peer
can't be pointed at a stranger.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
from dataclasses import dataclass

from ud2p.contracts.transport import Address
from ud2p.networks import canonical_ip, parse_ip

DATAGRAM_BYTES = 75
FAST_INTERVAL_S = 0.1
FAST_REQUESTS = 5
SLOW_INTERVAL_S = 0.25

_REQUEST = 0x01
_ANSWER = 0x02
_HEAD = struct.Struct("!B16sQ16sH")
_REQUEST_LABEL = b"ud2p/1 rendezvous request\0"
_ANSWER_LABEL = b"ud2p/1 rendezvous answer\0"
_NO_IP = bytes(16)


@dataclass(frozen=True, slots=True)
class _Datagram:
    """A request or an answer, its MAC not checked."""

    kind: int
    id: bytes
    counter: int
    ip: bytes
    port: int
    authenticated: bytes
    mac: bytes

    def is_authentic(self, key: bytes) -> bool:
        label = _REQUEST_LABEL if self.kind == _REQUEST else _ANSWER_LABEL
        return hmac.compare_digest(_mac(key, label, self.authenticated), self.mac)


def _mac(key: bytes, label: bytes, data: bytes) -> bytes:
    return hmac.digest(key, label + data, hashlib.sha256)


def _build(kind: int, id: bytes, key: bytes, counter: int, ip: bytes = _NO_IP, port: int = 0) -> bytes:
    data = _HEAD.pack(kind, id, counter, ip, port)
    return data + _mac(key, _REQUEST_LABEL if kind == _REQUEST else _ANSWER_LABEL, data)


def _parse(data: bytes, kind: int) -> _Datagram | None:
    if len(data) != DATAGRAM_BYTES or data[0] != kind:
        return None
    authenticated, mac = data[: _HEAD.size], data[_HEAD.size :]
    _, id, counter, ip, port = _HEAD.unpack(authenticated)
    return _Datagram(kind, id, counter, ip, port, authenticated, mac)


def _pack_ip(host: str) -> bytes:
    address = parse_ip(host)
    return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed


def _unpack_ip(packed: bytes) -> str:
    return canonical_ip(str(ipaddress.IPv6Address(packed)))


class RendezvousClient:
    """Registers one socket: at once, then every 100 ms for the first five requests, then every 250 ms, until it is
    answered. It gives up when its user stops asking it."""

    def __init__(self, id: bytes, key: bytes, counter: int = 1) -> None:
        """
        :param id: 16 bytes, from the introduction
        :param key: 32 bytes, from the introduction
        :param counter: of the first request; higher than any used before with this id
        """
        self._id = id
        self._key = key
        self._first = counter
        self._counter = counter
        self._next_at: float | None = None
        self._out: list[bytes] = []
        self.reflexive: Address | None = None
        """Where the broker sees this socket; None until it has answered."""

    @property
    def registered(self) -> bool:
        """Whether the broker has answered."""
        return self.reflexive is not None

    def begin_again(self) -> None:
        """Register anew, at once: this end may have moved, and the broker may have forgotten it."""
        self.reflexive = self._next_at = None
        self._first = self._counter

    def receive_datagram(self, data: bytes, now: float) -> bool:
        """Take what came from the broker's address.

        :returns: whether it was an answer to this client
        """
        answer = _parse(data, _ANSWER)
        if answer is None or answer.id != self._id or not self._first <= answer.counter < self._counter:
            return False
        if not answer.is_authentic(self._key):
            return False
        self.reflexive = (_unpack_ip(answer.ip), answer.port)
        self._out.clear()
        return True

    def datagrams_to_send(self, now: float) -> list[bytes]:
        """What goes to the broker's rendezvous now; the first call begins."""
        if self._next_at is None:
            self._next_at = now
        self.handle_timer(now)
        out, self._out = self._out, []
        return out

    def next_timer(self) -> float | None:
        """When the next request is due; None before the beginning and after the answer."""
        return None if self.registered else self._next_at

    def handle_timer(self, now: float) -> None:
        """Make the request that is due."""
        due = self.next_timer()
        if due is None or now < due:
            return
        self._out.append(_build(_REQUEST, self._id, self._key, self._counter))
        self._counter += 1
        sent = self._counter - self._first
        self._next_at = now + (FAST_INTERVAL_S if sent < FAST_REQUESTS else SLOW_INTERVAL_S)


@dataclass(slots=True)
class _Entry:
    """Somebody who is expected to register."""

    key: bytes
    host: str
    expires_at: float
    counter: int = -1
    address: Address | None = None


class RendezvousBook:
    """A broker's side: who is expected, and where they were seen."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}
        self._registered: list[bytes] = []
        self.dropped = 0
        """Datagrams that were not answered."""

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, id: bytes, key: bytes, host: str, expires_at: float) -> None:
        """Expect registrations.

        :param id: 16 random bytes
        :param key: 32 random bytes
        :param host: the only IP address that they may come from
        :param expires_at: until when; the id stays known until :meth:`remove`
        """
        self._entries[id] = _Entry(key, canonical_ip(host), expires_at)

    def renew(self, id: bytes, host: str, expires_at: float) -> None:
        """Expect an id anew, of somebody whose connection to the broker is a new one: perhaps from another address.

        What it has used of its counter stays used; the others are as in :meth:`add`.
        """
        entry = self._entries[id]
        entry.host, entry.expires_at, entry.address = canonical_ip(host), expires_at, None

    def remove(self, id: bytes) -> None:
        """Expect it no more."""
        self._entries.pop(id, None)

    def address_of(self, id: bytes) -> Address | None:
        """Where it was seen last, if it was."""
        entry = self._entries.get(id)
        return None if entry is None else entry.address

    def receive_datagram(self, data: bytes, source: Address, now: float) -> bytes | None:
        """Take a datagram.

        :returns: the answer to send back to ``source``, as large as the request; None for all that is dropped
        """
        request = _parse(data, _REQUEST)
        entry = None if request is None else self._entries.get(request.id)
        if request is None or entry is None or not self._is_welcome(request, entry, source, now):
            self.dropped += 1
            return None
        host = canonical_ip(source[0])
        entry.counter = request.counter
        entry.address = (host, source[1])
        self._registered.append(request.id)
        return _build(_ANSWER, request.id, entry.key, request.counter, _pack_ip(host), source[1])

    def _is_welcome(self, request: _Datagram, entry: _Entry, source: Address, now: float) -> bool:
        if now >= entry.expires_at or request.counter <= entry.counter or source[1] == 0:
            return False
        return canonical_ip(source[0]) == entry.host and request.is_authentic(entry.key)

    def events(self) -> list[bytes]:
        """The ids that registered since the last call, oldest first; one may be there again."""
        registered, self._registered = self._registered, []
        return registered
