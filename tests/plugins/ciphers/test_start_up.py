from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["aes_gcm", "fernet", "xchacha20"])
def test_registering_a_cipher_loads_no_library(module: str) -> None:
    """The modules of plugins load at every start; what only a chat needs loads with the first key."""
    program = (
        f"import sys; from ud2p_plugins.ciphers import {module} as plugin; plugin.ud2p_register_ciphers();"
        "print(*[name for name in ('cryptography', 'Crypto', 'asyncio', 'msgspec') if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert loaded.stdout.split() == []
