"""A defence taken out: one file of the source with a text replaced, and the tests that must go red with it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Edit = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One."""

    defence: str
    """What is taken out, in a few words."""
    file: str
    """From the root of the tree."""
    edits: tuple[Edit, ...]
    """Texts, each of which stands in the file exactly once, and what takes their place."""
    tests: tuple[str, ...]
    """As pytest names them; at least one must fail."""

    def apply(self, source: str) -> str:
        """The file without the defence.

        :raises ValueError: a text does not stand there exactly once
        """
        for text, replacement in self.edits:
            if (found := source.count(text)) != 1:
                raise ValueError(f"{self.file}: found {found} times, not once: {text!r}")
            source = source.replace(text, replacement)
        return source

    def problems(self, root: Path = ROOT) -> list[str]:
        """What is wrong with it, without running anything: texts and tests that are not there."""
        try:
            mutated = self.apply((root / self.file).read_text(encoding="utf-8"))
            ast.parse(mutated)
        except (OSError, ValueError, SyntaxError) as error:
            return [f"{self.defence}: {error}"]
        return [f"{self.defence}: there is no test {each}" for each in self.tests if not _exists(root, each)]


def without(defence: str, file: str, text: str, replacement: str, *tests: str, also: tuple[Edit, ...] = ()) -> Mutant:
    """A :class:`Mutant`.

    :param also: more edits, where it takes several to leave the program running
    """
    return Mutant(defence, file, ((text, replacement), *also), tests)


def _exists(root: Path, test: str) -> bool:
    file, *names = test.split("::")
    path = root / file
    if not path.is_file():
        return False
    source = path.read_text(encoding="utf-8")
    bare = [name.partition("[")[0] for name in names]
    return all(re.search(rf"^\s*(async def|def|class) {re.escape(name)}\b", source, re.MULTILINE) for name in bare)
