"""pytest within pytest: which tests of a suite fail for a plugin that breaks its contract."""

from __future__ import annotations

from typing import Any

import pytest

import ud2p.testing.async_fixtures as _async_fixtures  # noqa: F401
from ud2p import testing

# An inner run forgets what it imports, and what it forgets is another class the next time.
for _name in testing.__all__:
    getattr(testing, _name)

CLASSES: dict[str, type] = {}
"""What the next inner run collects."""
QUIET = ("-q", *(word for name in ("randomly", "cacheprovider", "xdist") for word in ("-p", f"no:{name}")))
STRICT = ("-o", "asyncio_mode=strict", "-o", "asyncio_default_fixture_loop_scope=function", "-W", "error")


def failures(pytester: pytest.Pytester, suite: type, info: object, *, only: str = "", **attributes: Any) -> set[str]:
    """The names of the tests that fail, without their parameters.

    :param only: words in the names of those that are run, beside the one of the info
    :param attributes: more of the class
    """
    options = ("-k", f"{only} or can_be_registered") if only else ()
    return outcomes(pytester, {"TestIt": type("TestIt", (suite,), {"info": info, **attributes})}, *options)["failed"]


def outcomes(pytester: pytest.Pytester, classes: dict[str, type], *options: str) -> dict[str, set[str]]:
    """Run classes; the names of the tests that passed, were skipped and failed. Errors of fixtures are failures."""
    CLASSES.clear()
    CLASSES.update(classes)
    pytester.makepyfile(test_it="from tests.support.inner_runs import CLASSES\n\nglobals().update(CLASSES)\n")
    passed, skipped, failed = pytester.inline_run(*QUIET, *STRICT, *options).listoutcomes()
    found = {"passed": passed, "skipped": skipped, "failed": failed}
    assert any(found.values()), "no test was found"
    return {
        kind: {report.nodeid.split("::")[-1].partition("[")[0] for report in reports} for kind, reports in found.items()
    }
