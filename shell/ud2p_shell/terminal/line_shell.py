"""``cmd.Cmd`` on a console: the few lines that every shell here needs, with ``cmdloop`` as it is in the library.

A shell inside another (a chat inside the menu) is another ``LineShell``, run by a ``do_`` method of the first.
"""

from __future__ import annotations

import cmd
import sys
from typing import Any

from ud2p.errors import UD2PError
from ud2p_shell.terminal.console import Console
from ud2p_shell.terminal.prompt import Prompt


class LineShell(cmd.Cmd):
    """A command interpreter whose lines come from a console. Run it with :meth:`run`."""

    use_rawinput = False
    prompt = ""

    def __init__(self, console: Console, prompt: Prompt) -> None:
        super().__init__()
        self.console = console
        self.input = console.line_input(prompt, self.cmdqueue)
        self.stdin: Any = self.input

    @property
    def stdout(self) -> Any:
        """Always the stream of now, which prints above the prompt."""
        return sys.stdout

    @stdout.setter
    def stdout(self, _: object) -> None:
        """``cmd.Cmd`` sets what it finds when it is made."""

    def run(self) -> None:
        """Read and run lines until a command returns True or the input ends."""
        while True:
            try:
                return self.cmdloop()
            except KeyboardInterrupt:
                self.interrupted()

    def onecmd(self, line: str) -> bool:
        """One line; an error becomes :meth:`complain`, Ctrl-C in a command :meth:`interrupted`."""
        try:
            if line == "EOF" and self.input.at_end:
                return self.end_of_input()
            return self.run_line(line)
        except KeyboardInterrupt:
            self.interrupted()
        except UD2PError as error:
            self.complain(error)
        except Exception as error:  # noqa: BLE001 - a command that is broken must not take the shell with it
            self.console.main.report(error)
        return False

    def run_line(self, line: str) -> bool:
        """What a line does: a command, unless the shell says otherwise.

        :returns: True to leave the shell
        """
        return bool(super().onecmd(line))

    def emptyline(self) -> bool:
        """Nothing (``cmd.Cmd`` would repeat the last command)."""
        return False

    def end_of_input(self) -> bool:
        """The input ended; leaves the shell."""
        return True

    def interrupted(self) -> None:
        """Ctrl-C on an empty line, or while a command ran."""

    def complain(self, error: UD2PError) -> None:
        """A command failed."""
        print(error)
