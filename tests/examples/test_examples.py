"""The packages in ``examples``: their own tests, and what ``ud2p plugins check`` says of them. None is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
GOOD = ("ud2p-away", "ud2p-ocb3", "ud2p-sunset")
BROKEN = EXAMPLES / "ud2p-broken"


def run(*command: str, package: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program of Python's that finds the package, and leaves nothing in it."""
    environ = {**os.environ, "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_these_are_all() -> None:
    there = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert there == {*GOOD, BROKEN.name}
    assert all(name in (EXAMPLES / "README.md").read_text() for name in there)


@pytest.mark.parametrize("name", GOOD)
def test_its_own_tests_pass(name: str, tmp_path: Path) -> None:
    settings = ["-c", str(EXAMPLES / name / "pyproject.toml"), "--rootdir", str(EXAMPLES / name)]
    quiet = ["-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = run("pytest", *settings, *quiet, str(EXAMPLES / name / "tests"), package=EXAMPLES / name, folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", GOOD)
def test_it_keeps_its_word(name: str, tmp_path: Path) -> None:
    done = run("ud2p_shell.main", "plugins", "check", str(EXAMPLES / name), package=EXAMPLES / name, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "✗" not in done.stdout
    assert "!" not in done.stdout


def test_the_broken_ones_are_told_apart(tmp_path: Path) -> None:
    done = run("ud2p_shell.main", "plugins", "check", str(BROKEN), package=BROKEN, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    named = re.findall(r'^plugin "(\S+)" \(ud2p-broken 6\.6\.6\)$', done.stdout, re.MULTILINE)
    assert set(named) == set(re.findall(r"^\| `(broken-\w+)` \|", (BROKEN / "README.md").read_text(), re.MULTILINE))
    bad = [part for part in re.split(r"^(?=plugin )", done.stdout, flags=re.MULTILINE) if "✗" in part]
    assert len(bad) == len(named) - 1, "an observer that fails does so only when it is told something"
