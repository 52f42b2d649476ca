"""``ud2p peers``: who is known, and what the user says about them, from outside the shell."""

from __future__ import annotations

import json
from dataclasses import asdict

from ud2p.errors import UsageError
from ud2p.identity import check_fingerprint
from ud2p.known_peers import KnownPeers, broker_entry
from ud2p.peer_book import KnownPeer
from ud2p.text import gate, pad_right

ACTIONS = ("list", "replace", "forget", "block", "unblock")


def run_peers(action: str, name: str | None, key: str | None, broker: str, *, as_json: bool) -> None:
    """Do it, and print what is known of the peer then; ``list`` prints everybody.

    :param name: whom it is about
    :param key: for ``replace``: the fingerprint that is the peer's from now on
    :param broker: where the peer is known, ``HOST[:PORT]``
    :raises UsageError: a name or fingerprint is missing or none, or nobody is known by that name
    :raises ConfigError: the file of known peers can't be used
    """
    peers = KnownPeers.load()
    if action == "list":
        if name is not None:
            raise UsageError("list takes no name; see: ud2p peers --help")
        _print(sorted(peers.book.peers.values(), key=lambda peer: peer.place), as_json=as_json)
        return
    if name is None:
        raise UsageError(f"{action} whom? say: ud2p peers {action} NAME{' SHA256:...' if action == 'replace' else ''}")
    place = broker_entry(broker)
    change_peer(peers, action, place, name, key)
    peer = peers.book.get(place, name)
    _print([peer] if peer is not None else [], as_json=as_json)


def change_peer(peers: KnownPeers, action: str, broker: str, name: str, key: str | None) -> None:
    """What ``ud2p peers`` and the shell do about one peer.

    :param broker: see :func:`~ud2p.known_peers.broker_entry`
    :raises UsageError: a fingerprint is missing or none, or nobody is known by that name
    :raises ConfigError: the file of known peers can't be used
    """
    if action == "replace":
        if key is None:
            raise UsageError(f"by which key? say its fingerprint, as {name} reads it out: replace {name} SHA256:...")
        peers.replace(broker, name, check_fingerprint(key))
        return
    if key is not None:
        raise UsageError(f"{action} takes a name and nothing else")
    {"forget": peers.forget, "block": peers.block, "unblock": peers.unblock}[action](broker, name)


def _print(known: list[KnownPeer], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([{**asdict(peer), "trust": peer.word} for peer in known], indent=2))
        return
    columns = [max((len(getattr(peer, each)) for peer in known), default=0) for each in ("name", "broker")]
    for peer in known:
        cells = (
            pad_right(peer.name, columns[0]),
            pad_right(peer.broker, columns[1]),
            f"{peer.word:<10}",
            peer.key or "",
        )
        print(gate("  ".join(cells).rstrip()))
