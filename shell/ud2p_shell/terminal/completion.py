"""What Tab offers: words, then what belongs to the first word (names, paths).

A completer looks at the text before the cursor and says where the part to be replaced begins and what may stand
there. Completers know nothing of prompt_toolkit; lists come from callables, so that names are those of this moment.

Paths after a command are words of a POSIX shell: a space in a name is written ``\\ `` or inside quotes, and
:func:`split_paths` reads them back. A whole line that is one path (``Enter filename >``) has no quoting.
Windows: backslashes separate folders there, so a name with spaces is put in double quotes instead.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from ud2p.text import gate

MAX_ENTRIES = 5000
"""Entries of a folder that are looked at: listing a larger one would hold up the prompt."""

_WINDOWS = os.name == "nt"
_SPECIAL = frozenset(" \t\n\"'" + ("" if _WINDOWS else "\\"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may be meant."""

    text: str
    """What replaces the typed part."""
    label: str
    """What a list of candidates shows."""
    ends: str = " "
    """What follows when it is the only one: a space behind a word, nothing behind a folder."""


@dataclass(frozen=True, slots=True)
class Completions:
    """What may stand from ``start`` to the cursor."""

    start: int
    candidates: tuple[Candidate, ...]


Completer: TypeAlias = Callable[[str], Completions]
"""Gets the text before the cursor; called on the main thread."""

Words: TypeAlias = Callable[[], Iterable[str]]
"""The words that are possible at this moment."""


def complete_words(words: Words) -> Completer:
    """Completes everything before the cursor to one of ``words``, without regard to case."""

    def complete(before: str) -> Completions:
        start = len(before) - len(before.lstrip())
        typed = before[start:].casefold()
        found = sorted({word for word in words() if word.casefold().startswith(typed)}, key=str.casefold)
        return Completions(start, tuple(Candidate(word, word) for word in found))

    return complete


def complete_commands(words: Words, arguments: Mapping[str, Completer]) -> Completer:
    """Completes the first word to one of ``words``, and what follows it by the completer of that word.

    :param arguments: completers of the text behind the first word, by that word in lower case
    """
    complete_first = complete_words(words)

    def complete(before: str) -> Completions:
        command, space, rest = before.lstrip().partition(" ")
        if not space:
            return complete_first(before)
        completer = arguments.get(command.casefold())
        if completer is None:
            return Completions(len(before), ())
        inner = completer(rest)
        return Completions(len(before) - len(rest) + inner.start, inner.candidates)

    return complete


def complete_path(before: str) -> Completions:
    """Completes a line that is one path, with ``~`` for home folders."""
    return Completions(0, tuple(Candidate(path, label, "") for path, label in _matches(before)))


def complete_paths(before: str) -> Completions:
    """Completes the last of several paths, quoted as in a shell."""
    word = _last_word(before)
    found = []
    for path, label in _matches(word.text):
        written, close = _quoted(path, word.quote)
        is_folder = label.endswith(os.sep)  # more will follow: neither quote nor space yet
        found.append(Candidate(written, label, "" if is_folder else close + " "))
    return Completions(word.start, tuple(found))


def split_paths(text: str) -> list[str]:
    """The paths in what was typed behind a command, with ``~`` expanded.

    Text that names something as it stands (``my holiday.jpg``, ``Bob's file``) is that one path; else it is split as
    a POSIX shell would. Quotes that never close are part of the name.
    """
    whole = text.strip()
    if not whole:
        return []
    escapes = len(whole) - len(whole.rstrip("\\"))
    if escapes % 2 and text.lstrip().startswith(whole + " "):
        whole += " "  # The space that the last backslash was written for.
    if os.path.lexists(os.path.expanduser(whole)):
        return [os.path.expanduser(whole)]
    try:
        words = _split(whole)
    except ValueError:
        words = [whole]
    return [os.path.expanduser(word) for word in words]


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if _WINDOWS:
        lexer.escape = ""
    return list(lexer)


@dataclass(slots=True)
class _Word:
    """The word that the cursor is in: where it begins, the quote that is open, and what it says unquoted."""

    start: int
    quote: str = ""
    text: str = ""


def _last_word(before: str) -> _Word:
    word = _Word(0)
    is_escaped = False
    for at, character in enumerate(before):
        if is_escaped:
            word.text += character if word.quote != '"' or character in '"\\' else "\\" + character
            is_escaped = False
        elif character == "\\" and word.quote != "'" and not _WINDOWS:
            is_escaped = True
        elif character == word.quote:
            word.quote = ""
        elif character in "\"'" and not word.quote:
            word.quote = character
        elif character in " \t" and not word.quote:
            word = _Word(at + 1)
        else:
            word.text += character
    return word


def _quoted(path: str, quote: str) -> tuple[str, str]:
    """How ``path`` is written after the quote that was typed, if any, and what closes it."""
    if quote == "'":
        return quote + path.replace("'", "'\\''"), quote
    if _WINDOWS:
        quote = quote or ('"' if _SPECIAL.intersection(path) else "")
        return quote + path, quote
    special = '"\\' if quote else _SPECIAL
    return quote + "".join("\\" + character if character in special else character for character in path), quote


def _matches(typed: str) -> list[tuple[str, str]]:
    """Paths that begin with ``typed``, and their last parts, which end in a separator for folders. Hidden names
    come only when a dot was typed."""
    if typed == "~":
        return [("~" + os.sep, "~" + os.sep)]
    cut = max(typed.rfind(separator) for separator in (os.sep, os.altsep or os.sep)) + 1
    folder, begun = typed[:cut], typed[cut:]
    found = []
    try:
        with os.scandir(os.path.expanduser(folder) or os.curdir) as entries:
            for entry in islice(entries, MAX_ENTRIES):
                if _is_offered(entry.name, begun):
                    found.append(entry.name + (os.sep if _is_folder(entry) else ""))
    except (OSError, ValueError):  # not there, not readable, or a NUL was typed
        return []
    return [(folder + name, name) for name in sorted(found)]


def _is_offered(name: str, begun: str) -> bool:
    """Names that the gate would change (controls, bytes that are no UTF-8) can't be shown as they are: not offered."""
    return name.startswith(begun) and (bool(begun) or not name.startswith(".")) and gate(name) == name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
