"""The list of people last shown, page by page; numbers that the user types mean its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import UsageError

if TYPE_CHECKING:
    from ud2p.client import Page
    from ud2p_shell.desk import Desk

PAGE_SIZE = 50


class PeopleList:
    """Asks the broker who is there and shows it, this client left out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.names: list[str] = []
        """Who was shown, in the order of their numbers."""
        self._cursor: str | None = None
        self._prefix = ""
        self._only_available = False

    def show(self, prefix: str = "", *, only_available: bool = False) -> None:
        """The first page.

        :param prefix: only names that begin so
        :param only_available: only those who are Online
        """
        self._prefix, self._cursor, self._only_available = prefix, "", only_available
        self.names = []
        self._desk.stage.show(screen.Updating())
        self._show_page()

    def show_more(self) -> None:
        """The next page.

        :raises UsageError: when there is none
        """
        if not self._cursor:
            raise UsageError("there is no more of the list; list shows it from the start")
        self._show_page()

    def find(self, who: str) -> str:
        """The name that ``who`` means: a number of the list, or a name.

        :raises UsageError: when it is no number of the list
        """
        if not who.isdecimal():
            return who
        if not 1 <= int(who) <= len(self.names):
            what = f"the list has the numbers 1 to {len(self.names)}" if self.names else "no list was shown yet"
            raise UsageError(f"{what}; type list, then the number or the name")
        return self.names[int(who) - 1]

    def _show_page(self) -> None:
        client = self._desk.client
        ask = client.available if self._only_available else client.list
        page: Page = self._desk.wait(ask(self._prefix, self._cursor or "", PAGE_SIZE))
        self._cursor = page.cursor
        others = [one for one in page.clients if one.name.casefold() != client.name.casefold()]
        people = tuple(
            screen.ListedPerson(number, one.name, one.online, one.address, self._desk.trusting.word(one.name))
            for number, one in enumerate(others, len(self.names) + 1)
        )
        self.names += [one.name for one in others]
        self._desk.known_names.update(self.names)
        more = page.cursor is not None
        total = page.total - self._counts_self()
        self._desk.stage.show(screen.ClientList(people, total, more, self._only_available, self._prefix))
        if more:
            self._desk.say("Type more for the next ones, or list with the beginning of a name")

    def _counts_self(self) -> bool:
        """Whether the broker's total has this client in it: it is in ``$L$``, never in ``$C$``."""
        return not self._only_available and self._desk.client.name.casefold().startswith(self._prefix.casefold())
