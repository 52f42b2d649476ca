"""Whose program it is: the folders of one person, and the environment that names them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

UD2P = str(Path(sys.executable).with_name("ud2p"))
"""The installed program."""


class Home:
    """One person's folders, and the environment that names them."""

    def __init__(self, folder: Path, more: Mapping[str, str]) -> None:
        self.folder = folder / "work"
        self.config = folder / "config"
        self.state = folder / "state"
        for each in (self.folder, self.config, self.state):
            if not each.exists():
                each.mkdir(parents=True)
        # What this process was given must not decide what a test sees; an empty variable counts as none.
        unwanted = [key for key in os.environ if key.startswith(("UD2P_", "XDG_", "PROMPT_TOOLKIT_"))]
        self.environment = {
            **dict.fromkeys([*unwanted, "NO_COLOR", "COLUMNS", "LINES"], ""),
            "HOME": str(folder),
            "UD2P_CONFIG_DIR": str(self.config),
            "UD2P_STATE_DIR": str(self.state),
            "PYTHONUTF8": "1",
            "PYTHONWARNINGS": "default",
            **more,
        }


def python_path(folder: Path) -> dict[str, str]:
    """The environment in which packages in ``folder`` are installed."""
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{before}" if before else str(folder)}
