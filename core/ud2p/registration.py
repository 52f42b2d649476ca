"""The registration of a chat's socket at the broker's rendezvous: while a path is looked for, and again when the
connection to the broker is a new one."""

from __future__ import annotations

from ud2p.contracts import Address
from ud2p.protocol.rendezvous import RendezvousClient

AGAIN_S = 5.0
"""How long it is tried again when the broker is back: the chat needs it only where the path is lost."""


class Registration:
    """Asks the rendezvous as long as that is of use, and knows where it saw this end."""

    def __init__(self, client: RendezvousClient, broker: Address) -> None:
        """:param broker: its UDP address"""
        self._client = client
        self.broker = broker
        self.is_wanted = True
        self._until = 0.0
        """Until when it is wanted although a path was found."""

    @property
    def reflexive(self) -> Address | None:
        """Where the broker sees this socket; None until it has answered."""
        return self._client.reflexive

    def begin_again(self, broker: Address, now: float) -> None:
        """The connection to the broker is a new one."""
        self.broker, self.is_wanted, self._until = broker, True, now + AGAIN_S
        self._client.begin_again()

    def receive_datagram(self, datagram: bytes, now: float) -> bool:
        """Take what came to the socket.

        :returns: whether it was for this
        """
        return self.is_wanted and self._client.receive_datagram(datagram, now)

    def datagrams_to_send(self, now: float, *, is_connecting: bool) -> list[bytes]:
        """What goes to the broker now.

        :param is_connecting: whether a path is still looked for
        """
        if self.is_wanted and not is_connecting and now >= self._until:
            self.is_wanted = False
        return self._client.datagrams_to_send(now) if self.is_wanted else []

    def next_timer(self) -> float | None:
        """When the next request is due."""
        return self._client.next_timer() if self.is_wanted else None
