"""Plugins on and off for good. None is imported for it, so that one that hangs can be turned off too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ud2p.errors import UsageError
from ud2p.state import load_state, remember_disabled
from ud2p.text import gate
from ud2p_shell.plugin_commands.info import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence


def disable(name: str, there: Sequence[str]) -> str:
    """Leave a plugin out from the next start on.

    :param there: the names of all plugins that were found
    :returns: a sentence that says so
    :raises UsageError: there is none of that name
    :raises ConfigError: it can't be remembered
    """
    disabled = load_state().disabled_plugins
    if name not in there:
        raise unknown(name, there)
    if name not in disabled:
        remember_disabled([*disabled, name])
    return f"{gate(name)} is off from the next start on; to take that back: ud2p plugins enable {gate(name)}"


def enable(name: str, there: Sequence[str]) -> str:
    """Take back that a plugin is left out.

    :param there: the names of all plugins that were found
    :returns: a sentence that says so
    :raises UsageError: it was not disabled
    :raises ConfigError: it can't be remembered
    """
    disabled = load_state().disabled_plugins
    if name not in disabled:
        if name not in there:
            raise unknown(name, there)
        raise UsageError(f"{gate(name)} is not disabled; ud2p plugins info {gate(name)} says how it is")
    remember_disabled([each for each in disabled if each != name])
    gone = "" if name in there else ", though nothing of that name is installed"
    return f"{gate(name)} is on from the next start on{gone}"
