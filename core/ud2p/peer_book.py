"""What is known of peers: who they were when they were met first, and what the user said about them since.

A peer is known under the broker's address as the user wrote it and the name without regard to case: a name means
something only at one broker. What is known is the fingerprint of the peer's key (:func:`ud2p.identity.fingerprint`).

=========  =======================================================================================
new        never met; its key is kept now (first contact: nobody can know whether it is the peer's)
pinned     the key is the one that was kept
verified   so it is, and the user compared the words with the peer
changed    the key is another one: somebody else has the name now, or is in between
blocked    the user wants nothing from this peer, or from whoever has its key
=========  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from ud2p.errors import PeerNotTrusted, UsageError


class Standing(Enum):
    """See the module."""

    NEW = "new"
    PINNED = "pinned"
    VERIFIED = "verified"
    CHANGED = "changed"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of a peer that showed a key."""

    standing: Standing
    known: str = ""
    """The fingerprint that was kept; empty when none was."""
    was_verified: bool = False
    """Whether that one was verified."""

    @property
    def word(self) -> str:
        """``verified`` or ``unverified``, as it stands on screens."""
        return "verified" if self.standing is Standing.VERIFIED else "unverified"


@dataclass(frozen=True, slots=True)
class KnownPeer:
    """One entry."""

    broker: str
    """``HOST:PORT``, in lower case."""
    name: str
    """As the peer spelt it."""
    key: str | None = None
    """A fingerprint; None of somebody who was blocked before they were met."""
    verified: bool = False
    blocked: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """What it is known under."""
        return self.broker.casefold(), self.name.casefold()

    @property
    def word(self) -> str:
        """What stands beside the name in lists."""
        return "blocked" if self.blocked else "verified" if self.verified else "unverified"


@dataclass(frozen=True, slots=True)
class PeerBook:
    """Everybody who is known. Never changed: each method that would gives another one."""

    peers: Mapping[tuple[str, str], KnownPeer] = field(default_factory=dict)

    @classmethod
    def of(cls, peers: Iterable[KnownPeer]) -> PeerBook:
        """A book of ``peers``.

        :raises ValueError: two of them are known under the same name at the same broker
        """
        book: dict[tuple[str, str], KnownPeer] = {}
        for peer in peers:
            if peer.place in book:
                raise ValueError(f"{peer.name} at {peer.broker} stands there twice")
            book[peer.place] = peer
        return cls(book)

    def get(self, broker: str, name: str) -> KnownPeer | None:
        """Who is known under a name."""
        return self.peers.get((broker.casefold(), name.casefold()))

    def is_blocked(self, broker: str, name: str) -> bool:
        """Whether the user wants nothing from that name."""
        peer = self.get(broker, name)
        return peer is not None and peer.blocked

    def look_up(self, broker: str, name: str, key: str) -> Trust:
        """What to think of a peer.

        :param key: the fingerprint of the key that it proved to have
        """
        peer = self.get(broker, name)
        known, verified = (peer.key or "", peer.verified) if peer is not None else ("", False)
        if self.is_blocked(broker, name) or any(each.blocked and each.key == key for each in self.peers.values()):
            return Trust(Standing.BLOCKED, known, verified)
        if not known:
            return Trust(Standing.NEW)
        if known != key:
            return Trust(Standing.CHANGED, known, verified)
        return Trust(Standing.VERIFIED if verified else Standing.PINNED, known, verified)

    def pin(self, broker: str, name: str, key: str) -> PeerBook:
        """Keep the key of somebody new; nobody else's is touched."""
        if self.look_up(broker, name, key).standing is not Standing.NEW:
            return self
        return self._with(KnownPeer(broker.casefold(), name, key))

    def verify(self, broker: str, name: str, key: str) -> PeerBook:
        """The user has compared the words with the peer who has this key.

        :raises PeerNotTrusted: the name has another key by now, or is blocked
        """
        standing = self.look_up(broker, name, key).standing
        if standing in (Standing.CHANGED, Standing.BLOCKED):
            raise PeerNotTrusted(f"{name} can't be verified: it is {standing.value} by now; connect again")
        return self._with(replace(self.pin(broker, name, key)._known(broker, name), key=key, verified=True))

    def replace(self, broker: str, name: str, key: str) -> PeerBook:
        """Take this key for the peer's from now on, unverified.

        :raises UsageError: nobody is known under that name
        """
        return self._with(replace(self._known(broker, name), key=key, verified=False))

    def block(self, broker: str, name: str) -> PeerBook:
        """Want nothing from a name, and from its key if that is known."""
        return self._with(replace(self.get(broker, name) or KnownPeer(broker.casefold(), name), blocked=True))

    def unblock(self, broker: str, name: str) -> PeerBook:
        """Take that back.

        :raises UsageError: the name is not blocked
        """
        peer = self.get(broker, name)
        if peer is None or not peer.blocked:
            raise UsageError(f"{name} is not blocked; see who is: ud2p peers")
        return self._with(replace(peer, blocked=False)) if peer.key else self.forget(broker, name)

    def forget(self, broker: str, name: str) -> PeerBook:
        """Know nothing of somebody any more; whoever comes by that name next is new.

        :raises UsageError: nobody is known under that name
        """
        place = self._known(broker, name).place
        return PeerBook({each: peer for each, peer in self.peers.items() if each != place})

    def _known(self, broker: str, name: str) -> KnownPeer:
        peer = self.get(broker, name)
        if peer is None:
            raise UsageError(f"nobody called {name} is known at {broker}; see who is: ud2p peers")
        return peer

    def _with(self, peer: KnownPeer) -> PeerBook:
        return PeerBook({**self.peers, peer.place: peer})
