"""The keys that mean something else here than in prompt_toolkit, and what a paste becomes.

====================  ================================================================================
key                   what it does
====================  ================================================================================
Ctrl-C                clears the line; on an empty line, ends the prompt as cancelled
Ctrl-D                on an empty line, ends the input; else deletes the character under the cursor
Ctrl-Z                stops the program until the shell that started it continues it
Tab                   completes as far as it is clear, else lists what is possible above the prompt
Alt-Enter             a new line inside the input, where the prompt keeps newlines
paste                 one edit, never Enter
====================  ================================================================================
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

from ud2p.text import gate, pad_right, width
from ud2p_shell.terminal.completion import Completions
from ud2p_shell.terminal.prompt import Cancelled, Ended, Outcome, Prompt

MAX_LISTED = 100


def make_key_bindings(
    prompt: Prompt,
    finish: Callable[[Outcome], None],
    cleared: Callable[[], None],
    columns: Callable[[], int],
    report: Callable[[BaseException], None],
) -> KeyBindings:
    """The bindings of one kind of prompt.

    :param finish: ends the prompt
    :param cleared: told that the line was emptied
    :param columns: the width of the terminal
    :param report: told of errors of the completer
    """
    keys = KeyBindings()
    in_line = has_focus(DEFAULT_BUFFER)
    keeps_newlines = Condition(lambda: prompt.keep_newlines)

    @keys.add("c-c", filter=in_line)
    @keys.add("<sigint>")
    def _clear_or_cancel(event: KeyPressEvent) -> None:
        line = event.app.layout.get_buffer_by_name(DEFAULT_BUFFER) or event.current_buffer
        if line.text:
            line.reset()
            cleared()
        else:
            finish(Cancelled())

    @keys.add("c-d", filter=in_line & Condition(lambda: not get_app().current_buffer.text))
    def _end(event: KeyPressEvent) -> None:
        finish(Ended())

    @keys.add("c-z")
    def _suspend(event: KeyPressEvent) -> None:
        if hasattr(signal, "SIGTSTP"):
            os.kill(0, signal.SIGTSTP)  # to all that were started together, as the terminal does it

    @keys.add("tab", filter=in_line)
    def _complete(event: KeyPressEvent) -> None:
        if prompt.completer is None:
            return
        line = event.current_buffer
        try:
            completions = prompt.completer(line.document.text_before_cursor)
        except Exception as error:  # noqa: BLE001 - it must not take the other keys with it
            report(error)
        else:
            _offer(line, completions, columns(), event.app.output.bell)

    @keys.add("escape", "enter", filter=in_line & keeps_newlines)
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add(Keys.BracketedPaste)
    def _paste(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text(pasted(event.data, keep_newlines=prompt.keep_newlines))

    return keys


def pasted(text: str, *, keep_newlines: bool) -> str:
    """What a paste puts into the line: no control characters, no newline at its end, and newlines inside it only where
    the prompt keeps them, else spaces."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ").rstrip("\n").split("\n")
    return ("\n" if keep_newlines else " ").join(
        "".join(character for character in line if character >= " " and not "\x7f" <= character <= "\x9f")
        for line in lines
    )


def _offer(line: Buffer, completions: Completions, columns: int, bell: Callable[[], None]) -> None:
    found = completions.candidates
    typed = line.document.text_before_cursor[completions.start :]
    if not found:
        bell()
    elif len(found) == 1:
        _replace(line, typed, found[0].text + found[0].ends)
    else:
        common = _common_start([candidate.text for candidate in found])
        if len(common) > len(typed):
            _replace(line, typed, common)
        else:
            print("\n".join(in_columns([candidate.label for candidate in found], columns)))


def _common_start(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    same = next((at for at, character in enumerate(first) if character != last[at]), len(first))
    return first[:same]


def _replace(line: Buffer, typed: str, text: str) -> None:
    line.delete_before_cursor(len(typed))
    line.insert_text(text)


def in_columns(labels: list[str], columns: int) -> list[str]:
    """Labels side by side, the first column read down first; at most :data:`MAX_LISTED` of them."""
    more = len(labels) - MAX_LISTED
    labels = [gate(label) for label in labels[:MAX_LISTED]]
    cell = max(width(label) for label in labels) + 2
    across = max(1, (columns - 1) // cell)
    rows = -(-len(labels) // across)
    lines = ["".join(pad_right(label, cell) for label in labels[row::rows]).rstrip() for row in range(rows)]
    return [*lines, f"... and {more} more"] if more > 0 else lines
