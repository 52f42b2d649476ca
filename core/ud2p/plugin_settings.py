"""What the user set for plugins, wherever it was said, as it was said: only a plugin knows what its options are.

Three sources, the later one counts: tables in ``config.toml``, variables in the environment, ``-o`` on the command
line::

    [plugins.away]
    text = "gone fishing"

    UD2P_PLUGIN_AWAY_TEXT="gone fishing"

    -o away.text="gone fishing"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ud2p.errors import ConfigError, UD2PError, UsageError
from ud2p.text import gate

VARIABLE_PREFIX = "UD2P_PLUGIN_"
_ASSIGNMENT = re.compile(r"(?P<plugin>[^=]+)\.(?P<option>[^.=]+)=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was said."""

    value: object
    """Text from the environment and the command line; from the file what TOML makes of it."""
    place: str
    """Such as ``/home/alice/.config/ud2p/config.toml: plugins.away.text``; begins a sentence about it."""
    error: type[UD2PError]
    """What to raise when it can't be used."""


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """All that was said about plugins."""

    tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """What the file has under ``[plugins.NAME]``."""
    file: str = ""
    """The file's path."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The variables that begin with :data:`VARIABLE_PREFIX`."""
    assignments: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What ``-o`` said, by plugin and option."""

    def find(self, plugin: str, option: str) -> Setting | None:
        """What was said of one option, by the source that counts."""
        if (text := self.assignments.get((plugin, option))) is not None:
            return Setting(text, f"-o {plugin}.{option}", UsageError)
        variable = variable_of(plugin, option)
        if text := self.variables.get(variable):
            return Setting(text, variable, ConfigError)
        table = self.tables.get(plugin, {})
        if option in table:
            return Setting(table[option], f"{self.file}: plugins.{plugin}.{option}", ConfigError)
        return None

    def unknown(self, plugin: str, options: Iterable[str]) -> Iterator[Setting]:
        """What was said of a plugin in the file or with ``-o`` that is no option of it; the option is the value."""
        known = frozenset(options)
        for option in self.tables.get(plugin, {}):
            if option not in known:
                yield Setting(option, f"{self.file}: plugins.{plugin}.{option}", ConfigError)
        for named, option in self.assignments:
            if named == plugin and option not in known:
                yield Setting(option, f"-o {plugin}.{option}", UsageError)

    def plugins(self) -> Iterator[Setting]:
        """Each plugin that the file or ``-o`` names; the plugin is the value."""
        for plugin in self.tables:
            yield Setting(plugin, f"{self.file}: the table [plugins.{plugin}]", ConfigError)
        for plugin, option in self.assignments:
            yield Setting(plugin, f"-o {plugin}.{option}", UsageError)


def variable_of(plugin: str, option: str) -> str:
    """The variable of an option, such as ``UD2P_PLUGIN_AWAY_TEXT``; an empty one counts as none."""
    return VARIABLE_PREFIX + re.sub(r"[^A-Z0-9]", "_", f"{plugin}_{option}".upper())


def read_assignments(texts: Iterable[str]) -> dict[tuple[str, str], str]:
    """What several ``-o NAME.KEY=VALUE`` say; of one option the last counts.

    :raises UsageError: one is not of that form
    """
    assignments = {}
    for text in texts:
        match = _ASSIGNMENT.fullmatch(text)
        if match is None:
            raise UsageError(f"-o {gate(text[:80])}: write it like -o NAME.KEY=VALUE, such as -o away.text=hello")
        assignments[match["plugin"], match["option"]] = match["value"]
    return assignments


def read_tables(value: object, place: str) -> dict[str, dict[str, object]]:
    """The file's ``[plugins.NAME]`` tables.

    :raises ConfigError: it is something else
    """
    if not isinstance(value, dict) or not all(isinstance(table, dict) for table in value.values()):
        raise ConfigError(f"{place}: what is set for a plugin stands in a table of its own, such as [plugins.away]")
    return value
