"""The chat: a shell inside the menu, in which every line is a message.

=================  ================================================================
``X``              leaves
``sendf [FILE]``   sends files and folders; asks which when none is given
``/command``       runs a command; one that is not there is an error, never sent
``//...``, `` ...``  sends what follows, whatever it is
``y``, ``n``       answers a question that was on the screen before it was typed; so does ``into FOLDER`` for a file
``cancel``         stops the files that are on their way, if there are some
anything else      is a message
=================  ================================================================
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import UsageError
from ud2p_shell.command_shell import CommandShell
from ud2p_shell.desk import CHAT_OVER
from ud2p_shell.terminal import (
    Completions,
    Console,
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
CANCEL = "cancel"


class ChatShell(CommandShell):
    """Runs until the chat is over or the user leaves."""

    slash = "/"

    def __init__(self, console: Console, desk: Desk, texts: PromptTexts, chat: Chat) -> None:
        prompt = Prompt(
            text=lambda: texts.prompt(screen.ChatPrompt(chat.peer)),
            toolbar=texts.status_bar,
            placeholder=texts.placeholder,
            ticking=texts.is_ticking,
            completer=self._complete_line,
            erase_when_done=True,
            keep_newlines=True,
        )
        super().__init__(console, desk, texts, prompt)
        self._chat = chat
        self._complete_command = complete_commands(self.command_names, {})
        self._warned_of_files = False
        self.wants_exit = False
        """Whether the user wants to leave the program, too."""

    def run(self) -> None:
        """See the class."""
        self.desk.chat_input = self.input
        try:
            super().run()
        finally:
            self.desk.chat_input = None
        if self.input.draft:  # The prompt was taken away in the middle of a message.
            self.desk.stage.show(screen.MessageNotSent("the chat is over", self.input.draft))

    def run_line(self, line: str) -> bool:
        """A line of the user's, or a word of the desk's."""
        if line == CHAT_OVER:
            return self.desk.chat is not self._chat
        if not line.strip():
            return False
        if line.startswith(("//", " ")):
            self.desk.post(line[1:])
            return False
        is_answer = self.desk.questions.is_answer(line, self.input.last_line_begun_at)
        is_sendf = line.split(None, 1)[:1] == ["sendf"]
        is_cancel = line.strip() == CANCEL and self.desk.transfers.is_running(self._chat)
        if not (is_answer or is_sendf or is_cancel or line == LEAVE or line.startswith("/")):
            self.desk.post(line)
            return False
        # The prompt takes itself off the screen; what was no message is put back as it was typed.
        self.desk.stage.show(screen.OwnMessage(line, None))
        if is_answer:
            self.desk.questions.answer_line(line)
        elif line == LEAVE:
            return self._leave()
        elif super().run_line(line.removeprefix(self.slash)):
            return True
        # An invitation to another chat was accepted: this one makes room.
        return self.desk.invitation_to_accept is not None and self._leave()

    def do_sendf(self, typed: str) -> None:
        """sendf [FILE...]: send files and folders in one go; also without the slash"""
        if typed:
            paths = split_paths(typed)
        else:
            answer = self.input.ask(self.texts.text(screen.FileNamePrompt()), completer=complete_path)
            paths = [os.path.expanduser(answer.strip())] if answer and answer.strip() else []
        if paths:
            self.desk.transfers.send(self._chat, [Path(path) for path in paths])

    def do_cancel(self, _: str) -> None:
        """cancel: stop the files that are on their way; also without the slash while there are some"""
        if not self.desk.transfers.is_running(self._chat):
            raise UsageError("no file is on its way in this chat")
        self.desk.transfers.cancel(self._chat)

    def do_connect(self, _: str) -> None:
        """connect: leave this chat first"""
        raise UsageError("you are in a chat; leave it with X, then connect")

    def do_exit(self, _: str) -> bool:
        """exit: leave the chat and the program"""
        self.wants_exit = self._leave()
        return self.wants_exit

    def help_first(self) -> list[tuple[str, str]]:
        """What is typed without a slash."""
        return [
            (LEAVE, "leave the chat"),
            ("sendf FILE...", "send files and folders"),
            ("into FOLDER", "accept a file into another folder"),
            (CANCEL, "stop the files that are on their way"),
            ("//TEXT", "send /TEXT as a message"),
        ]

    def end_of_input(self) -> bool:
        """Ctrl-D leaves, as X does. On a pipe, what was typed arrives first."""
        if self.console.is_interactive:
            return self._leave()
        self.desk.transfers.wait(self._chat)
        self.desk.wait(self._chat.flush())
        return self._leave()

    def interrupted(self) -> None:
        """Ctrl-C stops a file that is on its way, else says how to leave."""
        if self.desk.transfers.is_running(self._chat):
            self.desk.transfers.cancel(self._chat)
        else:
            self.desk.say("Type X, or press Ctrl-D, to leave the chat")

    def _leave(self) -> bool:
        if self.desk.transfers.is_running(self._chat) and not self._warned_of_files:
            self._warned_of_files = True
            self.desk.say("A file is still on its way; X once more leaves and cancels it")
            return False
        self.desk.wait(self._chat.leave())
        self.desk.main.catch_up()
        return True

    def _complete_line(self, before: str) -> Completions:
        if before.startswith("sendf "):
            return _shift(complete_paths(before[6:]), 6)
        if before.startswith(self.slash):
            return _shift(self._complete_command(before[1:]), 1)
        return Completions(len(before), ())


def _shift(completions: Completions, columns: int) -> Completions:
    return Completions(completions.start + columns, completions.candidates)
