"""The peers that are known, in a file of the state folder.

::

    {"version": 1, "peers": [
      {"broker": "localhost:17280", "name": "bob", "key": "SHA256:2m0...", "verified": true},
      {"broker": "localhost:17280", "name": "carol", "blocked": true}]}

Read anew whenever somebody is looked up, and changed under its lock, so that several shells share what they know. What
can't be understood is reported and never replaced: a file that is gone would make everybody new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from ud2p.addresses import parse_broker
from ud2p.config import state_dir
from ud2p.errors import ConfigError, UsageError
from ud2p.identity import FINGERPRINT_PATTERN
from ud2p.peer_book import KnownPeer, PeerBook, Standing, Trust
from ud2p.protocol.messages import NAME_PATTERN, Name
from ud2p.text import gate
from ud2p.whole_file import locked, write_whole

FILE_NAME = "peers.json"
_VERSION = 1


class _Entry(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    broker: str
    name: Name
    key: Annotated[str, msgspec.Meta(pattern=FINGERPRINT_PATTERN)] | None = None
    verified: bool = False
    blocked: bool = False


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    peers: list[_Entry]


class KnownPeers:
    """The book of one user, in its file; or in memory alone.

    A broker is ``HOST[:PORT]`` here, as the user wrote it.
    """

    def __init__(self, path: Path | None = None) -> None:
        """:param path: the file, which need not exist; None remembers nothing beyond this object"""
        self._path = path
        self._book = PeerBook()

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> KnownPeers:
        """This user's.

        :raises ConfigError: the file is there and can't be read or understood
        """
        peers = cls(state_dir(environ) / FILE_NAME)
        _ = peers.book
        return peers

    @property
    def book(self) -> PeerBook:
        """What is known now.

        :raises ConfigError: the file is there and can't be read or understood
        """
        return self._book if self._path is None else _read(self._path)

    def look_up(self, broker: str, name: str, key: str) -> Trust:
        """See :meth:`PeerBook.look_up`.

        :raises ConfigError: see :attr:`book`; so do all methods below
        """
        return self.book.look_up(broker_entry(broker), name, key)

    def pin(self, broker: str, name: str, key: str) -> Trust:
        """Keep the key of somebody new.

        :returns: what was known before
        """
        before = Trust(Standing.NEW)

        def change(book: PeerBook, entry: str) -> PeerBook:
            nonlocal before
            before = book.look_up(entry, name, key)
            return book.pin(entry, name, key)

        self._change(broker, name, change)
        return before

    def verify(self, broker: str, name: str, key: str) -> None:
        """See :meth:`PeerBook.verify`."""
        self._change(broker, name, lambda book, entry: book.verify(entry, name, key))

    def replace(self, broker: str, name: str, key: str) -> None:
        """See :meth:`PeerBook.replace`."""
        self._change(broker, name, lambda book, entry: book.replace(entry, name, key))

    def block(self, broker: str, name: str) -> None:
        """See :meth:`PeerBook.block`."""
        self._change(broker, name, lambda book, entry: book.block(entry, name))

    def unblock(self, broker: str, name: str) -> None:
        """See :meth:`PeerBook.unblock`."""
        self._change(broker, name, lambda book, entry: book.unblock(entry, name))

    def forget(self, broker: str, name: str) -> None:
        """See :meth:`PeerBook.forget`."""
        self._change(broker, name, lambda book, entry: book.forget(entry, name))

    def _change(self, broker: str, name: str, change: Callable[[PeerBook, str], PeerBook]) -> None:
        entry = broker_entry(broker)
        if not re.match(NAME_PATTERN, name):  # What is written must be understood when it is read.
            raise UsageError(
                f"{gate(name[:80])} is no name; it begins with a letter and has letters, digits, _ . and -"
            )
        if self._path is None:
            self._book = change(self._book, entry)
            return
        try:
            with locked(self._path):
                before = _read(self._path)
                after = change(before, entry)
                if after is not before:
                    write_whole(self._path, _encode(after))
        except OSError as error:
            raise ConfigError(f"{self._path} can't be written ({error.strerror}); make its folder writable") from error


def _read(path: Path) -> PeerBook:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return PeerBook()
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}); make it readable") from error
    try:
        return _decode(content)
    except (ValueError, RecursionError, UsageError) as error:  # msgspec's errors are ValueErrors
        raise ConfigError(
            f"{path} can't be understood ({gate(str(error))}); correct it, or move it away to know nobody any more"
        ) from None


def _decode(content: bytes) -> PeerBook:
    file = msgspec.json.decode(content, type=_File)
    if file.version != _VERSION:
        raise ValueError(f"it is of version {file.version}, and this ud2p knows version {_VERSION}")
    return PeerBook.of(map(_peer, file.peers))


def _peer(entry: _Entry) -> KnownPeer:
    peer = KnownPeer(broker_entry(entry.broker), entry.name, entry.key, entry.verified, entry.blocked)
    if peer.key is None and (peer.verified or not peer.blocked):
        raise ValueError(f"{peer.name} has no key")
    return peer


def _encode(book: PeerBook) -> bytes:
    lines = (
        json.dumps(msgspec.to_builtins(_Entry(peer.broker, peer.name, peer.key, peer.verified, peer.blocked)))
        for _, peer in sorted(book.peers.items())
    )
    return b'{"version": %d, "peers": [%s]}\n' % (_VERSION, ",".join(f"\n  {line}" for line in lines).encode())


def broker_entry(broker: str) -> str:
    """What peers of a broker are known under: its address as the user wrote it, with the port, in lower case.

    :param broker: ``HOST[:PORT]``
    :raises UsageError: it is no address
    """
    host, port = parse_broker(broker)
    return f"[{host}]:{port}".casefold() if ":" in host else f"{host}:{port}".casefold()
