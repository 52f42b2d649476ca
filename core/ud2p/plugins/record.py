"""A plugin: what the manager knows of it, and what it shows of that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from ud2p.contracts import Option, Options, OptionValue
from ud2p.hookspecs import GATEKEEPER_HOOKS, OBSERVER_HOOKS
from ud2p.text import gate

BUILT_IN_DISTRIBUTION = "ud2p"

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "cipher": "ud2p_register_ciphers",
        "theme": "ud2p_register_themes",
        "transport": "ud2p_register_transports",
        "file_transfer": "ud2p_register_file_transfers",
        "directory": "ud2p_register_directories",
        "command": "ud2p_register_commands",
    }
)
"""What plugins bring, and the hook that they bring it with."""

PluginState: TypeAlias = Literal["on", "failed", "off"]
"""``on``: in use; ``failed``: left out, or one of its hooks is; ``off``: not loaded, because the user said so."""


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """What is known of a plugin, for lists."""

    name: str
    distribution: str
    """The package that brings it; empty for one that the program itself registered."""
    version: str
    state: PluginState
    problem: str
    """What went wrong, or why it is off; empty when all is well. Safe to print."""
    registers: tuple[str, ...]
    """What it brings, such as ``cipher aes-gcm`` or ``file transfer tcp``."""
    builtin: bool
    hooks: tuple[str, ...] = ()
    """The hooks that it implements."""
    file: str = ""
    """Where it is, of a single-file plugin."""
    options: tuple[tuple[Option, OptionValue], ...] = ()
    """The options that it declares, each with what it comes to."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it is, by its hooks: ``cipher``, ``command`` and so on, ``gatekeeper``, ``observer``."""
        kinds = [kind.replace("_", " ") for kind, hook in KINDS.items() if hook in self.hooks]
        kinds += ["gatekeeper"] if not {*self.hooks}.isdisjoint(GATEKEEPER_HOOKS) else []
        kinds += ["observer"] if not {*self.hooks}.isdisjoint(OBSERVER_HOOKS) else []
        return tuple(kinds)


class Plugin:
    """One plugin while the program runs. All texts have passed the gate: package names come from others too."""

    __slots__ = (
        "builtin",
        "declared",
        "distribution",
        "file",
        "holds",
        "hooks",
        "name",
        "off_because",
        "options",
        "problems",
        "state",
        "version",
    )

    def __init__(self, name: str, distribution: str, version: str, file: str = "") -> None:
        self.name = gate(name)
        self.distribution = gate(distribution)
        self.version = gate(version)
        self.file = gate(file)
        self.builtin = canonical(distribution) == BUILT_IN_DISTRIBUTION
        self.holds: object = None
        """The object or module whose functions are the hooks."""
        self.hooks: tuple[str, ...] = ()
        self.declared: tuple[Option, ...] = ()
        """The options that it has."""
        self.options: Options = MappingProxyType({})
        """What they come to."""
        self.state: PluginState = "on"
        self.off_because = ""
        self.problems: dict[str, str] = {}
        """One sentence for each place where it broke, so that trouble that repeats does not add up."""

    @property
    def title(self) -> str:
        """How warnings name it: ``plugin "sparkle" (ud2p-sparkle 1.2)``."""
        package = self.file or f"{self.distribution} {self.version}".strip()
        return f'plugin "{self.name}" ({package})' if package else f'plugin "{self.name}"'

    @property
    def order(self) -> tuple[bool, bool, str, str]:
        """Built-ins first, then by distribution and name, then the single files."""
        return (not self.builtin, bool(self.file), canonical(self.distribution), self.name)

    def turn_off(self, because: str) -> None:
        """It is not to be loaded."""
        self.state, self.off_because = "off", because

    def record(self, registers: tuple[str, ...]) -> PluginRecord:
        """What to show of it."""
        problem = "; ".join(filter(None, [self.off_because, *self.problems.values()]))
        return PluginRecord(
            self.name,
            self.distribution,
            self.version,
            self.state,
            problem,
            registers,
            self.builtin,
            self.hooks,
            self.file,
            tuple((option, self.options.get(option.name, option.default)) for option in self.declared),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that was found and is not loaded yet, wherever it came from: what loading it takes."""

    plugin: Plugin
    load: Callable[[], object]
    """Imports it, and gives the object or module whose functions are the hooks; may raise anything."""
    requirements: Callable[[], list[str]]
    """What it says that it needs, such as ``ud2p>=0.2`` (PEP 508)."""


def canonical(distribution: str) -> str:
    """A distribution's name in the one form in which two spellings of it are equal (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def interrupted(plugin: Plugin, doing: str) -> str:
    """For whoever gave up waiting for a plugin: which one it was, and how to go on without it."""
    return f"interrupted while the {plugin.title} {doing}; to leave it out: --no-plugin {plugin.name}"
