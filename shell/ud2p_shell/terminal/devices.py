"""The terminal as prompt_toolkit's input and output, with what the shell needs to be different.

Two undocumented seams, each with a test of its own:

(A) ``input.cooked_mode`` does nothing. ``run_in_terminal`` enters it while it prints above the prompt; the terminal
    then echoes keys into the text and takes backspaces for itself, and half-typed lines are lost.
(B) ``output.get_rows_below_cursor_position`` says 1. The bottom toolbar otherwise waits until the terminal has
    told where the cursor is; on a slow line it flickers, and where no answer comes it never shows.

And two small ones: bracketed paste stays on between two prompts (:mod:`ud2p_shell.terminal.modes` has it), and a
terminal that hung up counts as closed, while prompt_toolkit would ask it again and again.

Importing this module imports prompt_toolkit (0.1 s).
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO, cast

from prompt_toolkit.input import Input, create_input
from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.output import Output, create_output

from ud2p_shell.terminal.raw_writer import RawWriter

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyPress

if sys.platform != "win32":
    import select

    from prompt_toolkit.input.posix_utils import PosixStdinReader
    from prompt_toolkit.input.vt100 import Vt100Input

    class TerminalInput(Vt100Input):
        """A terminal that may hang up, and in which bytes that are no text become U+FFFD."""

        def __init__(self, stdin: TextIO) -> None:
            super().__init__(stdin)
            # As it comes, the reader makes surrogates of them, which no stream and no peer takes.
            self.stdin_reader = PosixStdinReader(self._fileno, errors="replace", encoding=stdin.encoding or "utf-8")

        def read_keys(self) -> list[KeyPress]:
            """What was typed; with nothing typed, look whether somebody is still there."""
            keys = super().read_keys()
            if not keys and self._has_hung_up():
                self.stdin_reader.closed = True
            return keys

        def _has_hung_up(self) -> bool:
            poll = select.poll()
            try:
                poll.register(self._fileno, select.POLLIN)
                return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
            except OSError:
                return True


class Devices:
    """One terminal, shared by all prompts of the program."""

    def __init__(self, pt_input: Input, pt_output: Output) -> None:
        self.input = pt_input
        self.output = pt_output
        self._typed_since = time.monotonic()
        pt_input.cooked_mode = nullcontext  # type: ignore[method-assign]  # (A)
        pt_output.get_rows_below_cursor_position = lambda: 1  # type: ignore[method-assign]  # (B)
        pt_output.disable_bracketed_paste = lambda: None  # type: ignore[method-assign]

    @classmethod
    def of_terminal(cls, stdin: TextIO, writer: RawWriter) -> Devices:
        """The devices of a real terminal."""
        pt_input = create_input(stdin) if sys.platform == "win32" else TerminalInput(stdin)
        return cls(pt_input, create_output(cast(TextIO, writer)))

    def take_waiting_keys(self) -> tuple[list[KeyPress], float]:
        """The keys that wait for the prompt that opens now, and a time before which none of them was pressed."""
        waiting = get_typeahead(self.input)
        while keys := self.input.read_keys():
            waiting += keys
        return waiting, self._typed_since

    def put_back(self, keys: list[KeyPress], typed_since: float) -> None:
        """A prompt closes: these keys go to the next one, before all others.

        :param typed_since: for all that wait already: a time before which none was pressed
        """
        waiting = keys + get_typeahead(self.input)
        store_typeahead(self.input, waiting)
        self._typed_since = typed_since if waiting else time.monotonic()
