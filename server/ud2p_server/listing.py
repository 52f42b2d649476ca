"""Pages of clients, as the directory gives them out and the wire takes them."""

from __future__ import annotations

from collections.abc import Iterable

from ud2p.contracts.directory import Directory, Entry
from ud2p.protocol.messages import AvailablePage, AvailableRequest, ListedClient, ListPage, ListRequest
from ud2p_server.client import Client

MAX_LISTED = 250
MAX_LISTED_WITH_ADDRESS = 120
"""Clients on a page: as many of the longest names (and addresses) as a line of 16 KiB holds."""


async def list_everybody(directory: Directory, request: ListRequest, show_addresses: bool) -> ListPage:
    """Answer ``$L$``. The page may hold fewer than were asked for."""
    limit = _limit(request.limit, show_addresses)
    page = await directory.page(prefix=request.prefix, cursor=request.cursor, limit=limit, only_online=False)
    return ListPage(re=request.id, clients=_listed(page.entries, show_addresses), total=page.total, cursor=page.cursor)


async def list_available(
    directory: Directory, request: AvailableRequest, show_addresses: bool, asker: Client
) -> AvailablePage:
    """Answer ``$C$``: those who are Online, the asker left out. The page may hold fewer than were asked for."""
    limit = _limit(request.limit, show_addresses)
    page = await directory.page(prefix=request.prefix, cursor=request.cursor, limit=limit, only_online=True)
    others, cursor = tuple([entry for entry in page.entries if entry.route != asker.route]), page.cursor
    if len(others) < len(page.entries) and cursor is not None:
        # In the asker's place one more, so that a page is empty only where nobody is left.
        more = await directory.page(prefix=request.prefix, cursor=cursor, limit=1, only_online=True)
        others, cursor = others + more.entries, more.cursor
    is_counted = asker.online and asker.name.casefold().startswith(request.prefix.casefold())
    total = max(page.total - is_counted, len(others))
    return AvailablePage(re=request.id, clients=_listed(others, show_addresses), total=total, cursor=cursor)


def _limit(asked: int, show_addresses: bool) -> int:
    return min(asked, MAX_LISTED_WITH_ADDRESS if show_addresses else MAX_LISTED)


def _listed(entries: Iterable[Entry], show_addresses: bool) -> tuple[ListedClient, ...]:
    if show_addresses:
        return tuple([ListedClient(entry.name, entry.online, entry.address) for entry in entries])
    return tuple([ListedClient(entry.name, entry.online) for entry in entries])
