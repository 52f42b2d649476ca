"""The conformance suites of :mod:`ud2p.testing`, run over what one plugin brings.

pytest runs in this process, so that the plugin need not be found and loaded a second time, and says nothing itself.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ud2p.errors import PluginError
from ud2p.plugins import PluginManager
from ud2p.text import gate

if TYPE_CHECKING:
    import pytest

_TESTS = """
from ud2p.testing.suite_run import running

globals().update(running)
"""

_SETTINGS = """
[pytest]
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
"""

_runs = itertools.count()

running: dict[str, type] = {}
"""The suites of the run that is on, for the file that pytest collects."""


@dataclass(slots=True)
class SuiteResult:
    """What became of one suite."""

    title: str
    count: int = 0
    failures: list[str] = field(default_factory=list)
    """The tests that failed, each with the beginning of why; a test that was tried with many values stands once."""
    n_failed: int = 0
    """How many failed, each value counted."""
    is_missing: bool = False
    reason: str = ""
    """Why it was not run at all."""


def run_suites(manager: PluginManager, plugin: str) -> list[SuiteResult]:
    """Try everything that a plugin brings.

    :param plugin: its name; it is loaded in ``manager``
    """
    try:
        from ud2p.testing import suites_for

        suites = suites_for(manager, plugin)
    except (ImportError, PluginError) as error:
        return [SuiteResult("its contracts", is_missing=True, reason=gate(str(error)))]
    if not suites:
        return []
    results = _Results({name: SuiteResult(_title(suite)) for name, suite in suites.items()})
    running.clear()
    running.update(suites)
    try:
        _run(results)
    finally:
        running.clear()
    for result in results.suites.values():
        if not result.count and not result.failures:
            result.is_missing, result.reason = True, "pytest ran none of it; see that pytest itself works"
    return list(results.suites.values())


def _title(suite: Any) -> str:
    """``file transfer slip``: what it is about."""
    kind = next(base.__name__ for base in suite.__mro__ if base.__name__.endswith("Conformance"))
    words = re.findall("[A-Z][a-z]+", kind.removesuffix("Conformance"))
    return f"{' '.join(words).lower()} {suite.info.name}"


class _Results:
    """A pytest plugin that listens."""

    def __init__(self, suites: dict[str, SuiteResult]) -> None:
        self.suites = suites
        self._named: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        suite = self.suites[report.nodeid.split("::")[1]]
        if report.when == "call" or report.failed:
            suite.count += report.when == "call"
        if report.failed:
            suite.n_failed += 1
            test = report.nodeid.split("::")[2]
            name = test.partition("[")[0]
            if name not in self._named:
                self._named.add(name)
                suite.failures.append(f"{test}: {_reason(report)}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            for suite in self.suites.values():
                suite.failures.append(f"it can't be tried: {gate(str(report.longrepr)[-300:])}")


def _reason(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    said = str(getattr(crash, "message", None) or report.longrepr)
    return gate(" ".join(said.split())[:200])


def _run(results: _Results) -> None:
    import pytest

    with _nothing_shown(), tempfile.TemporaryDirectory(prefix="ud2p-check-") as folder:
        tests = Path(folder) / f"test_conformance_{next(_runs)}.py"  # pytest remembers a module by its name
        tests.write_text(_TESTS)
        (Path(folder) / "pytest.ini").write_text(_SETTINGS)
        where = ["--rootdir", folder, "-c", str(Path(folder, "pytest.ini")), "--basetemp", str(Path(folder, "tmp"))]
        alone = [word for plugin in ("cacheprovider", "randomly", "xdist") for word in ("-p", f"no:{plugin}")]
        pytest.main([str(tests), "-q", "--import-mode=importlib", *where, *alone], plugins=[results])


@contextlib.contextmanager
def _nothing_shown() -> Iterator[None]:
    """Neither pytest nor a plugin that is tried writes on the screen, and no settings of the user's reach pytest."""
    names = ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        os.environ.update(kept)
