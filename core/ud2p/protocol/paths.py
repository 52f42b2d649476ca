"""Paths: which of the peer's addresses datagrams really go to and come from.

The only probe is a sealed PATH_CHALLENGE with eight fresh random bytes; an address is a valid path once the same bytes
came back from it in a PATH_RESPONSE (RFC 9000 section 8.2). Each candidate is probed every 50 ms for 3 s, then every
250 ms. The first valid path is used.

A record that opened, from an address nobody named, makes that address a candidate too (RFC 8445 calls it
peer-reflexive). Whoever can copy datagrams can name any victim that way, so no more is sent there than came from
there: one record for each record, and an answer and a challenge together are of the shortest kind that there is.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from ud2p.contracts.transport import Address
from ud2p.protocol.frames import CHALLENGE_BYTES, FrameType, encode_frame

FAST_PROBE_S = 0.05
FAST_PROBES_FOR_S = 3.0
SLOW_PROBE_S = 0.25
MAX_CANDIDATES = 16
_MAX_OPEN_CHALLENGES = 16


class _Probe:
    """The challenges under way to one address."""

    __slots__ = ("began_at", "challenges", "credit", "next_at")

    def __init__(self, now: float, credit: float) -> None:
        self.began_at = self.next_at = now
        self.challenges: dict[bytes, float] = {}
        self.credit = credit
        """How many more records may be sent there before more have come from there."""

    def challenge(self, value: bytes, now: float) -> None:
        self.challenges[value] = now
        if len(self.challenges) > _MAX_OPEN_CHALLENGES:
            del self.challenges[next(iter(self.challenges))]
        self.next_at = now + (FAST_PROBE_S if now - self.began_at < FAST_PROBES_FOR_S else SLOW_PROBE_S)


class Paths:
    """The candidates and, once one answered, the path."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._probes: dict[Address, _Probe] = {}
        self._answers: dict[Address, bytes] = {}
        self.active: Address | None = None
        """Where everything but probes goes; None until a path is valid."""

    def add_candidate(self, address: Address, now: float) -> None:
        """The peer may be reached there, says somebody. What no peer can be at is ignored."""
        canonical = probeable(address)
        if canonical is not None:
            self._credit(canonical, float("inf"), now)

    def heard_from(self, source: Address, now: float) -> None:
        """A record that opened came from there."""
        if probeable(source) is not None:
            self._credit(source, 1, now)

    @property
    def has_probes(self) -> bool:
        """Whether :meth:`probes_to_send` may give any."""
        return bool(self._probes or self._answers)

    def receive_challenge(self, value: bytes, source: Address) -> None:
        """A challenge came from ``source``: it is answered there, the newest only."""
        has_room = source in self._answers or len(self._answers) < MAX_CANDIDATES
        if len(value) == CHALLENGE_BYTES and has_room and (source == self.active or probeable(source) is not None):
            self._answers[source] = value

    def receive_response(self, value: bytes, source: Address, now: float) -> float | None:
        """A response came from ``source``.

        :returns: the round trip in seconds when it makes the first valid path, else None
        """
        probe = self._probes.get(source)
        sent_at = probe.challenges.get(value) if probe is not None else None
        if sent_at is None:
            return None
        self.active = source
        self._probes.clear()  # Whatever comes back later finds no challenge: the first path stays.
        return now - sent_at

    def probes_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """The frames of the probes and answers that are due, each for a record of its own."""
        due = {address: encode_frame(FrameType.PATH_RESPONSE, value) for address, value in self._answers.items()}
        self._answers.clear()
        for address, probe in self._probes.items():
            if probe.next_at <= now and probe.credit >= 1:
                value = self._random_bytes(CHALLENGE_BYTES)
                probe.challenge(value, now)
                due[address] = due.get(address, b"") + encode_frame(FrameType.PATH_CHALLENGE, value)
            if address in due:
                probe.credit -= 1
        return list(due.items())

    def next_timer(self) -> float | None:
        """When the next challenge is due."""
        probes = self._probes.values()
        return min((probe.next_at for probe in probes if probe.credit >= 1), default=None)

    def _credit(self, address: Address, credit: float, now: float) -> None:
        if address in self._probes:
            self._probes[address].credit += credit
        elif self.active is None and len(self._probes) < MAX_CANDIDATES:
            self._probes[address] = _Probe(now, credit)


def probeable(address: Address) -> Address | None:
    """The canonical form of an address that one host can be at: not multicast, broadcast or unspecified, not port 0.

    :returns: None for any other
    """
    host, port = address
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    plain = getattr(ip, "ipv4_mapped", None) or ip
    if plain.is_multicast or plain.is_unspecified or plain == _BROADCAST or not 0 < port <= 65535:
        return None
    return str(ip), port


_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
