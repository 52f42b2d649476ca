"""Who is logged in to this broker: its connections, and their names in the directory.

Names and statuses are the directory's to know; here stand the connections, by the *route* that its entries carry.
"""

from __future__ import annotations

from ud2p.contracts.directory import Directory, Entry
from ud2p_server.client import Client


class Presence:
    """The logged-in clients of one broker."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self._clients: dict[str, Client] = {}

    def __len__(self) -> int:
        return len(self._clients)

    def __contains__(self, client: Client) -> bool:
        return not client.gone and client.route in self._clients

    def clients(self) -> list[Client]:
        """Everybody."""
        return list(self._clients.values())

    async def add(self, client: Client, name: str, online: bool) -> bool:
        """Log a client in.

        :returns: False when the name is taken
        """
        if not await self.directory.put(Entry(name, online, client.address, client.route)):
            return False
        client.name = name
        client.online = online
        self._clients[client.route] = client
        return True

    async def find(self, name: str) -> Client | None:
        """The client of that name, without regard to case."""
        entry = await self.directory.find(name)
        client = None if entry is None else self._clients.get(entry.route)
        return None if client is None or client.gone else client

    async def holder(self, name: str) -> Client | None:
        """The client that holds a name, also while it goes."""
        entry = await self.directory.find(name)
        return None if entry is None else self._clients.get(entry.route)

    async def set_status(self, client: Client, online: bool) -> bool:
        """Make a client Online or Offline.

        :returns: False when it has been replaced
        """
        if not await self.directory.set_status(client.name, client.route, online):
            return False
        client.online = online
        return True

    def forget(self, client: Client) -> bool:
        """Take a client off this broker; its name goes with :meth:`release`.

        :returns: whether it was here
        """
        return self._clients.pop(client.route, None) is not None

    async def release(self, client: Client) -> None:
        """Free the name that a client holds, if it still does."""
        await self.directory.remove(client.name, client.route)
