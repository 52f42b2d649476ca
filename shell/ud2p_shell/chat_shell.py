"""The chat: a shell inside the menu, in which every line is a message.

=================  ================================================================
``X``              leaves
``sendf [FILE]``   sends a file; asks which when none is given
``/command``       runs a command; one that is not there is an error, never sent
``//...``, `` ...``  sends what follows, whatever it is
``y``, ``n``       answers a question that was on the screen before it was typed
anything else      is a message
=================  ================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import UD2PError, UsageError
from ud2p_shell.commands import Commands, unknown_command
from ud2p_shell.desk import CHAT_OVER
from ud2p_shell.terminal import (
    Completions,
    Console,
    LineShell,
    Prompt,
    complete_commands,
    complete_path,
    complete_paths,
    split_paths,
)

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p_shell.desk import Desk
    from ud2p_shell.prompts import PromptTexts

LEAVE = "X"


class ChatShell(LineShell):
    """Runs until the chat is over or the user leaves."""

    def __init__(self, console: Console, desk: Desk, texts: PromptTexts, commands: Commands, chat: Chat) -> None:
        self._desk = desk
        self._texts = texts
        self._commands = commands
        self._chat = chat
        self._said_files_running = False
        self.wants_exit = False
        """Whether the user wants to leave the program, too."""
        super().__init__(
            console,
            Prompt(
                text=lambda: texts.prompt(screen.ChatPrompt(chat.peer)),
                toolbar=texts.status_bar,
                placeholder=texts.placeholder,
                ticking=texts.is_ticking,
                completer=self._complete_line,
                erase_when_done=True,
                keep_newlines=True,
            ),
        )
        self._complete_command = complete_commands(self._commands.names, {})

    def run(self) -> None:
        """See the class."""
        self._desk.chat_input = self.input
        try:
            super().run()
        finally:
            self._desk.chat_input = None

    def run_line(self, line: str) -> bool:
        """A line of the user's, or a word of the desk's."""
        if line == CHAT_OVER:
            return self._desk.chat is not self._chat
        if line.startswith(("//", " ")):
            self._desk.post(line[1:])
            return False
        is_answer = self._desk.questions.is_answer(line, self.input.last_line_begun_at)
        is_sendf = line.split(None, 1)[:1] == ["sendf"]
        if not (is_answer or is_sendf or line == LEAVE or line.startswith("/")):
            self._desk.post(line)
            return False
        # The prompt takes itself off the screen; what was no message is put back as it was typed.
        self._desk.stage.show(screen.OwnMessage(line, None))
        if is_answer:
            self._desk.questions.answer_line(line)
            return self._made_room()
        if is_sendf:
            self._send_files(line.strip()[len("sendf") :])
            return False
        return self._leave() if line == LEAVE else self._command(line[1:])

    def end_of_input(self) -> bool:
        """What was typed arrives first; then the chat is left."""
        if self._desk.transfers is not None:
            self._desk.transfers.wait(self._chat)
        self._desk.wait(self._chat.flush())
        return self._leave()

    def interrupted(self) -> None:
        """Ctrl-C stops a file that is on its way, else says how to leave."""
        transfers = self._desk.transfers
        if transfers is not None and transfers.is_running(self._chat):
            transfers.cancel(self._chat)
        else:
            self._desk.say("Type X to leave the chat")

    def complain(self, error: UD2PError) -> None:
        """A sentence."""
        self._desk.stage.fail(error)

    def _command(self, line: str) -> bool:
        word, _, arguments = line.partition(" ")
        match word.casefold():
            case "help" | "?":
                self._show_help()
            case "sendf":
                self._send_files(arguments)
            case "leave" | "x":
                return self._leave()
            case "exit":
                self.wants_exit = True
                return self._leave()
            case "connect":
                raise UsageError("you are in a chat; leave it with X, then connect")
            case _ if not self._commands.run(word, arguments):
                raise unknown_command(word, [*self._commands.names(), "help", "sendf", "exit"], "/")
        return self._made_room()

    def _made_room(self) -> bool:
        """Leave this chat when an invitation to another was accepted."""
        return self._desk.invitation_to_accept is not None and self._leave()

    def _leave(self) -> bool:
        transfers = self._desk.transfers
        if transfers is not None and transfers.is_running(self._chat) and not self._said_files_running:
            self._said_files_running = True
            self._desk.say("A file is still on its way; X once more leaves and cancels it")
            return False
        self._desk.wait(self._chat.leave())
        self._desk.main.catch_up()
        return True

    def _send_files(self, typed: str) -> None:
        if not typed.strip():
            question = self._texts.text(screen.FileNamePrompt())
            answer = self.input.ask(question, completer=complete_path)
            paths = [str(Path(answer.strip()).expanduser())] if answer and answer.strip() else []
        else:
            paths = split_paths(typed)
        for path in paths:
            if self._desk.transfers is not None:
                self._desk.transfers.send(self._chat, Path(path))

    def _show_help(self) -> None:
        items = [
            ("X", "leave the chat"),
            ("sendf FILE", "send a file"),
            ("//TEXT", "send TEXT as it stands"),
            *(("/" + usage, what) for usage, what in self._commands.summaries()),
            ("/exit", "leave the chat and the program"),
        ]
        self._desk.stage.show(screen.HelpList(tuple(items)))

    def _complete_line(self, before: str) -> Completions:
        if before.startswith("sendf "):
            return _shift(complete_paths(before[6:]), 6)
        if before.startswith("/"):
            return _shift(self._complete_command(before[1:]), 1)
        return Completions(len(before), ())


def _shift(completions: Completions, columns: int) -> Completions:
    return Completions(completions.start + columns, completions.candidates)
