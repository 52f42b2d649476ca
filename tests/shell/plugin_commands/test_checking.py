"""``ud2p plugins check``: what it finds in plugins that are well, and in those that are not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from tests.support.packages import Packages, packages

from ud2p.errors import UsageError
from ud2p_shell.plugin_commands.checking import Report, check_plugins

__all__ = ["packages"]

THEME = """
    from ud2p import ThemeInfo, impl

    class Theme:
        def render(self, event, width):
            {body}

    @impl
    def ud2p_register_themes():
        return [ThemeInfo("spark", Theme, "a theme")]
"""


@pytest.fixture(autouse=True)
def _modules_of_this_test() -> Iterator[None]:
    """What a check imports and where it looks for it is gone afterwards, as its process is."""
    modules, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - modules:
        if name.startswith(("ud2p_spark", "ud2p_file_plugin")):
            del sys.modules[name]
    sys.path[:] = path


def project(folder: Path, source: str, *, needs: str = '"ud2p>=0.1"', root: str = "") -> Path:
    """A package's folder."""
    (folder / root).mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "ud2p-spark"\nversion = "1.0"\ndependencies = [{needs}]\n'
        '[project.entry-points.ud2p]\nspark = "ud2p_spark"\n'
    )
    (folder / root / "ud2p_spark.py").write_text(dedent(source))
    return folder


def findings(report: Report) -> list[str]:
    (found,) = report.plugins.values()
    return [f"{'✗' if not each.is_good else '!' if each.is_advice else '✓'} {each.text}" for each in found]


@pytest.mark.parametrize("root", ["", "src"])
def test_a_good_one(tmp_path: Path, root: str) -> None:
    report = check_plugins(str(project(tmp_path, THEME.format(body="return None"), root=root)), [])
    assert list(report.plugins) == ['plugin "spark" (ud2p-spark 1.0)']
    loads, hooks, brings, suite = findings(report)
    assert loads.startswith("✓ it loads, in ")
    assert (hooks, brings) == ("✓ its hooks: ud2p_register_themes", "✓ it brings: theme spark")
    assert suite.startswith("✓ theme spark: ")
    assert report.is_good
    assert report.text().endswith("all is well")
    assert report.as_object()["is_good"] is True


def test_one_that_breaks_its_contract(tmp_path: Path) -> None:
    report = check_plugins(str(project(tmp_path, THEME.format(body="return [[('\\x1b[31m' + 'x' * width, '')]]"))), [])
    assert not report.is_good
    (found,) = report.plugins.values()
    assert not found[-1].is_good
    assert any("control character" in detail for detail in found[-1].details)
    assert all(detail.isprintable() for detail in found[-1].details)
    assert "✗ theme spark: " in report.text()


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("1 / 0", "importing it raised ZeroDivisionError"),
        ("raise SystemExit(3)", "importing it raised SystemExit"),
        ("import no_such_thing", "no_such_thing"),
        ("x = 1", "it implements no hook"),
        ("from ud2p import impl\n@impl\ndef ud2p_register_cyphers(): ...", "did you mean ud2p_register_ciphers?"),
        ("from ud2p import impl\n@impl\ndef ud2p_register_themes(): return 3", "returned int, not a sequence"),
        (THEME.format(body="...").replace("spark", "lutho"), "the theme lutho is there already"),
    ],
)
def test_one_that_does_not_load(tmp_path: Path, source: str, says: str) -> None:
    report = check_plugins(str(project(tmp_path, source)), [])
    assert not report.is_good
    assert says in report.text()
    assert findings(report)[0] == "✗ it does not load as it is"


def test_what_could_be_better_is_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    source = "import tqdm\n" + dedent(THEME.format(body="return None"))
    report = check_plugins(str(project(tmp_path, source, needs="")), [])
    assert report.is_good
    assert "! it imports tqdm at every start; import what is heavy where it is needed" in findings(report)
    assert "! it does not say which ud2p it was made for; add ud2p>=0.1 to what it needs" in findings(report)


def test_one_for_another_ud2p(tmp_path: Path) -> None:
    report = check_plugins(str(project(tmp_path, "raise AssertionError", needs='"ud2p>=99"')), [])
    assert "it was made for ud2p >=99" in report.text()
    assert not report.is_good


def test_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "spark.py").write_text(dedent(THEME.format(body="return None")))
    report = check_plugins(str(tmp_path / "spark.py"), [])
    assert list(report.plugins) == [f'plugin "spark" ({tmp_path / "spark.py"})']
    assert report.is_good


def test_by_name(tmp_path: Path, packages: Packages) -> None:
    (tmp_path / "spark.py").write_text(dedent(THEME.format(body="return None")))
    assert check_plugins("spark", [tmp_path]).is_good
    packages.install("ud2p-sparkle", "2.0", {"sparkle": dedent(THEME.format(body="return 3"))})
    report = check_plugins("sparkle", [])
    assert list(report.plugins) == ['plugin "sparkle" (ud2p-sparkle 2.0)']
    assert not report.is_good


@pytest.mark.parametrize("name", ["aes-gcm", "roanda", "memory"])
def test_the_built_ins_pass(name: str) -> None:
    report = check_plugins(name, [])
    assert report.is_good, report.text()
    assert "of its contract pass" in report.text()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("lutoh", "did you mean lutho?"),
        ("nowhere/at-all", "is neither a package's folder nor a file"),
        ("nowhere.py", "is neither a package's folder nor a file"),
        ("~no-such-user/x", "is neither a package's folder nor a file"),
        (".", "has no pyproject.toml"),
    ],
)
def test_what_is_not_there(target: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says):
        check_plugins(target, [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[project]\nname = 'x'", "names no plugin"),
        ("[project", "can't be read"),
        ("project = 3", "can't be read"),
        ("[project]\nentry-points = 3", "can't be read"),
    ],
)
def test_a_project_that_names_none(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    with pytest.raises(UsageError, match=says):
        check_plugins(str(tmp_path), [])


@pytest.mark.parametrize("missing", ["pytest", "hypothesis", "pytest_asyncio"])
def test_without_what_the_suites_need_it_says_so(missing: str, tmp_path: Path) -> None:
    folder = project(tmp_path, THEME.format(body="return None"))
    program = f"import sys; sys.modules[{missing!r}] = None; from ud2p_shell.main import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "plugins", "check", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert 'pip install "ud2p[testing]"' in done.stdout
    assert done.stderr == ""
