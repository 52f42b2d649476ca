from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["lutho", "chulumanco", "roanda"])
def test_registering_a_theme_loads_no_screen(module: str) -> None:
    """The modules of plugins load at every start, in the broker and headless too, where nothing is shown."""
    program = (
        f"import sys; from ud2p_plugins.themes import {module} as plugin; plugin.ud2p_register_themes();"
        "print(*[name for name in ('ud2p.screen', 'wcwidth', 'asyncio', 'prompt_toolkit') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert loaded.stdout.split() == []
