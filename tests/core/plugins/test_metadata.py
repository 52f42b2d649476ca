"""The head of a distribution's metadata."""

from __future__ import annotations

from importlib.metadata import PathDistribution, distributions
from pathlib import Path

import pytest

from ud2p.plugins.metadata import Metadata, read_metadata


def written(folder: Path, text: str, file: str = "METADATA") -> Metadata:
    info = folder / "thing-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / file).write_bytes(text.encode())
    return read_metadata(PathDistribution(info))


def test_it_says_what_the_standard_library_says() -> None:
    installed = list(distributions())
    assert len(installed) > 10
    for distribution in installed:
        metadata = read_metadata(distribution)
        assert metadata.name == distribution.name
        assert metadata.version == distribution.version
        assert list(metadata.requires) == (distribution.metadata.get_all("Requires-Dist") or [])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_description_is_not_the_head(tmp_path: Path, line_end: str) -> None:
    lines = ["Name: thing", "Requires-Dist: ud2p>=1", "Version:2", "", "Name: other", "Requires-Dist: ud2p>=9"]
    assert written(tmp_path, line_end.join(lines)) == Metadata("thing", "2", ("ud2p>=1",))


def test_an_old_packages_file_counts_too(tmp_path: Path) -> None:
    assert written(tmp_path, "Name: thing\nVersion: 3\n", "PKG-INFO") == Metadata("thing", "3")


def test_without_a_file_it_is_empty(tmp_path: Path) -> None:
    assert read_metadata(PathDistribution(tmp_path)) == Metadata()
