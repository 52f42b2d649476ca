"""``ud2p plugins ACTION``: does it, and prints what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p.errors import UsageError
from ud2p.text import gate

if TYPE_CHECKING:
    from ud2p.plugins import PluginManager

ACTIONS = ("list", "info", "enable", "disable", "new", "check")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    action: str
    """One of :data:`ACTIONS`."""
    target: str | None = None
    """A plugin's name; for ``check`` perhaps a path."""
    kind: str | None = None
    """For ``new``."""
    into: str | None = None
    """For ``new``: the folder that the package's folder is made in."""
    as_json: bool = False


def run_plugins(
    request: Request, load: Callable[[], PluginManager], folders: Sequence[Path], warn: Callable[[str], None]
) -> int:
    """Do what is asked.

    :param load: loads every plugin; only called for what can't be said without
    :param folders: where single-file plugins are
    :returns: the exit code: 1 when a plugin that was checked does not keep its word, else 0
    :raises UD2PError: in one sentence why not
    """
    _check(request)
    target = request.target or ""
    match request.action:
        case "list":
            from ud2p_shell.plugin_commands.table import print_plugins

            print_plugins(load(), as_json=request.as_json)
        case "info":
            from ud2p_shell.plugin_commands.info import print_info

            print_info(load(), target, as_json=request.as_json)
        case "enable" | "disable":
            print(switch(request.action, target, folders, warn))
        case "new":
            from ud2p_shell.plugin_commands.new import new_plugin, next_steps

            made = new_plugin(target, request.kind or "", Path(request.into or "."))
            print(next_steps(made))
        case "check":
            from ud2p_shell.plugin_commands.checking import check_plugins

            report = check_plugins(target, folders)
            print(json.dumps(report.as_object(), indent=2) if request.as_json else gate(report.text(), multiline=True))
            return 0 if report.is_good else 1
    return 0


def switch(action: str, name: str, folders: Sequence[Path], warn: Callable[[str], None]) -> str:
    """``enable`` or ``disable`` a plugin.

    :returns: a sentence that says so
    :raises UD2PError: in one sentence why not
    """
    from ud2p.plugins.scan import find_plugins
    from ud2p_shell.plugin_commands.switching import disable, enable

    there = [found.plugin.name for found in find_plugins(folders, warn)]
    return (enable if action == "enable" else disable)(name, there)


def _check(request: Request) -> None:
    if request.action != "list" and request.target is None:
        what = "NAME --kind KIND" if request.action == "new" else "NAME|PATH" if request.action == "check" else "NAME"
        raise UsageError(f"{request.action} what? say: ud2p plugins {request.action} {what}")
    if request.action == "list" and request.target is not None:
        raise UsageError(f"list takes no name; say: ud2p plugins info {gate(request.target)}")
    if request.action != "new" and (request.kind or request.into):
        raise UsageError("--kind and --into are for new; see: ud2p plugins --help")
