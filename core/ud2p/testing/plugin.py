"""The pytest plugin: fixtures for whoever tests a plugin of ud2p. All of them are called ``ud2p_...``.

It loads in every pytest run of its environment, whatever is tested there. So it imports nothing but pytest before a
fixture is asked for; those that are asynchronous stand in a module of their own, which needs pytest-asyncio.
"""

from __future__ import annotations

import pytest

from ud2p import testing

TYPE_CHECKING = False  # typing itself would cost what most runs do not need
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ud2p.contracts import Theme
    from ud2p.plugins import PluginManager
    from ud2p.testing.clock import Clock
    from ud2p.testing.terminal import Terminal

ASYNC_FIXTURES = "ud2p.testing.async_fixtures"
PYTEST_ASYNCIO = ("asyncio", "pytest_asyncio", "pytest_asyncio.plugin")
"""What it is called, depending on who loads it."""
NEEDED = 'needs pytest-asyncio, which is not installed or turned off; run: pip install "ud2p[testing]"'

pytest.register_assert_rewrite(*testing.MODULES)


def pytest_configure(config: pytest.Config) -> None:
    """Bring the asynchronous fixtures, or what says why they are not there."""
    if any(config.pluginmanager.hasplugin(name) for name in PYTEST_ASYNCIO):
        config.pluginmanager.import_plugin(ASYNC_FIXTURES)
    else:
        config.pluginmanager.register(WithoutAsyncio(), "ud2p-without-asyncio")


class WithoutAsyncio:
    """Stands in for the asynchronous fixtures where pytest-asyncio is not there."""

    @pytest.fixture
    def ud2p_broker(self) -> None:
        """Needs pytest-asyncio."""
        pytest.fail(f"ud2p_broker {NEEDED}", pytrace=False)

    @pytest.fixture
    def ud2p_people(self) -> None:
        """Needs pytest-asyncio."""
        pytest.fail(f"ud2p_people {NEEDED}", pytrace=False)

    @pytest.fixture
    def ud2p_pair(self) -> None:
        """Needs pytest-asyncio."""
        pytest.fail(f"ud2p_pair {NEEDED}", pytrace=False)


@pytest.fixture
def ud2p_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and state of nobody: empty folders in the place of the user's own, for this test.

    Every fixture here that might read or write them uses it. Gives the folder that both are in.
    """
    folder = tmp_path_factory.mktemp("ud2p")
    for name, inside in (("UD2P_CONFIG_DIR", "config"), ("UD2P_STATE_DIR", "state")):
        (folder / inside).mkdir()
        monkeypatch.setenv(name, str(folder / inside))
    return folder


@pytest.fixture
def ud2p_plugins(ud2p_folders: Path) -> Iterator[PluginManager]:
    """A :class:`ud2p.PluginManager` with everything that is installed; a test whose plugins are warned of fails.

    Override it to give other fixtures other plugins.
    """
    from ud2p.plugins import PluginManager

    warnings: list[str] = []
    manager = PluginManager.load(warn=warnings.append)
    _ = manager.records  # asks every register hook, so that what is wrong with their answers shows, too
    yield manager
    if warnings:
        pytest.fail("a plugin was warned of:\n" + "\n".join(warnings), pytrace=False)


@pytest.fixture
def ud2p_lossy_link(ud2p_plugins: PluginManager) -> Callable[..., str]:
    """``ud2p_lossy_link(transport="udp", *, seed=1, loss=0.3, copies=0.1)`` registers that transport once more, with
    the weather of a bad network on what arrives; gives its name, for ``Client(..., transport=name)``."""
    from ud2p.testing.lossy_transport import register_lossy

    def make(transport: str = "udp", *, seed: int = 1, loss: float = 0.3, copies: float = 0.1) -> str:
        return register_lossy(ud2p_plugins, transport, seed=seed, loss=loss, copies=copies)

    return make


@pytest.fixture
def ud2p_clock() -> Clock:
    """A :class:`ud2p.testing.Clock`: time that passes when the test says so."""
    from ud2p.testing.clock import Clock

    return Clock()


@pytest.fixture
def ud2p_terminal() -> Callable[..., Terminal]:
    """``ud2p_terminal(theme=None, width=80)`` makes a :class:`ud2p.testing.Terminal`: what the shell would show."""
    from ud2p.testing.terminal import Terminal

    def make(theme: Theme | None = None, width: int = 80) -> Terminal:
        return Terminal(theme, width)

    return make
