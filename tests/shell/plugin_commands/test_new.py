"""Packages that ``ud2p plugins new`` makes: complete, and good from the first moment."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.support.markdown import Page

from ud2p.errors import UsageError
from ud2p_shell.plugin_commands.new import KINDS, new_plugin, next_steps

BLOCKS = Page.read("docs/plugins.md").blocks("python")
NO_NAMES = ["", "ud2p-", "Spark", "1st", "a--b", "-a", "a-", "a_b", "a/b", "../a", "x" * 33, "é", "a\n"]
EXAMPLES = {
    block.partition("\n")[0].removeprefix("# "): block for block in Page.read("docs/plugins.md").blocks("python")
}


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A program, in a package's folder, which is all that it has of the package."""
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environ, capture_output=True, text=True, timeout=100, check=False
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_passes_its_own_tests_and_the_check(kind: str, tmp_path: Path) -> None:
    made = new_plugin("my-own2", kind, tmp_path)
    assert made.folder == tmp_path / "ud2p-my-own2"
    tested = run("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:xdist", folder=made.folder)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    checked = run("-m", "ud2p_shell.main", "plugins", "check", ".", folder=made.folder)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout + checked.stderr
    assert "✗" not in checked.stdout
    assert "!" not in checked.stdout
    assert checked.stdout.endswith("all is well\n")
    assert "of its contract pass" in checked.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_is_ready_to_publish(kind: str, tmp_path: Path) -> None:
    folder = new_plugin("ud2p-spark", kind, tmp_path / "not" / "there").folder
    assert folder == tmp_path / "not" / "there" / "ud2p-spark"
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        ".github/workflows/test.yml",
        ".gitignore",
        "CHANGELOG.md",
        "README.md",
        "pyproject.toml",
        "tests/test_ud2p_spark.py",
        "ud2p_spark.py",
    ]
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "ud2p-spark"
    assert project["dependencies"] == ["ud2p>=0.1"]
    assert list(project["entry-points"]["ud2p"]) == ["spark"]
    assert "$" not in "".join((folder / name).read_text() for name in files if not name.endswith(".yml"))
    assert "${{ matrix.python }}" in (folder / ".github/workflows/test.yml").read_text()
    rules = ["--isolated", "--no-cache", "--line-length=120", "--select=E,F,W,I,UP,B,PIE,RET"]
    linted = run("-m", "ruff", "check", *rules, ".", folder=folder)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_steps_name_it(kind: str, tmp_path: Path) -> None:
    made = new_plugin("spark", kind, tmp_path)
    steps = next_steps(made)
    assert f"ud2p plugins check {made.folder}" in steps
    assert "$" not in steps
    assert len(steps.splitlines()) == 6


@pytest.mark.parametrize(("kind", "example"), [("directory", "ud2p_shelf"), ("file-transfer", "ud2p_slip")])
def test_it_is_what_the_documentation_shows(kind: str, example: str, tmp_path: Path) -> None:
    name = example.removeprefix("ud2p_")
    made = (new_plugin(name, kind, tmp_path).folder / f"{example}.py").read_text()
    assert made.partition('"""\n\n')[2] == EXAMPLES[f"{example}.py"].partition("\n")[2]


@pytest.mark.parametrize(
    "name", ["", "ud2p-", "Spark", "1st", "a--b", "-a", "a-", "a_b", "a/b", "../a", "x" * 33, "é", "a\n"]
)
def test_a_name_that_will_not_do(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be the name of a plugin"):
        new_plugin(name, "theme", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("kind", "says"), [("", "which kind"), ("themes", "there is no kind themes")])
def test_a_kind_that_there_is_not(kind: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{says}.*cipher, theme, transport, file-transfer, directory, command, bot"):
        new_plugin("spark", kind, tmp_path)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "ud2p-spark").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        new_plugin("spark", "theme", tmp_path)
    assert list((tmp_path / "ud2p-spark").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="can't be written"):
        new_plugin("spark", "theme", tmp_path / "file")
