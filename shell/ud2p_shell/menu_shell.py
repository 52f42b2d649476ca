"""The menu: a ``cmd.Cmd`` with the seed's four numbers and the commands behind them."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ud2p import screen
from ud2p.errors import ChatError, InvitationFailed, UD2PError, UsageError
from ud2p.failures import MAX_FAILED_INTRODUCTIONS
from ud2p_shell.chat_shell import ChatShell
from ud2p_shell.command_shell import CommandShell
from ud2p_shell.desk import OPEN_CHAT
from ud2p_shell.prompts import PromptTexts
from ud2p_shell.terminal import Console, Prompt, complete_commands, complete_words

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p_shell.desk import Desk


class MenuShell(CommandShell):
    """Reads commands until ``exit`` or the end of the input."""

    def __init__(self, console: Console, desk: Desk, history: Path | None) -> None:
        """
        :param history: the file that keeps the commands typed
        """
        texts = PromptTexts(desk)
        names = complete_words(lambda: desk.known_names)
        arguments = {
            **dict.fromkeys(("connect", "accept", "decline", "list", "block", "unblock", "trust"), names),
            "theme": complete_words(lambda: desk.stage.themes),
            "status": complete_words(lambda: ["online", "offline"]),
            "plugins": complete_words(lambda: ["info", "enable", "disable", "new", "check"]),
        }
        prompt = Prompt(
            text=lambda: texts.prompt(screen.MenuPrompt(desk.client.online)),
            toolbar=texts.status_bar,
            placeholder=texts.placeholder,
            ticking=texts.is_ticking,
            completer=complete_commands(lambda: self.command_names(), arguments),
            history=history,
        )
        super().__init__(console, desk, texts, prompt)
        self.exit_code = 0
        """What the program ends with."""
        desk.menu_input = self.input
        for name in set(self.own_commands()).intersection(desk.plugins.commands):
            package = desk.plugins.package_of("command", name)
            desk.say(f"The command {name} of {package} is hidden by ud2p's own; its author should rename it")

    def run_line(self, line: str) -> bool:
        """A command, an answer, or a word of the desk's."""
        if line == OPEN_CHAT:
            chat = self.desk.next_chat()
            return chat is not None and self._chat(chat)
        if self.desk.questions.is_answer(line, self.input.last_line_begun_at):
            self.desk.questions.answer_line(line)
        elif super().run_line(line):
            return True
        accepted = self._open_accepted()
        return (accepted is not None and self._chat(accepted)) or self.exit_code != 0

    def do_connect(self, who: str) -> bool:
        """connect [NAME|NUMBER]: ask somebody for a chat"""
        try:
            return self._connect(who)
        except UD2PError as error:
            if self.console.is_interactive:
                raise
            self.complain(error)
            self._give_up_on_pipes(error.exit_code)
            return True

    def _connect(self, who: str) -> bool:
        if not self.desk.client.online:
            self.desk.stage.show(screen.OfflineRefusal())
            self._give_up_on_pipes(UD2PError.exit_code)
            return False
        if not who:
            self.desk.people.show(only_available=True)
            who = self.ask(screen.ChooseClientPrompt()) if self.desk.people.names else ""
            if who.casefold() in ("", "q"):
                return False
        peer = self.desk.people.find(who)
        failures = self.desk.client.failures(peer)
        if failures >= MAX_FAILED_INTRODUCTIONS and self.console.is_interactive:
            self.desk.stage.show(screen.FailuresWarning(peer, failures))
            if self.ask(screen.RetryPrompt(peer)).casefold() != "y":
                return False
        self.desk.stage.show(screen.WaitingForAnswer(peer))
        invite = self.desk.client.invite(peer, despite_failures=self.console.is_interactive)
        chat = self._open(peer, invite)
        return chat is not None and self._chat(chat)

    def do_sendf(self, _: str) -> None:
        """sendf FILE: send a file (in a chat)"""
        raise UsageError("a file goes to the one you chat with; connect to somebody first")

    def do_exit(self, _: str) -> bool:
        """exit: leave"""
        return True

    def do_1(self, arguments: str) -> None:
        """list"""
        self.do_list(arguments)

    def do_2(self, who: str) -> bool:
        """connect"""
        return self.do_connect(who)

    def do_3(self, wanted: str) -> None:
        """status"""
        self.do_status(wanted)

    def do_4(self, _: str) -> bool:
        """exit"""
        return True

    def help_first(self) -> list[tuple[str, str]]:
        """The numbers."""
        return [(str(number), f"the same as {getattr(self, f'do_{number}').__doc__}") for number in range(1, 5)]

    def interrupted(self) -> None:
        """Ctrl-C says how to leave."""
        self.desk.say("Type exit, or press Ctrl-D, to leave")

    def _open_accepted(self) -> Chat | None:
        """The chat that the user said yes to, if there is one."""
        invitation, self.desk.invitation_to_accept = self.desk.invitation_to_accept, None
        if invitation is None:
            return None
        return self._open(invitation.peer, self.desk.client.answer(invitation, accept=True))

    def _open(self, peer: str, work: Coroutine[Any, Any, Chat | None]) -> Chat | None:
        """Wait for a chat; None, with the reason on the screen, when there will be none."""
        try:
            return self.desk.open_chat(work)
        except KeyboardInterrupt:
            self.desk.stage.show(screen.InvitationOver(peer, "withdrawn", outgoing=True, text=""))
        except InvitationFailed as error:
            self.desk.stage.show(screen.InvitationOver(peer, error.reason, outgoing=True, text=error.words))
            self._give_up_on_pipes(error.exit_code)
        except ChatError as error:  # The client's ChatFailed event has shown it.
            self._give_up_on_pipes(error.exit_code)
        return None

    def _give_up_on_pipes(self, exit_code: int) -> None:
        """What follows on a pipe was written for a chat: no line of it may be taken for a command."""
        if not self.console.is_interactive:
            self.exit_code = exit_code

    def _chat(self, chat: Chat) -> bool:
        """Chat until it is over, and go on to the next that waits.

        :returns: whether the user wants to leave the program
        """
        following: Chat | None = chat
        while following is not None:
            self.desk.enter(following)
            shell = ChatShell(self.console, self.desk, self.texts, following)
            shell.run()
            self.desk.chat = None
            if shell.wants_exit or (shell.input.at_end and not self.console.is_interactive):
                return True
            self.desk.stage.show(screen.StatusShown(self.desk.client.online))
            following = self._open_accepted() or self.desk.next_chat()
        return False
