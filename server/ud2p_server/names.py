"""Which identity owns which name: what a broker keeps over its restarts, and all that it keeps.

A table in an SQLite file of the state folder, ``names.db``: the name in lower case, and the public Ed25519 key that
took it first. No address, no time, no status. Several processes may use it at once: ``ud2p serve --release`` works
beside a broker that runs, and both sides of a claim see the same table.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from ud2p.contracts.directory import Claim
from ud2p.errors import ConfigError

FILE_NAME = "names.db"
VERSION = 1
BUSY_S = 1.0
"""How long another process's writing is waited for; it is done in a millisecond."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY, owner BLOB NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS names_by_owner ON names (owner)",
)


class OwnedNames:
    """Keeps :class:`ud2p.NameStore`. None of its calls waits for anything but the disk."""

    def __init__(self, path: Path | None) -> None:
        """
        :param path: made if it is not there; None keeps all in memory
        :raises ConfigError: it can't be read, understood or written
        """
        try:
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # what SQLite adds beside it gets the same mode
            self._database = sqlite3.connect(path or ":memory:", timeout=BUSY_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise ConfigError(f"{path} can't be opened ({error}); make its folder writable") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._database.close()
            raise ConfigError(
                f"{path} can't be used ({error}); put a copy back, or move it away: then every name is free again"
            ) from error

    def _prepare(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise sqlite3.DatabaseError("a later version of ud2p wrote it")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last names, never the file
        for statement in _TABLES:
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {VERSION}")

    async def owner(self, name: str) -> bytes | None:
        """See :meth:`ud2p.NameStore.owner`."""
        row = self._database.execute("SELECT owner FROM names WHERE name = ?", (name.casefold(),)).fetchone()
        return None if row is None else bytes(row[0])

    async def claim(self, name: str, owner: bytes, *, most: int, most_in_all: int) -> Claim:
        """See :meth:`ud2p.NameStore.claim`."""
        found = await self.owner(name)
        if found is not None:
            return Claim.OWNED if found == owner else Claim.TAKEN
        if self._count("WHERE owner = ?", owner) >= most:
            return Claim.TOO_MANY
        if self._count("") >= most_in_all:
            return Claim.FULL
        # In one step, for somebody else may have been quicker since.
        self._database.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (name.casefold(), owner))
        return Claim.OWNED if await self.owner(name) == owner else Claim.TAKEN

    async def release(self, name: str) -> bool:
        """See :meth:`ud2p.NameStore.release`."""
        return self._database.execute("DELETE FROM names WHERE name = ?", (name.casefold(),)).rowcount > 0

    async def close(self) -> None:
        """See :meth:`ud2p.NameStore.close`."""
        with suppress(sqlite3.Error):
            self._database.close()

    def _count(self, where: str, *values: object) -> int:
        (count,) = self._database.execute(f"SELECT COUNT(*) FROM names {where}", values).fetchone()  # noqa: S608
        return int(count)
