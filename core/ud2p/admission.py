"""Who may chat with this client: what is known of a peer, and what the user demands, against the key that it proved."""

from __future__ import annotations

from ud2p.addresses import DEFAULT_BROKER
from ud2p.errors import PeerNotTrusted
from ud2p.identity import check_fingerprint
from ud2p.known_peers import KnownPeers, broker_entry
from ud2p.peer_book import Standing, Trust


class Admission:
    """At one broker."""

    def __init__(self, peers: KnownPeers, broker: str, *, peer_key: str | None, require_verified: bool) -> None:
        """
        :param broker: ``HOST[:PORT]``, as the user wrote it
        :param peer_key: the fingerprint that every peer must have; None leaves it to what is known
        :param require_verified: whether only verified peers will do
        :raises UsageError: ``peer_key`` is no fingerprint
        """
        self.peers = peers
        self.broker = broker_entry(broker)
        self._peer_key = None if peer_key is None else check_fingerprint(peer_key)
        self._require_verified = require_verified

    def check_name(self, name: str) -> None:
        """Whether the user wants anything to do with a name at all; its key is not known yet.

        :raises PeerNotTrusted: no
        """
        peer = self.peers.book.get(self.broker, name)
        if peer is not None and peer.blocked:
            raise PeerNotTrusted(f"{name} is blocked; to chat with {name} again: unblock {name}")
        if self._require_verified and (peer is None or not peer.verified):
            raise PeerNotTrusted(f"{name} is not verified, and only verified peers are wanted; verify {name} first")

    def admit(self, name: str, key: str) -> Trust:
        """Let a peer in, and keep the key of one who is new.

        :param key: the fingerprint of the key that the peer proved to have
        :raises PeerNotTrusted: it is not to be let in; has both fingerprints where there are two
        :raises ConfigError: the file of known peers can't be used
        """
        trust = self.peers.look_up(self.broker, name, key)
        if trust.standing is Standing.BLOCKED:
            raise PeerNotTrusted(f"{name}, or whoever has that key, is blocked; see who is: ud2p peers")
        if self._peer_key is not None and key != self._peer_key:
            raise PeerNotTrusted(
                f"{name} has the key {key}, and the one that is wanted is {self._peer_key}; no chat was opened",
                known=self._peer_key,
                shown=key,
            )
        if trust.standing is Standing.NEW and not self._require_verified:
            trust = self.peers.pin(self.broker, name, key)  # Another shell may have been quicker, with another key.
        if trust.standing is Standing.CHANGED:
            raise self._changed(name, key, trust)
        if self._require_verified and trust.standing is not Standing.VERIFIED:
            raise PeerNotTrusted(f"{name} is not verified, and only verified peers are wanted; verify {name} first")
        return trust

    def _changed(self, name: str, key: str, trust: Trust) -> PeerNotTrusted:
        where = "" if self.broker == DEFAULT_BROKER else f" --broker {self.broker}"
        was = "verified" if trust.was_verified else "unverified"
        return PeerNotTrusted(
            f"{name} shows another key than before: {trust.known} is known ({was}), {key} is shown now. Somebody may "
            f"be posing as {name}: ask by voice or in person. Only if the new key is {name}'s: "
            f"ud2p peers replace {name} {key}{where}",
            known=trust.known,
            shown=key,
            is_change=True,
        )
