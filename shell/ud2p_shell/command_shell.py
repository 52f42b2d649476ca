"""The commands that can be typed in the menu and, behind a ``/``, in a chat; and those that plugins add.

A command's docstring is its usage and, behind a colon, what it does; ``help`` shows it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import PluginError, UD2PError, UsageError
from ud2p.faults import describe
from ud2p_shell.plugin_commands.in_shell import run_in_shell
from ud2p_shell.terminal import Console, LineShell, Prompt

if TYPE_CHECKING:
    from ud2p_shell.desk import Desk
    from ud2p_shell.prompts import PromptTexts


class CommandShell(LineShell):
    """What both shells have in common."""

    slash = ""
    """What stands before a command in this shell."""

    def __init__(self, console: Console, desk: Desk, texts: PromptTexts, prompt: Prompt) -> None:
        super().__init__(console, prompt)
        self.desk = desk
        self.texts = texts

    def do_list(self, prefix: str) -> None:
        """list [PREFIX]: everyone connected to the server"""
        self.desk.people.show(prefix)

    def do_more(self, _: str) -> None:
        """more: the next page of the list"""
        self.desk.people.show_more()

    def do_status(self, wanted: str) -> None:
        """status [online|offline]: whether others can invite you"""
        if not wanted:
            self.desk.stage.show(screen.StatusChoice())
            wanted = self.ask(screen.ChooseStatusPrompt())
            if not wanted:
                return
        online = {"1": True, "online": True, "2": False, "offline": False}.get(wanted.casefold())
        if online is None:
            raise UsageError("a status is online (1) or offline (2)")
        self.desk.wait(self.desk.client.set_status(online))
        self.desk.stage.show(screen.StatusShown(online))

    def do_accept(self, peer: str) -> None:
        """accept [NAME]: say yes to who asked"""
        if not self.desk.questions.answer(peer, True):
            raise UsageError(_nobody(peer))

    def do_decline(self, arguments: str) -> None:
        """decline [NAME [REASON]]: say no to who asked"""
        peer, _, reason = arguments.partition(" ")
        if not self.desk.questions.answer(peer, False, reason.strip()):
            raise UsageError(_nobody(peer))

    def do_verify(self, _: str) -> None:
        """verify: compare four words with your peer, by voice or in person"""
        self.desk.trusting.ask_about_words(self.desk.chat)

    def do_trust(self, arguments: str) -> None:
        """trust NAME SHA256:...: take a peer's new key, which you asked the peer about"""
        self.desk.trusting.take_key(arguments)

    def do_block(self, name: str) -> None:
        """block NAME: decline unseen what somebody asks"""
        self.desk.trusting.block(name)

    def do_unblock(self, name: str) -> None:
        """unblock NAME: take that back"""
        self.desk.trusting.unblock(name)

    def do_peers(self, _: str) -> None:
        """peers: whom you have met here, with their keys"""
        self.desk.trusting.list_known()

    def do_theme(self, name: str) -> None:
        """theme [NAME]: how everything looks"""
        stage = self.desk.stage
        if name:
            stage.use(name)
            stage.show(screen.Menu(self.desk.client.online))
            return
        themes = tuple((info.name, info.summary) for info in stage.themes.values())
        stage.show(screen.ThemeList(themes, stage.theme_name))

    def do_plugins(self, arguments: str) -> None:
        """plugins [ACTION NAME]: what is installed; actions are info, enable, disable, check, new"""
        run_in_shell(self.desk, arguments)

    def do_help(self, _: str) -> None:
        """help: this list"""
        own = [getattr(self, f"do_{name}").__doc__.partition(": ") for name in self.own_commands()]
        hidden = self.own_commands()
        plugins = [(n, "", info.summary) for n, info in self.desk.plugins.commands.items() if n not in hidden]
        items = [(self.slash + usage, what) for usage, _, what in own + plugins]
        self.desk.stage.show(screen.HelpList((*self.help_first(), *items)))

    def help_first(self) -> list[tuple[str, str]]:
        """What ``help`` shows before the commands."""
        return []

    def default(self, line: str) -> None:
        """A command of a plugin, or none."""
        word, _, arguments = line.partition(" ")
        info = self.desk.plugins.commands.get(word.casefold())
        if info is None:
            raise self._unknown(word)
        try:
            info.run(self.desk, arguments.strip())
        except UD2PError:
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            package = self.desk.plugins.package_of("command", info.name)
            origin = f" of {package}" if package else ""
            raise PluginError(f"the command {info.name}{origin} failed ({describe(error)}); tell its author") from error

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        """Commands are words in any case; ``?`` is help, and ``!`` is nothing special."""
        command, _, arguments = line.strip().partition(" ")
        return "help" if command == "?" else command.casefold(), arguments.strip(), line.strip()

    def complain(self, error: UD2PError) -> None:
        """A sentence."""
        self.desk.stage.fail(error)

    # for the shells made of it

    def ask(self, prompt: screen.Prompt) -> str:
        """One line of the user's in the middle of a command; empty when there is none."""
        return (self.input.ask(self.texts.text(prompt)) or "").strip()

    def own_commands(self) -> list[str]:
        """The commands of this shell, ``help`` last, numbers left out."""
        names = [name.removeprefix("do_") for name in self.get_names() if name.startswith("do_")]
        return sorted((name for name in names if not name.isdecimal()), key=lambda name: (name == "help", name))

    def command_names(self) -> list[str]:
        """Every word that is a command now."""
        return [*self.own_commands(), *self.desk.plugins.commands]

    def _unknown(self, word: str) -> UsageError:
        close = difflib.get_close_matches(word.casefold(), self.command_names(), n=1)
        hint = f"did you mean {self.slash}{close[0]}?" if close else f"{self.slash}help shows the commands"
        return UsageError(f"there is no command {self.slash}{word}; {hint}")


def _nobody(peer: str) -> str:
    return f"{peer} has asked nothing; check the name" if peer else "nobody waits for an answer"
