"""Paths: which of the peer's addresses datagrams really go to and come from.

The only probe is a sealed PATH_CHALLENGE with eight fresh random bytes; an address is a valid path once the same bytes
came back from it in a PATH_RESPONSE (RFC 9000 section 8.2). Each candidate is probed every 50 ms for 3 s, then every
250 ms. A record that opened, from an address nobody named, makes that address a candidate too (RFC 8445 calls it
peer-reflexive). The first valid path is used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from ud2p.contracts.transport import Address
from ud2p.protocol.frames import CHALLENGE_BYTES

FAST_PROBE_S = 0.05
FAST_PROBES_FOR_S = 3.0
SLOW_PROBE_S = 0.25
MAX_CANDIDATES = 16
_MAX_OPEN_CHALLENGES = 16


class _Probe:
    """The challenges under way to one address."""

    __slots__ = ("began_at", "challenges", "next_at")

    def __init__(self, now: float) -> None:
        self.began_at = self.next_at = now
        self.challenges: dict[bytes, float] = {}

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
        self._answers: list[tuple[Address, bytes]] = []
        self.active: Address | None = None
        """Where everything but probes goes; None until a path is valid."""

    def add_candidate(self, address: Address, now: float) -> None:
        """The peer may be reached there. What no peer can be at is ignored."""
        has_room = self.active is None and len(self._probes) < MAX_CANDIDATES
        if has_room and address not in self._probes and is_probeable(address):
            self._probes[address] = _Probe(now)

    def receive_challenge(self, value: bytes, source: Address) -> None:
        """A challenge came from ``source``: it is answered there, with a record no longer than its own."""
        if len(value) == CHALLENGE_BYTES and len(self._answers) < MAX_CANDIDATES:
            self._answers.append((source, value))

    def receive_response(self, value: bytes, source: Address, now: float) -> float | None:
        """A response came from ``source``.

        :returns: the round trip in seconds when it makes the first valid path, else None
        """
        probe = self._probes.get(source)
        sent_at = probe.challenges.get(value) if probe is not None else None
        if sent_at is None or self.active is not None:
            return None
        self.active = source
        self._probes.clear()
        return now - sent_at

    def challenges_to_send(self, now: float) -> list[tuple[Address, bytes]]:
        """The challenges that are due."""
        due = []
        for address, probe in self._probes.items():
            if probe.next_at <= now:
                value = self._random_bytes(CHALLENGE_BYTES)
                probe.challenge(value, now)
                due.append((address, value))
        return due

    def responses_to_send(self) -> list[tuple[Address, bytes]]:
        """The answers to the challenges that came."""
        answers, self._answers = self._answers, []
        return answers

    def next_timer(self) -> float | None:
        """When the next challenge is due."""
        return min((probe.next_at for probe in self._probes.values()), default=None)


def is_probeable(address: Address) -> bool:
    """Whether one host can be at ``address``: not multicast, broadcast or unspecified, and not port 0."""
    try:
        ip = ipaddress.ip_address(address[0])
    except ValueError:
        return False
    if ip.is_multicast or ip.is_unspecified or str(ip) == "255.255.255.255":
        return False
    return 0 < address[1] <= 65535
