"""A suite for everything that a plugin registers."""

from __future__ import annotations

import pytest
from tests.support.ciphers import AES_GCM, WrappedCipher
from tests.support.inner_runs import outcomes

from ud2p import CipherInfo, DirectoryInfo, Option, PluginError, PluginManager, ThemeInfo, impl
from ud2p.hookspecs import REGISTER_HOOKS
from ud2p.plain_theme import PlainTheme
from ud2p.testing import suites_for
from ud2p.testing.command import CommandConformance
from ud2p_plugins.directories.memory import MemoryDirectory
from ud2p_server.names import OwnedNames

pytest_plugins = ["pytester"]


class Leaky(WrappedCipher):
    def sealed_size(self, n: int) -> int:
        return n


class Several:
    """A plugin with a good theme, a broken cipher and a directory that keeps names."""

    @impl
    def ud2p_register_themes(self) -> list[ThemeInfo]:
        return [ThemeInfo("a-b", PlainTheme, "plain"), ThemeInfo("ab", PlainTheme, "plain")]

    @impl
    def ud2p_register_ciphers(self) -> list[CipherInfo]:
        limits = {"max_records": 1000, "max_bytes": 1000, "max_failed_opens": 10}
        return [CipherInfo("leaky", 32, **limits, make=lambda key: Leaky(AES_GCM.make(key)), summary="too small")]

    @impl
    def ud2p_register_directories(self) -> list[DirectoryInfo]:
        return [DirectoryInfo("shared", MemoryDirectory, "shared", names=lambda: OwnedNames(None))]


@pytest.fixture
def manager() -> PluginManager:
    manager = PluginManager.load(safe_mode=True, disabled=["lutho"])
    manager.register(Several(), "several")
    manager.register(object(), "empty")
    return manager


def test_there_is_one_for_everything_that_is_registered(manager: PluginManager) -> None:
    suites = suites_for(manager, "several")
    assert list(suites) == [
        "TestCipherLeaky",
        "TestThemeAB",
        "TestThemeAb",
        "TestDirectoryShared",
        "TestNameStoreShared",
    ]
    assert all(suite.__name__ == name for name, suite in suites.items())


def test_what_ud2p_comes_with_has_suites_of_every_kind(manager: PluginManager) -> None:
    names = [name for record in manager.records if record.builtin and record.state == "on" for name in [record.name]]
    suites = {title: suite for name in names for title, suite in suites_for(manager, name).items()}
    assert set(suites) == {
        "TestCipherAesGcm",
        "TestCipherFernet",
        "TestCipherXchacha20",
        "TestThemeChulumanco",
        "TestThemeRoanda",
        "TestTransportUdp",
        "TestFileTransferTcp",
        "TestDirectoryMemory",
    }
    kinds = {kind.__name__.removesuffix("Info") for kind in REGISTER_HOOKS.values() if kind is not Option}
    bases = {base.__name__.removesuffix("Conformance") for suite in suites.values() for base in suite.__bases__}
    assert bases | {CommandConformance.__name__.removesuffix("Conformance")} == kinds


def test_pytest_runs_them(pytester: pytest.Pytester, manager: PluginManager) -> None:
    found = outcomes(pytester, suites_for(manager, "several"), "-k", "bound_holds or registered or first_one")
    assert found["failed"] == {"test_the_bound_holds_whatever_the_associated_data"}
    assert {"test_the_info_can_be_registered", "test_the_first_one_owns_a_name"} <= found["passed"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sevral", 'no plugin is called "sevral"; did you mean several\\? see: ud2p plugins'),
        ("\x1b[2J", r'no plugin is called "\\x1b\[2J"; see: ud2p plugins'),
        ("lutho", "the plugin lutho is turned off; turn it on to test it"),
        ("empty", "the plugin empty can't be tested: .*; see: ud2p plugins"),
    ],
)
def test_a_plugin_that_is_not_there_is_a_sentence(manager: PluginManager, name: str, sentence: str) -> None:
    with pytest.raises(PluginError, match=sentence):
        suites_for(manager, name)
