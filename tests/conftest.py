"""What holds for every test: nobody's own settings are read or written, and slowness alone fails nothing."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# On a loaded machine a deadline for single examples fails tests that are right; pytest-timeout ends those that hang.
settings.register_profile("ud2p", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("ud2p")
_tests = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def settings_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Empty folders for settings and state, here and in the programs that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("UD2P_")]:
            patch.delenv(name)
        patch.delenv("NO_COLOR", raising=False)
        for name in ("UD2P_CONFIG_DIR", "UD2P_STATE_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells leave it to what runs in the background
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield


@pytest.fixture(autouse=True)
def state_of_nobody(settings_of_nobody: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test leaves behind, such as a name that is taken, is nothing to the next."""
    monkeypatch.setenv("UD2P_STATE_DIR", str(Path(os.environ["UD2P_STATE_DIR"], str(next(_tests)))))


@pytest.fixture(autouse=True)
def signal_handlers_are_put_back() -> Iterator[None]:
    """A handler that one test leaves behind is what another one's Ctrl-C meets."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before
