"""Who may connect: how many in all, how many from one address, how many of those without a login, and how fast.

Everything is counted before anything is computed: a TLS handshake costs the broker more than it costs a flooder. The
first of those who are too many hear a sentence; beyond :data:`HEARD` of them an address is cut without a word, for
sentences cost sockets too. IPv6 counts by /64. This machine's own addresses are spared, where the limits say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ud2p.networks import counted_as, is_loopback
from ud2p.protocol.refusals import SENTENCES, Code
from ud2p_server.buckets import Buckets
from ud2p_server.limits import Limits

HEARD = 32
"""Connections of one address (a sixteenth of all, for the broker as a whole) that are refused in words at a time."""


class Verdict(Enum):
    """What becomes of a connection."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    CUT = "cut"


@dataclass(slots=True)
class _Address:
    connections: int = 0
    """Those that are refused and not closed yet included."""
    newcomers: int = 0
    """Admitted, and not logged in."""
    refused: int = 0


class Ticket:
    """One connection's place in the counts. Give it back with :meth:`Admission.leave`."""

    __slots__ = ("is_newcomer", "key", "reason", "verdict")

    def __init__(self, key: str | None, verdict: Verdict, reason: tuple[Code, str] | None) -> None:
        self.key = key
        """What its address is counted as; None where it is not counted."""
        self.verdict = verdict
        self.reason = reason
        """Why it is not admitted."""
        self.is_newcomer = verdict is Verdict.ADMITTED


class Admission:
    """The counts of one broker."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._addresses: dict[str, _Address] = {}
        self._rate = Buckets(limits.connects_burst, limits.connects_a_second)
        self._connections = 0

    def key_of(self, host: str) -> str | None:
        """What an address is counted as; None for one that is spared.

        :param host: an IP address
        """
        return None if self._limits.spares_loopback and is_loopback(host) else counted_as(host)

    def enter(self, host: str, now: float) -> Ticket:
        """Somebody connected."""
        key = self.key_of(host)
        ticket = self._judge(key, now)
        self._connections += 1
        if key is not None:
            address = self._addresses.setdefault(key, _Address())
            address.connections += 1
            address.newcomers += ticket.is_newcomer
            address.refused += not ticket.is_newcomer
        return ticket

    def _judge(self, key: str | None, now: float) -> Ticket:
        limits = self._limits
        full = self._connections >= limits.connections
        reason = (Code.BROKER_FULL, SENTENCES[Code.BROKER_FULL])
        is_heard = self._connections < limits.connections + max(HEARD, limits.connections // 16)
        if not full and key is None:
            return Ticket(key, Verdict.ADMITTED, None)
        if key is not None:
            address = self._addresses.get(key) or _Address()
            is_heard = is_heard and address.refused < HEARD
            if not full:
                if address.connections - address.refused >= limits.connections_per_address:
                    reason = _too_many(
                        "there are too many connections from your address; close one, or try again later"
                    )
                elif address.newcomers >= limits.newcomers_per_address:
                    reason = _too_many(
                        "too many connections from your address are not logged in; try again in a moment"
                    )
                elif not self._rate.take(key, now):
                    reason = _too_many("your address connects too often; try again in a minute")
                else:
                    return Ticket(key, Verdict.ADMITTED, None)
        return Ticket(key, Verdict.REFUSED if is_heard else Verdict.CUT, reason)

    def logged_in(self, ticket: Ticket) -> None:
        """It is a newcomer no more."""
        if ticket.is_newcomer:
            ticket.is_newcomer = False
            if ticket.key is not None:
                self._addresses[ticket.key].newcomers -= 1

    def leave(self, ticket: Ticket) -> None:
        """It is closed."""
        self.logged_in(ticket)
        self._connections -= 1
        if ticket.key is None:
            return
        address = self._addresses[ticket.key]
        address.connections -= 1
        address.refused -= ticket.verdict is not Verdict.ADMITTED
        if not address.connections:
            del self._addresses[ticket.key]

    def sweep(self, now: float) -> None:
        """Forget who has been quiet; every minute or so is often enough."""
        self._rate.sweep(now)


def _too_many(text: str) -> tuple[Code, str]:
    return Code.TOO_MANY_CONNECTIONS, text
