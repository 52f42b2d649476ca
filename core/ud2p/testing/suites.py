"""A suite for everything that a plugin registers, ready for pytest to collect."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ud2p.contracts import DirectoryInfo
from ud2p.errors import PluginError
from ud2p.testing.cipher import CipherConformance
from ud2p.testing.command import CommandConformance
from ud2p.testing.directory import DirectoryConformance
from ud2p.testing.file_transfer import FileTransferConformance
from ud2p.testing.name_store import NameStoreConformance
from ud2p.testing.theme import ThemeConformance
from ud2p.testing.transport import TransportConformance
from ud2p.text import gate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ud2p.plugins import PluginManager

_SUITES: dict[str, type] = {
    "cipher": CipherConformance,
    "theme": ThemeConformance,
    "transport": TransportConformance,
    "file transfer": FileTransferConformance,
    "directory": DirectoryConformance,
    "command": CommandConformance,
}


def suites_for(manager: PluginManager, plugin_name: str) -> dict[str, type]:
    """The suites that hold a plugin to its contracts, by the names of their classes: ``TestCipherChacha20``.

    Put them into a module's namespace, and pytest runs them. A directory with a name store has two.

    :param plugin_name: as ``ud2p plugins`` lists it: the name of its entry point
    :returns: an empty dictionary for a plugin that registers nothing, as one with gatekeepers alone
    :raises PluginError: there is no such plugin, or it is off or left out
    """
    records = {record.name: record for record in reversed(manager.records)}  # of two of one name the first is in use
    record = records.get(plugin_name)
    if record is None:
        guess = get_close_matches(plugin_name, records, n=1)
        hint = f"did you mean {guess[0]}? " if guess else ""
        raise PluginError(f'no plugin is called "{gate(plugin_name)}"; {hint}see: ud2p plugins')
    if record.state == "off":
        raise PluginError(f"the plugin {plugin_name} is turned off; turn it on to test it")
    if record.state == "failed" and not record.registers:
        raise PluginError(f"the plugin {plugin_name} can't be tested: {record.problem}; see: ud2p plugins")
    suites: dict[str, type] = {}
    for title in record.registers:
        kind, _, name = title.rpartition(" ")
        for label, suite, info in _suites_of(manager, kind, name):
            class_name = f"Test{_camel(label)}{_camel(name)}"
            while class_name in suites:  # "a-1" and "a1" may both be there
                class_name += "_"
            doc = f"The {label} {name}, held to its contract."
            suites[class_name] = type(class_name, (suite,), {"info": info, "__doc__": doc, "__module__": __name__})
    return suites


def _suites_of(manager: PluginManager, kind: str, name: str) -> Iterator[tuple[str, type, Any]]:
    table = "directories" if kind == "directory" else f"{kind.replace(' ', '_')}s"
    info = getattr(manager, table)[name]
    yield kind, _SUITES[kind], info
    if isinstance(info, DirectoryInfo) and info.names is not None:
        yield "name store", NameStoreConformance, info


def _camel(words: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in words.replace("-", " ").split())
