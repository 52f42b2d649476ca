"""The table of plugins, for ``ud2p plugins`` and the shell's ``plugins``."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from ud2p.rendering import safe_render
from ud2p.screen import PluginRow, PluginTable
from ud2p_shell.paint import paint, wants_colour

if TYPE_CHECKING:
    from ud2p.plugins import PluginManager, PluginRecord
    from ud2p.screen import ScreenEvent


def plugin_table(plugins: PluginManager) -> PluginTable:
    """Every plugin that was found, with what it brings and what is wrong with it."""
    # What a plugin brings is known only once it was asked, and asking may show what is wrong with it.
    for kind in ("ciphers", "themes", "transports", "file_transfers", "directories", "commands"):
        getattr(plugins, kind)
    return PluginTable(tuple(map(plugin_row, plugins.records)))


def plugin_row(record: PluginRecord) -> PluginRow:
    """One plugin."""
    return PluginRow(
        record.name,
        record.distribution,
        record.version,
        record.state,
        record.registers,
        record.problem,
        record.kinds,
        record.file,
    )


def print_plugins(plugins: PluginManager, *, as_json: bool) -> None:
    """Print the table to standard output."""
    table = plugin_table(plugins)
    if as_json:
        print(json.dumps([asdict(row) for row in table.rows], indent=2))
    else:
        print_event(table)


def print_event(event: ScreenEvent) -> None:
    """Print what there is to show to standard output, in the plain theme."""
    columns = shutil.get_terminal_size().columns
    print(paint(safe_render(None, event, columns).lines, colour=wants_colour(sys.stdout, os.environ)))
