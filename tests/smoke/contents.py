"""Looks into the wheel and the sdist: nothing is missing, and nothing is there that a user has no use for.

    python tests/smoke/contents.py dist

The wheel is built from the sdist, so what the build needs and the sdist lacks shows here as well.
"""

from __future__ import annotations

import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import EntryPoints, PathDistribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Check the one wheel and the one sdist in the folder that the command line names."""
    folder = Path(sys.argv[1])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    problems = [*wheel_problems(only(folder, "*.whl"), project), *sdist_problems(only(folder, "*.tar.gz"))]
    if problems:
        sys.exit("\n".join(problems))
    print("wheel and sdist hold what they should, and nothing else")


def only(folder: Path, pattern: str) -> Path:
    """The one file of its kind."""
    found = list(folder.glob(pattern))
    if len(found) != 1:
        sys.exit(f"{folder} should hold one {pattern}, and holds {len(found)}; run make wheel")
    return found[0]


def wheel_problems(path: Path, project: dict[str, Any]) -> list[str]:
    """What is wrong with the wheel, a sentence each."""
    folders = [ROOT / package for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
    wanted = {file.relative_to(folder.parent).as_posix() for folder in folders for file in files_below(folder)}
    with zipfile.ZipFile(path) as wheel:
        packed = set(wheel.namelist())
        about = next(name.split("/")[0] for name in packed if name.endswith(".dist-info/METADATA"))
        entry_points = PathDistribution(zipfile.Path(wheel, f"{about}/")).entry_points
    found = {name for name in packed if not name.startswith(f"{about}/")}
    return [
        *(f"{path.name} lacks {name}" for name in sorted(wanted - found)),
        *(f"{path.name} holds {name}, which is no file of its packages" for name in sorted(found - wanted)),
        *(
            f"{path.name} does not mark {folder.name} as typed"
            for folder in folders
            if f"{folder.name}/py.typed" not in found
        ),
        *([] if f"{about}/licenses/LICENSE" in packed else [f"{path.name} lacks the licence"]),
        *entry_point_problems(path, "console_scripts", project["project"]["scripts"], entry_points),
        *(
            problem
            for group, points in project["project"]["entry-points"].items()
            for problem in entry_point_problems(path, group, points, entry_points)
        ),
    ]


def entry_point_problems(path: Path, group: str, wanted: dict[str, str], found: EntryPoints) -> list[str]:
    """What is wrong with one group of entry points, a sentence each."""
    packed = {point.name: point.value for point in found.select(group=group)}
    if packed == wanted:
        return []
    return [f"{path.name} names in [{group}] {packed}, and pyproject.toml {wanted}"]


def sdist_problems(path: Path) -> list[str]:
    """What is wrong with the sdist, a sentence each."""
    with tarfile.open(path) as sdist:
        packed = {name.partition("/")[2] for name in sdist.getnames()}
    folders = ("core", "plugins", "shell", "server", "examples", "tests", "tools", "docs")
    wanted = {file.relative_to(ROOT).as_posix() for folder in folders for file in files_below(ROOT / folder)}
    wanted |= {"pyproject.toml", "Makefile", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"}
    return [f"{path.name} lacks {name}" for name in sorted(wanted - packed)]


LEFT_BEHIND = {"__pycache__", ".pytest_cache", ".hypothesis"}
"""What Python and the tests leave in a folder."""


def files_below(folder: Path) -> list[Path]:
    """The files of a folder, without what is left there."""
    return [file for file in folder.rglob("*") if file.is_file() and LEFT_BEHIND.isdisjoint(file.parts)]


if __name__ == "__main__":
    main()
