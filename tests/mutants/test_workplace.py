"""That a mutant's fate is what it is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mutants.mutant import Mutant, without
from tests.mutants.workplace import Fate, Workplace

SOURCE = "def double(number: int) -> int:\n    if number < 0:\n        raise ValueError\n    return 2 * number\n"
TESTS = """
import pytest
from doubling import double

def test_negative() -> None:
    with pytest.raises(ValueError):
        double(-1)

def test_positive() -> None:
    assert double(2) == 4
"""
FILE = "core/doubling.py"


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    tree = tmp_path / "tree"
    (tree / "core").mkdir(parents=True)
    (tree / FILE).write_text(SOURCE)
    (tree / "test_doubling.py").write_text(TESTS)
    (tree / "pyproject.toml").write_text("[tool.pytest.ini_options]\nminversion = '8.0'\n")
    return Workplace(tree, tmp_path / "copy")


def test_the_fates(place: Workplace, tmp_path: Path) -> None:
    check = ("    if number < 0:\n", "    if False:\n")
    fates = {
        Fate.KILLED: without("noticed", FILE, *check, "test_doubling.py::test_negative"),
        Fate.SURVIVED: without("unnoticed", FILE, *check, "test_doubling.py::test_positive"),
        Fate.BROKEN: without("no program any more", FILE, "def double(", "def halve(", "test_doubling.py"),
    }
    for fate, mutant in fates.items():
        assert place.try_out(mutant).fate is fate
        assert fate.is_good is (fate is Fate.KILLED)
        assert (tmp_path / "copy" / FILE).read_text() == SOURCE
    assert (tmp_path / "tree" / FILE).read_text() == SOURCE
    assert place.run(["test_doubling.py"])[0] == 0


def test_what_never_ends_is_stopped(place: Workplace, tmp_path: Path) -> None:
    (tmp_path / "copy" / "test_doubling.py").write_text("import time\ndef test_long():\n    time.sleep(600)\n")
    assert place.run(["test_doubling.py"], deadline_s=3.0)[0] is None


@pytest.mark.parametrize("text", ["number", "nowhere"])
def test_what_is_not_there_once_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not once"):
        Mutant("defence", FILE, ((text, ""),), ("test",)).apply(SOURCE)


def test_problems_are_told(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(SOURCE)
    (tmp_path / "test_file.py").write_text(TESTS)
    good = ("file.py", "return 2 *", "return 3 *")
    assert without("good", *good, "test_file.py::test_positive[1]", "test_file.py").problems(tmp_path) == []
    for mutant in (
        without("no such file", "none.py", "a", "b", "test_file.py"),
        without("no Python", "file.py", "return 2 *", "return (", "test_file.py"),
        without("no such test", *good, "test_file.py::test_nothing"),
        without("no such tests", *good, "test_none.py"),
    ):
        assert len(mutant.problems(tmp_path)) == 1
