"""The menu: a ``cmd.Cmd`` with the seed's four numbers and the commands behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import UD2PError, UsageError
from ud2p_shell.chat_shell import ChatShell
from ud2p_shell.commands import Commands, unknown_command
from ud2p_shell.desk import OPEN_CHAT
from ud2p_shell.prompts import PromptTexts
from ud2p_shell.terminal import Console, LineShell, Prompt, complete_commands, complete_words

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p_shell.desk import Desk


NUMBERS = {"1": "list", "2": "connect", "3": "status", "4": "exit"}


class MenuShell(LineShell):
    """Reads commands until ``exit`` or the end of the input."""

    def __init__(self, console: Console, desk: Desk, history: Path | None) -> None:
        """
        :param history: the file that keeps the commands typed
        """
        self.desk = desk
        self._texts = PromptTexts(desk)
        self.commands = Commands(desk, self._ask)
        names = complete_words(lambda: desk.known_names)
        arguments = {
            "connect": names,
            "accept": names,
            "decline": names,
            "list": names,
            "theme": complete_words(lambda: desk.stage.themes),
            "status": complete_words(lambda: ["online", "offline"]),
        }
        super().__init__(
            console,
            Prompt(
                text=lambda: self._texts.prompt(screen.MenuPrompt(desk.client.online)),
                toolbar=self._texts.status_bar,
                placeholder=self._texts.placeholder,
                ticking=self._texts.is_ticking,
                completer=complete_commands(self._words, arguments),
                history=history,
            ),
        )
        desk.menu_input = self.input

    # what a line does

    def run_line(self, line: str) -> bool:
        """A command, an answer, or a word of the desk's."""
        if line == OPEN_CHAT:
            chat = self.desk.next_chat()
            return chat is not None and self._chat(chat)
        if self.desk.questions.is_answer(line, self.input.last_line_begun_at):
            self.desk.questions.answer_line(line)
            return self._enter_accepted()
        stop = super().run_line(line)
        return stop or self._enter_accepted()

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        """Commands are words in any case; ``?`` is help, and ``!`` is nothing special."""
        command, _, arguments = line.strip().partition(" ")
        return command.casefold(), arguments.strip(), line.strip()

    def default(self, line: str) -> None:
        """A command of either shell, of a plugin, or none."""
        word, _, arguments = line.partition(" ")
        if not self.commands.run(word, arguments):
            raise unknown_command(word, self._words())

    # the commands that only the menu has

    def do_connect(self, who: str) -> bool:
        """connect [NAME|NUMBER]: ask somebody for a chat"""
        chat = self.commands.connect(who)
        return chat is not None and self._chat(chat)

    def do_sendf(self, _: str) -> None:
        """sendf FILE: send a file (in a chat)"""
        raise UsageError("a file goes to the one you chat with; connect to somebody first")

    def do_exit(self, _: str) -> bool:
        """exit: leave"""
        return True

    def do_help(self, _: str) -> None:
        """help: this list"""
        own = [self.do_connect, self.do_sendf, self.do_exit, self.do_help]
        usages = [(command.__doc__ or "").partition(": ") for command in own]
        numbers = [(number, f"the same as {name}") for number, name in NUMBERS.items()]
        items = [*numbers, *self.commands.summaries(), *((usage, what) for usage, _, what in usages)]
        self.desk.stage.show(screen.HelpList(tuple(items)))

    def do_1(self, arguments: str) -> None:
        """list"""
        self.commands.list(arguments)

    def do_2(self, who: str) -> bool:
        """connect"""
        return self.do_connect(who)

    def do_3(self, wanted: str) -> None:
        """status"""
        self.commands.status(wanted)

    def do_4(self, arguments: str) -> bool:
        """exit"""
        return self.do_exit(arguments)

    # the ends

    def interrupted(self) -> None:
        """Ctrl-C says how to leave."""
        self.desk.say("Type exit, or press Ctrl-D, to leave")

    def complain(self, error: UD2PError) -> None:
        """A sentence."""
        self.desk.stage.fail(error)

    # inside

    def _words(self) -> list[str]:
        return [*self.commands.names(), "connect", "sendf", "exit", "help"]

    def _ask(self, prompt: screen.Prompt) -> str | None:
        return self.input.ask(self._texts.text(prompt))

    def _enter_accepted(self) -> bool:
        """Go into the chat that the user said yes to, if there is one."""
        chat = self.commands.answer_waiting()
        return chat is not None and self._chat(chat)

    def _chat(self, chat: Chat) -> bool:
        """Chat until it is over, and go on to the next that waits.

        :returns: whether the user wants to leave the program
        """
        following: Chat | None = chat
        while following is not None:
            self.desk.enter(following)
            shell = ChatShell(self.console, self.desk, self._texts, self.commands, following)
            shell.run()
            self.desk.chat = None
            if shell.wants_exit or shell.input.at_end:
                return True
            self.desk.stage.show(screen.StatusShown(self.desk.client.online))
            following = self.commands.answer_waiting() or self.desk.next_chat()
        return False
