"""Packages of other people, really installed: modules and ``.dist-info`` folders on ``sys.path``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest


class Packages:
    """A folder on ``sys.path`` to install into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, distribution: str, version: str, plugins: Mapping[str, str]) -> Path:
        """Install a distribution whose plugins have these names and these modules' texts.

        :returns: its ``.dist-info`` folder
        """
        package = distribution.replace("-", "_").replace(".", "_")
        info = self.folder / f"{package}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        points = ["[ud2p]"]
        for name, source in plugins.items():
            module = f"{package}_{name.replace('-', '_')}"
            (self.folder / f"{module}.py").write_text("from ud2p import impl\n" + dedent(source))
            points.append(f"{name} = {module}")
        (info / "entry_points.txt").write_text("\n".join(points) + "\n")
        return info


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """Where a test installs packages; they are gone afterwards."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield Packages(folder)
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
