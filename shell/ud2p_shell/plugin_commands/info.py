"""One plugin: what it is, which hooks it has, what can be set, and why it is not in use."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ud2p.errors import UsageError
from ud2p.plugin_settings import variable_of
from ud2p.screen import Notice
from ud2p.text import gate
from ud2p_shell.plugin_commands.table import plugin_table, print_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ud2p.contracts import OptionValue
    from ud2p.plugins import PluginManager, PluginRecord


def print_info(plugins: PluginManager, name: str, *, as_json: bool) -> None:
    """Print what is known of the plugins of that name to standard output.

    :raises UsageError: there is none
    """
    records = records_named(plugins, name)
    if as_json:
        print(json.dumps([_as_object(record) for record in records], indent=2))
    else:
        print_event(plugin_notice(records))


def plugin_notice(records: Sequence[PluginRecord]) -> Notice:
    """What is known of some plugins, as lines."""
    return Notice("\n\n".join("\n".join(_lines(record)) for record in records))


def records_named(plugins: PluginManager, name: str) -> list[PluginRecord]:
    """The plugins of that name: one as a rule, and those that wanted it too.

    :raises UsageError: there is none
    """
    plugin_table(plugins)  # asks all for what they bring, which may show what is wrong with them
    records = plugins.records
    found = [record for record in records if record.name == name]
    if not found:
        raise unknown(name, [record.name for record in records])
    return found


def unknown(name: str, names: Sequence[str]) -> UsageError:
    """The error for a name that no plugin has."""
    guess = get_close_matches(name, names, n=1)
    hint = f"did you mean {guess[0]}?" if guess else "see: ud2p plugins"
    return UsageError(f'no plugin is called "{gate(name)}"; {hint}')


def _lines(record: PluginRecord) -> Iterator[str]:
    package = f"{record.distribution} {record.version}".strip()
    yield f"{record.name}: {record.state}, from {record.file or package or 'this program'}"
    if record.problem:
        yield f"  {record.problem}"
    yield f"  kind: {', '.join(record.kinds) or 'unknown, as it was not loaded'}"
    if record.registers:
        yield f"  brings: {', '.join(record.registers)}"
    if record.hooks:
        yield f"  hooks: {', '.join(record.hooks)}"
    if record.options:
        yield f"  options, set with -o {record.name}.OPTION=VALUE, in [plugins.{record.name}] of config.toml, or as"
        yield f"  {variable_of(record.name, 'OPTION')} in the environment:"
    for option, value in record.options:
        limits = [
            f"one of {', '.join(map(_shown, option.choices))}" if option.choices else "",
            f"at least {option.at_least:g}" if option.at_least is not None else "",
            f"at most {option.at_most:g}" if option.at_most is not None else "",
            f"by default {_shown(option.default)}" if value != option.default else "",
        ]
        said = ", ".join(filter(None, limits))
        yield f"    {option.name} = {_shown(value)}: {option.summary}{f' ({said})' if said else ''}"


def _shown(value: OptionValue) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)


def _as_object(record: PluginRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "kinds": record.kinds,
        "distribution": record.distribution,
        "version": record.version,
        "file": record.file,
        "state": record.state,
        "problem": record.problem,
        "registers": record.registers,
        "hooks": record.hooks,
        "options": [
            {"name": option.name, "value": value, "default": option.default, "summary": option.summary}
            for option, value in record.options
        ],
    }
