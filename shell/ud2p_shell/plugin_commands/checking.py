"""``ud2p plugins check``: whether a plugin loads, is well made, and keeps its contracts. Installs nothing."""

from __future__ import annotations

import os
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from ud2p import __version__
from ud2p.errors import UsageError
from ud2p.plugins import PluginManager, PluginRecord
from ud2p.plugins.compatibility import asks_for_a_version
from ud2p.plugins.files import found_in
from ud2p.plugins.record import Found, Plugin
from ud2p.plugins.scan import find_plugins
from ud2p.testing.suite_run import SuiteResult, run_suites
from ud2p_shell.plugin_commands.info import unknown

HEAVY = ("prompt_toolkit", "tqdm", "Crypto", "asyncio", "ssl", "requests", "numpy", "http.client")
"""What takes long to import, and should not be at the top of a plugin: it is imported at every start."""


@dataclass(slots=True)
class Finding:
    """One thing that was looked at."""

    is_good: bool
    text: str
    details: list[str] = field(default_factory=list)
    is_advice: bool = False
    """Good enough, but it could be better."""


@dataclass(slots=True)
class Report:
    """What was found about one or more plugins."""

    plugins: dict[str, list[Finding]] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether every one keeps its word."""
        return all(finding.is_good for findings in self.plugins.values() for finding in findings)

    def text(self) -> str:
        """The report as lines."""
        lines = []
        for title, findings in self.plugins.items():
            lines.append(title)
            for finding in findings:
                lines.append(f"  {'✗' if not finding.is_good else '!' if finding.is_advice else '✓'} {finding.text}")
                lines += [f"      {detail}" for detail in finding.details]
        lines.append("all is well" if self.is_good else "this plugin does not keep its word; what is marked ✗ says why")
        return "\n".join(lines)

    def as_object(self) -> dict[str, Any]:
        """The report for programs."""
        plugins = {title: [asdict(finding) for finding in found] for title, found in self.plugins.items()}
        return {"is_good": self.is_good, "plugins": plugins}


def check_plugins(target: str, folders: Sequence[Path]) -> Report:
    """Look at a plugin.

    :param target: the name of one that is installed, or the path of a package's folder or of a single file
    :param folders: where single-file plugins are
    :raises UsageError: there is no such thing
    """
    found = list(_find(target, folders))
    report = Report()
    for each in found:
        report.plugins[each.plugin.title] = list(_look_at(each))
    return report


def _find(target: str, folders: Sequence[Path]) -> Iterator[Found]:
    path = Path(os.path.expanduser(target))
    if path.is_dir():
        yield from _found_in_project(path)
    elif path.suffix == ".py" and path.is_file():
        yield found_in(path.absolute())
    elif os.sep in target or path.suffix == ".py":
        raise UsageError(f"{target} is neither a package's folder nor a file; name one, or a plugin that is installed")
    else:
        installed = find_plugins(folders, lambda _: None)
        named = [each for each in installed if each.plugin.name == target]
        if not named:
            raise unknown(target, [each.plugin.name for each in installed])
        yield from named


def _found_in_project(folder: Path) -> Iterator[Found]:
    """The plugins that a project's ``pyproject.toml`` names, importable from its folder or its ``src``."""
    path = folder / "pyproject.toml"
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
        points = project.get("entry-points", {}).get("ud2p", {})
        name, version = str(project.get("name", "")), str(project.get("version", ""))
        requires = [str(each) for each in project.get("dependencies", [])]
        targets = {str(each): str(target) for each, target in points.items()}
    except FileNotFoundError:
        raise UsageError(f"{folder} has no pyproject.toml; name the folder of a package, or a single file") from None
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{path} can't be read ({error}); correct it") from None
    if not targets:
        raise UsageError(f"{path} names no plugin; it needs a table [project.entry-points.ud2p]")
    for root in (folder, folder / "src"):
        if root.is_dir() and str(root.absolute()) not in sys.path:
            sys.path.insert(0, str(root.absolute()))
    for each, target in sorted(targets.items()):
        yield Found(Plugin(each, name, version), EntryPoint(each, target, "ud2p").load, lambda: requires)


def _look_at(found: Found) -> Iterator[Finding]:
    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.load_found(_built_ins_beside(found))
    before, began = frozenset(sys.modules), time.perf_counter()
    manager.load_found([found])
    took_s = time.perf_counter() - began
    record = _record_of(manager, found.plugin)
    if record.state != "on" or warnings:
        yield Finding(False, "it does not load as it is", warnings or [record.problem])
    else:
        yield Finding(True, f"it loads, in {took_s * 1e3:.0f} ms")
    if not record.hooks:
        return
    yield from _advice(found, frozenset(sys.modules) - before)
    yield Finding(True, f"its hooks: {', '.join(record.hooks)}")
    if record.registers:
        yield Finding(True, f"it brings: {', '.join(record.registers)}")
    if record.options:
        yield Finding(True, f"its options: {', '.join(option.name for option, _ in record.options)}")
    if record.registers:
        for result in run_suites(manager, record.name):
            yield _suite_finding(result)


def _built_ins_beside(found: Found) -> list[Found]:
    """What every plugin lives with; a plugin that takes one's name is told so."""
    installed = (each for each in find_plugins([], lambda _: None) if each.plugin.builtin)
    return [each for each in installed if not found.plugin.builtin or each.plugin.name != found.plugin.name]


def _record_of(manager: PluginManager, plugin: Plugin) -> PluginRecord:
    same = (plugin.name, plugin.distribution, plugin.file)
    return next(each for each in manager.records if (each.name, each.distribution, each.file) == same)


def _advice(found: Found, imported: frozenset[str]) -> Iterator[Finding]:
    """What is allowed, and could be better."""
    if found.plugin.builtin:
        return
    heavy = ", ".join(sorted(imported.intersection(HEAVY)))
    if heavy:
        what = f"it imports {heavy} at every start; import what is heavy where it is needed"
        yield Finding(True, what, is_advice=True)
    if not any(map(asks_for_a_version, found.requirements())):
        needs = f"ud2p>={'.'.join(__version__.split('.')[:2])}"
        yield Finding(True, f"it does not say which ud2p it was made for; add {needs} to what it needs", is_advice=True)


def _suite_finding(result: SuiteResult) -> Finding:
    if result.is_missing:
        return Finding(False, f"{result.title}: not tried; {result.reason}")
    if result.failures:
        return Finding(False, f"{result.title}: {result.n_failed} of {result.count} tests fail", result.failures)
    return Finding(True, f"{result.title}: {result.count} tests of its contract pass")
