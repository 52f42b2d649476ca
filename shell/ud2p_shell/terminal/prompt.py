"""What a shell says about its prompt, and how a prompt may end. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ud2p_shell.terminal.completion import Completer

Fragments: TypeAlias = list[tuple[str, str]]
"""prompt_toolkit's formatted text: pairs of style and text, such as ``[("bold fg:ansired", "You"), ("", " > ")]``.
(A theme's spans are the other way round: text, then style.)"""

ShowFragments: TypeAlias = Callable[[], Fragments]
"""Called on the main thread whenever the prompt is drawn; cheap, no I/O. Without a terminal its text alone counts."""


def nothing() -> Fragments:
    """No fragments at all."""
    return []


def never() -> bool:
    """Not now, not later."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One kind of prompt: the menu's, a chat's."""

    text: ShowFragments
    """What stands before the input; may change from one drawing to the next."""
    toolbar: ShowFragments = nothing
    """The status bar below the input, one line or several; none while it returns nothing."""
    placeholder: ShowFragments = nothing
    """What an empty line shows behind the prompt, such as the question that waits for an answer."""
    ticking: Callable[[], bool] = never
    """True while the toolbar or placeholder shows a clock: the prompt is then drawn once a second."""
    completer: Completer | None = None
    """What Tab offers."""
    history: Path | None = None
    """A file that keeps the lines from one start to the next; None keeps them in memory, for this kind of prompt."""
    erase_when_done: bool = False
    """Take prompt and input off the screen when Enter is pressed, because the shell shows the line in its own way."""
    keep_newlines: bool = False
    """Pasted text may have several lines and stays one input (Alt-Enter starts a new line too); otherwise
    newlines in a paste become spaces."""


def plain_text(fragments: Fragments) -> str:
    """The text of the fragments, without styles."""
    return "".join(text for _, text in fragments)


@dataclass(frozen=True, slots=True)
class Entered:
    """Enter was pressed."""

    text: str
    begun_at: float
    """``time.monotonic()`` of the first keystroke since the line was empty; of Enter for an empty line. A key that
    was waiting when the prompt opened counts as pressed when the prompt before it closed."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The shell itself took the prompt away; the draft is kept."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Ctrl-C on an empty line."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Ctrl-D on an empty line."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The terminal is gone."""


@dataclass(frozen=True, slots=True)
class Terminated:
    """A signal asks the program to end."""

    exit_code: int


Outcome: TypeAlias = Entered | Interrupted | Cancelled | Ended | HungUp | Terminated
