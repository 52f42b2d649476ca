"""Plugins that were made for another ud2p are named, not loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from tests.support.packages import Packages, packages

from ud2p import __version__
from ud2p.errors import PluginError
from ud2p.plugins import PluginManager, compatibility
from ud2p.plugins.compatibility import check_all, check_ud2p

__all__ = ["packages"]

versions = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))


@pytest.mark.parametrize(
    "requirement",
    [
        "ud2p",
        " UD2P ",
        "ud2p>=0.0.1",
        f"ud2p=={__version__}",
        "ud2p (>=0.0.1,<100)",
        "ud2p[testing]>=0.0.1",
        "ud2p>=99; python_version < '3'",
        "ud2p>=99; extra == 'test'",
        "u_d2p>=99",
        "another>=99",
        "ud2p-other>=99",
        "what is this",
    ],
)
def test_what_fits(requirement: str) -> None:
    check_ud2p(["tqdm>=1", requirement])


@pytest.mark.parametrize("requirement", ["ud2p>=99", "ud2p<0.0.1", "UD2P == 99.*", "ud2p>=99; python_version > '3'"])
def test_what_does_not_fit(requirement: str) -> None:
    with pytest.raises(PluginError, match=r"it was made for ud2p [<>=]+[\d.*]+, and this is ") as raised:
        check_ud2p([requirement])
    assert __version__ in str(raised.value)


@given(ours=versions, theirs=versions)
def test_the_short_way_says_what_packaging_says(ours: str, theirs: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compatibility, "__version__", ours)
        if Version(ours) >= Version(theirs):
            check_ud2p([f"ud2p>={theirs}"])
        else:
            with pytest.raises(PluginError, match="it was made for ud2p >="):
                check_ud2p([f"ud2p>={theirs}"])


def test_the_short_way_is_short() -> None:
    program = (
        "import sys\nfrom ud2p.plugins.compatibility import check_ud2p\n"
        "check_ud2p(['ud2p>=0.0.1', 'tqdm>=9'])\nassert 'packaging' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("requirement", ["ud2p>=", "ud2p>>1", "ud2p; wha"])
def test_what_nobody_can_read(requirement: str) -> None:
    with pytest.raises(PluginError, match="which nobody can read"):
        check_ud2p([requirement])


def test_a_files_other_needs_are_looked_at() -> None:
    check_all(["tqdm", "pytest>=1", "nothing-like-it; python_version < '3'"])
    with pytest.raises(PluginError, match="it needs nothing-like-it, which is not installed; install it"):
        check_all(["pytest", "nothing-like-it>=1"])
    with pytest.raises(PluginError, match=r"it needs pytest >=999, and [\d.]+ is installed"):
        check_all(["pytest>=999"])


def test_a_package_for_another_ud2p_is_named_and_not_imported(packages: Packages) -> None:
    info = packages.install("ud2p-future", "3.0", {"future": "raise AssertionError('imported')"})
    with (info / "METADATA").open("a") as file:
        file.write("Requires-Dist: ud2p>=99\n")
    packages.install("ud2p-present", "1.0", {"present": "@impl\ndef ud2p_broker_event(): ..."})
    warnings: list[str] = []
    manager = PluginManager.load(warn=warnings.append)
    assert warnings == [
        f'plugin "future" (ud2p-future 3.0) is left out: it was made for ud2p >=99, and this is {__version__}; install '
        "a version of it, or of ud2p, that fits; --no-plugin future turns it off"
    ]
    assert {each.name: each.state for each in manager.records if not each.builtin} == {
        "future": "failed",
        "present": "on",
    }
