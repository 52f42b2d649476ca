"""Two sessions whose ends have several addresses, in several networks, and change them: NATs are addresses that nobody
tells of."""

from __future__ import annotations

from typing import Any

from tests.support.ciphers import AES_GCM
from tests.support.lossy_link import Sent, SessionPair

from ud2p.contracts import Address
from ud2p.protocol.keys import Role
from ud2p.protocol.session import State


class NetworkedPair(SessionPair):
    """As :class:`SessionPair`, on networks by name: ``places[role]["lan"]`` is where ``role`` is in the network lan."""

    def __init__(self, places: dict[Role, dict[str, Address]], **options: Any) -> None:
        super().__init__(AES_GCM, **options)
        self.places = places
        self.dead: set[str] = set()
        """Networks that carry nothing."""

    def route(self, sent: Sent) -> Address | None:
        """A datagram goes out by the network that its target is in."""
        for network, address in self.places[sent.sender.other].items():
            if address == sent.to and network not in self.dead:
                return self.places[sent.sender].get(network)
        return None

    def tell(self, role: Role, *addresses: Address) -> None:
        """``role`` tells the other its candidates."""
        self.ends[role].send_candidates(addresses, self.now)
        self.pump()

    def settle(self, within_s: float = 30.0) -> None:
        """Let time pass until both are open and everything was acknowledged."""
        self.run_until(lambda: all(end.state is State.OPEN and end.is_idle for end in self.ends.values()), within_s)

    def network_of(self, role: Role) -> str:
        """By which network ``role`` sends; empty when that leads nowhere."""
        to = self.ends[role].address
        return next((name for name, address in self.places[role.other].items() if address == to), "")
