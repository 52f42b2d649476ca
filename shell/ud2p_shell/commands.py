"""The commands, as both shells run them: in the menu by their name, in a chat behind a ``/``.

A command takes what was typed behind it. It shows what it has to say and raises :class:`UD2PError` for a sentence.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import ChatError, InvitationFailed, UsageError
from ud2p_shell.plugin_table import plugin_table

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.client import Page
    from ud2p_shell.desk import Desk

PAGE_SIZE = 50


class Commands:
    """What can be typed in either shell."""

    def __init__(self, desk: Desk, ask: Callable[[screen.Prompt], str | None]) -> None:
        """
        :param ask: asks for one line with a prompt event; None when there is no answer
        """
        self.desk = desk
        self._ask = ask
        self._cursor: str | None = None
        self._prefix = ""
        self._only_available = False
        self.table: dict[str, tuple[Callable[[str], None], str]] = {
            "list": (self.list, "list [PREFIX]: everyone connected to the server"),
            "more": (self.more, "more: the next page of the list"),
            "status": (self.status, "status [online|offline]: whether others can invite you"),
            "accept": (self.accept, "accept [NAME]: say yes to who asked"),
            "decline": (self.decline, "decline [NAME] [REASON]: say no to who asked"),
            "theme": (self.theme, "theme [NAME]: how everything looks"),
            "plugins": (self.plugins, "plugins: what is installed"),
        }

    def run(self, name: str, arguments: str) -> bool:
        """Run a command that both shells know, of ud2p's own or a plugin's.

        :returns: whether there is one of that name
        """
        name = name.casefold()
        if name in self.table:
            self.table[name][0](arguments.strip())
            return True
        info = self.desk.plugins.commands.get(name)
        if info is None:
            return False
        info.run(self.desk, arguments.strip())
        return True

    def names(self) -> list[str]:
        """The names of these commands."""
        return [*self.table, *self.desk.plugins.commands]

    def summaries(self) -> list[tuple[str, str]]:
        """How each is used, and what it does."""
        own = [_split(summary) for _, summary in self.table.values()]
        return own + [(name, info.summary) for name, info in self.desk.plugins.commands.items()]

    # who is there

    def list(self, prefix: str) -> None:
        """Everyone else connected, or those whose name begins with ``prefix``."""
        self._start_list(prefix, only_available=False)

    def available(self) -> None:
        """Those who can be connected to."""
        self._start_list("", only_available=True)

    def more(self, _: str) -> None:
        """The next page of the list last shown."""
        if self._cursor is None:
            raise UsageError("there is no more of the list; list shows it from the start")
        self._show_page()

    def _start_list(self, prefix: str, *, only_available: bool) -> None:
        self._prefix, self._cursor, self._only_available = prefix, "", only_available
        self.desk.listed = []
        self.desk.stage.show(screen.Updating())
        self._show_page()

    def _show_page(self) -> None:
        client, listed = self.desk.client, self.desk.listed
        ask = client.available if self._only_available else client.list
        page: Page = self.desk.wait(ask(self._prefix, self._cursor or "", PAGE_SIZE))
        others = [one for one in page.clients if one.name.casefold() != client.name.casefold()]
        people = tuple(
            screen.ListedPerson(number, one.name, one.online, one.address, "")
            for number, one in enumerate(others, len(listed) + 1)
        )
        listed += [one.name for one in others]
        self.desk.known_names.update(listed)
        self._cursor = page.cursor
        is_counted = not self._only_available and client.name.casefold().startswith(self._prefix.casefold())
        total = page.total - 1 if is_counted else page.total
        more = page.cursor is not None
        self.desk.stage.show(screen.ClientList(people, total, more, self._only_available, self._prefix))
        if more:
            self.desk.say("Type more for the next ones, or list with the beginning of a name")

    # inviting

    def connect(self, who: str) -> Chat | None:
        """Invite ``who`` (a name, or a number of the list last shown) and wait; asks whom when it is empty."""
        desk = self.desk
        if not desk.client.online:
            desk.stage.show(screen.OfflineRefusal())
            return None
        if not who:
            self.available()
            if not desk.listed:
                return None
            who = (self._ask(screen.ChooseClientPrompt()) or "").strip()
            if who.casefold() in ("", "q"):
                return None
        peer = self._person(who)
        desk.stage.show(screen.WaitingForAnswer(peer))
        try:
            return desk.open_chat(desk.client.invite(peer))
        except KeyboardInterrupt:
            desk.stage.show(screen.InvitationOver(peer, "withdrawn", outgoing=True, text=""))
        except InvitationFailed as error:
            desk.stage.show(screen.InvitationOver(peer, error.reason, outgoing=True, text=error.words))
        except ChatError:
            pass  # The client's ChatFailed event has shown it.
        return None

    def answer_waiting(self) -> Chat | None:
        """Open the chat that the user said yes to."""
        desk = self.desk
        invitation, desk.invitation_to_accept = desk.invitation_to_accept, None
        if invitation is None:
            return None
        try:
            return desk.open_chat(desk.client.answer(invitation, accept=True))
        except ChatError:
            return None  # The client's ChatFailed event has shown it.

    def accept(self, peer: str) -> None:
        """Say yes to a question."""
        if not self.desk.questions.answer(peer, True):
            raise UsageError(_nobody(peer))

    def decline(self, arguments: str) -> None:
        """Say no to a question, with a reason if one is given."""
        peer, _, reason = arguments.partition(" ")
        if not self.desk.questions.answer(peer, False, reason.strip()):
            raise UsageError(_nobody(peer))

    def _person(self, who: str) -> str:
        if not who.isdecimal():
            return who
        listed = self.desk.listed
        if not 1 <= int(who) <= len(listed):
            what = f"the list has the numbers 1 to {len(listed)}" if listed else "no list was shown yet"
            raise UsageError(f"{what}; type list, then the number or the name")
        return listed[int(who) - 1]

    # the rest

    def status(self, wanted: str) -> None:
        """Be Online or Offline; asks which when nothing is given."""
        if not wanted:
            self.desk.stage.show(screen.StatusChoice())
            wanted = (self._ask(screen.ChooseStatusPrompt()) or "").strip()
            if not wanted:
                return
        online = {"1": True, "online": True, "2": False, "offline": False}.get(wanted.casefold())
        if online is None:
            raise UsageError("a status is online (1) or offline (2)")
        self.desk.wait(self.desk.client.set_status(online))
        self.desk.stage.show(screen.StatusShown(online))

    def theme(self, name: str) -> None:
        """Change the theme, or list the themes."""
        stage = self.desk.stage
        if name:
            stage.use(name)
            stage.show(screen.Menu(self.desk.client.online))
            return
        themes = tuple((info.name, info.summary) for info in stage.themes.values())
        stage.show(screen.ThemeList(themes, stage.theme_name))

    def plugins(self, _: str) -> None:
        """What is installed."""
        self.desk.stage.show(plugin_table(self.desk.plugins))


def unknown_command(word: str, known: Iterable[str], prefix: str = "") -> UsageError:
    """The error for a command that is not there, with the one that may be meant."""
    close = difflib.get_close_matches(word.casefold(), list(known), n=1)
    hint = f"did you mean {prefix}{close[0]}?" if close else f"{prefix}help shows the commands"
    return UsageError(f"there is no command {prefix}{word}; {hint}")


def _split(summary: str) -> tuple[str, str]:
    usage, _, what = summary.partition(": ")
    return usage, what


def _nobody(peer: str) -> str:
    return f"{peer} has asked nothing; check the name" if peer else "nobody waits for an answer"
