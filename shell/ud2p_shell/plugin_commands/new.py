"""``ud2p plugins new``: a package with everything that it takes to publish a plugin.

The texts are in ``templates``: those of every kind in ``package``, and for each kind its module and its tests.
``$name`` and the like are filled in (:class:`string.Template`).
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ud2p import __version__
from ud2p.errors import UsageError
from ud2p.text import gate

KINDS = ("cipher", "theme", "transport", "file-transfer", "directory", "command", "bot")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 32
_USED = {
    "cipher": "ud2p demo --cipher $name,aes-gcm",
    "theme": "ud2p demo --theme $name",
    "transport": "ud2p --transport $name",
    "file-transfer": "ud2p --file-transfer $name",
    "directory": "ud2p serve --directory $name",
    "command": "ud2p demo",
    "bot": "ud2p demo",
}
"""How a plugin of that kind is seen at work."""
_THERE = {"command": "and type: $word", "bot": "and type: $word gone fishing"}


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A package that was made."""

    name: str
    kind: str
    folder: Path


def new_plugin(name: str, kind: str, into: Path) -> NewPlugin:
    """Make a package.

    :param name: what the plugin brings is called so, and the package ``ud2p-NAME``; with or without that prefix
    :param kind: one of :data:`KINDS`
    :param into: the folder that the package's folder is made in
    :raises UsageError: the name or kind is none, or the folder is there already or can't be made
    """
    name = name.removeprefix("ud2p-")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(
            f'"{gate(name)}" can\'t be the name of a plugin; it begins with a letter, and has at most {_LONGEST} '
            "lower-case letters, digits and, between them, single dashes"
        )
    if kind not in KINDS:
        what = f"there is no kind {gate(kind)}" if kind else "which kind?"
        raise UsageError(f"{what} say --kind and one of: {', '.join(KINDS)}")
    folder = into / f"ud2p-{name}"
    texts = {path: _fill(text, name, kind) for path, text in _templates(kind, name).items()}
    try:
        folder.mkdir(parents=True)
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise UsageError(
            f"{gate(str(folder))} is there already; take another name, or another place with --into"
        ) from None
    except OSError as error:
        raise UsageError(
            f"{gate(str(folder))} can't be written ({error.strerror}); choose another with --into"
        ) from None
    return NewPlugin(name, kind, folder)


def next_steps(made: NewPlugin) -> str:
    """What to do with it now."""
    folder = gate(str(made.folder))
    steps = [
        (f"ud2p plugins check {folder}", "does it keep its contract? installs nothing"),
        (f"pip install -e '{folder}[test]'", "in the environment of ud2p"),
        (f"pytest {folder}", "its own tests"),
        (_used(made.name, made.kind), _THERE.get(made.kind, "").replace("$word", _word(made.name))),
    ]
    columns = max(len(step) for step, _ in steps)
    lines = [f"  {step:{columns}}   {what}".rstrip() for step, what in steps]
    return "\n".join([f"{folder} is a {made.kind.replace('-', ' ')} that works. Make it yours:", "", *lines])


def _templates(kind: str, name: str) -> dict[str, str]:
    """Path within the package to text, still to be filled in."""
    root = resources.files("ud2p_shell.plugin_commands") / "templates"
    module = _module(name)
    places = {
        "pyproject.toml": root / "package" / "pyproject.toml.txt",
        "README.md": root / "package" / "README.md.txt",
        "CHANGELOG.md": root / "package" / "CHANGELOG.md.txt",
        ".gitignore": root / "package" / "gitignore.txt",
        ".github/workflows/test.yml": root / "package" / "workflow.yml.txt",
        f"{module}.py": root / kind / "module.py.txt",
        f"tests/test_{module}.py": root / kind / "test.py.txt",
    }
    return {path: template.read_text(encoding="utf-8") for path, template in places.items()}


def _fill(text: str, name: str, kind: str) -> str:
    module = _module(name)
    return string.Template(text).substitute(
        name=name,
        word=_word(name),
        module=module,
        target=f"{module}:plugin" if kind == "bot" else module,
        Class="".join(part.capitalize() for part in name.split("-")),
        kind=kind.replace("-", " "),
        used=_used(name, kind),
        version=".".join(__version__.split(".")[:2]),
    )


def _used(name: str, kind: str) -> str:
    return _USED[kind].replace("$name", name)


def _module(name: str) -> str:
    return f"ud2p_{name.replace('-', '_')}"


def _word(name: str) -> str:
    """As a command: those have no dashes."""
    return name.replace("-", "")
