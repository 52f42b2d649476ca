"""The manager with real packages and the real built-ins."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.support.packages import Packages, packages

from ud2p.contracts import CipherInfo, ThemeInfo
from ud2p.errors import PluginError
from ud2p.hookspecs import impl
from ud2p.plugins import PluginManager, PluginRecord

__all__ = ["packages"]

BUILT_INS = sorted(
    tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["entry-points"]["ud2p"]
)
THEME = """
from ud2p import ThemeInfo

@impl
def ud2p_register_themes():
    return [ThemeInfo("{name}", make=object)]
"""


def record(manager: PluginManager, name: str) -> PluginRecord:
    (found,) = [each for each in manager.records if each.name == name]
    return found


def load(**options: object) -> tuple[PluginManager, list[str]]:
    warnings: list[str] = []
    return PluginManager.load(warn=warnings.append, **options), warnings  # type: ignore[arg-type]


class Bringing:
    """A plugin that brings ciphers of these names."""

    def __init__(self, *names: str) -> None:
        self._names = names

    @impl
    def ud2p_register_ciphers(self) -> list[CipherInfo]:
        return [CipherInfo(name, 32, 1, 1, 1, make=lambda _: pytest.fail("not to be made")) for name in self._names]


def test_every_built_in_loads_and_brings_what_its_name_says() -> None:
    manager, warnings = load(safe_mode=True)
    records = [each for each in manager.records if each.builtin]
    assert warnings == []
    assert [each.name for each in records] == BUILT_INS
    assert all(each.state == "on" and not each.problem and each.hooks for each in records)
    assert [each.registers[0].rpartition(" ")[2] for each in records] == BUILT_INS
    assert {each.distribution for each in records} == {"ud2p"}


@pytest.mark.parametrize("name", BUILT_INS)
def test_each_built_in_can_be_removed(name: str) -> None:
    manager, warnings = load(disabled=[name], safe_mode=True)
    assert warnings == []
    assert record(manager, name).state == "off"
    assert record(manager, name).problem == "turned off"
    brought = [word for each in manager.records for word in each.registers]
    assert len(brought) == len(BUILT_INS) - 1
    assert not any(word.endswith(f" {name}") for word in brought)
    manager.offered_ciphers()


def test_without_any_plugin_the_manager_still_works() -> None:
    manager, warnings = load(disabled=BUILT_INS, safe_mode=True)
    assert warnings == []
    assert not manager.ciphers
    assert not manager.themes
    assert manager.offered_ciphers() == ()
    with pytest.raises(PluginError, match="there are: none"):
        manager.offered_ciphers(["aes-gcm"])


def test_a_third_partys_package_is_loaded(packages: Packages) -> None:
    packages.install("ud2p-sparkle", "1.2", {"sparkle": THEME.format(name="sparkle")})
    manager, warnings = load()
    assert warnings == []
    assert "sparkle" in manager.themes
    assert isinstance(manager.themes["sparkle"], ThemeInfo)
    assert record(manager, "sparkle") == PluginRecord(
        name="sparkle",
        distribution="ud2p-sparkle",
        version="1.2",
        state="on",
        problem="",
        registers=("theme sparkle",),
        builtin=False,
        hooks=("ud2p_register_themes",),
    )
    assert manager.package_of("theme", "sparkle") == "ud2p-sparkle"
    assert not manager.is_builtin("theme", "sparkle")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise ValueError('no luck')", "ValueError: no luck"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import sys; sys.exit()", "SystemExit"),
        ("import os; os.environ['NO_SUCH_VARIABLE']", "KeyError: 'NO_SUCH_VARIABLE'"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
        ("def (", "SyntaxError"),
        ("import no_such_module_anywhere", "no_such_module_anywhere"),
        ("from ud2p import NoSuchName", "NoSuchName"),
        ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "raised E"),
        ("raise ValueError('\\x1b[2Jgone\\nnext line')", "gone next line"),
        ("raise ValueError('long ' * 1000)", "…"),
    ],
)
def test_a_plugin_that_can_not_be_imported_is_named_and_survived(packages: Packages, source: str, says: str) -> None:
    packages.install("ud2p-broken", "0.3", {"broken": source})
    packages.install("ud2p-well", "1.0", {"well": THEME.format(name="well")})
    manager, (warning,) = load()
    assert warning.startswith('plugin "broken" (ud2p-broken 0.3) is left out: importing it raised ')
    assert says in warning
    assert warning.isprintable()
    assert len(warning) < 400
    assert record(manager, "broken").state == "failed"
    assert says in record(manager, "broken").problem
    assert "well" in manager.themes
    assert "aes-gcm" in manager.ciphers


def test_an_entry_point_to_nothing_is_named(packages: Packages) -> None:
    info = packages.install("ud2p-broken", "0.3", {})
    (info / "entry_points.txt").write_text("[ud2p]\nattribute = os:no_such_name\nnothing = no_such_module_anywhere\n")
    _, warnings = load()
    assert [warning.split(" is left out")[0] for warning in warnings] == [
        'plugin "attribute" (ud2p-broken 0.3)',
        'plugin "nothing" (ud2p-broken 0.3)',
    ]


def test_the_user_may_interrupt_an_import(packages: Packages) -> None:
    packages.install("ud2p-slow", "1.0", {"slow": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        load()


def test_safe_mode_imports_no_third_party(packages: Packages) -> None:
    packages.install("ud2p-bomb", "1.0", {"bomb": "raise SystemExit"})
    manager, warnings = load(safe_mode=True)
    assert warnings == []
    assert record(manager, "bomb").state == "off"
    assert record(manager, "bomb").problem == "not loaded in safe mode"
    assert "aes-gcm" in manager.ciphers


def test_a_disabled_plugin_is_not_imported(packages: Packages) -> None:
    packages.install("ud2p-bomb", "1.0", {"bomb": "raise SystemExit"})
    manager, warnings = load(disabled={"bomb"})
    assert warnings == []
    assert record(manager, "bomb").state == "off"


def test_a_disabled_name_that_does_not_exist_is_named() -> None:
    _, warnings = load(disabled=["lutoh", "zzzzzz\x1b"])
    assert len(warnings) == 2
    assert "did you mean lutho?" in warnings[0]
    assert "ud2p plugins" in warnings[1]
    assert warnings[1].isprintable()


def test_of_two_plugins_of_one_name_the_first_by_order_is_used(packages: Packages) -> None:
    packages.install("zz", "1.0", {"twin": THEME.format(name="late"), "aes-gcm": THEME.format(name="impostor")})
    packages.install("aa", "1.0", {"twin": THEME.format(name="early")})
    manager, warnings = load()
    assert "early" in manager.themes
    assert not {"late", "impostor"} & set(manager.themes)
    assert len(warnings) == 2
    assert 'plugin "aes-gcm" (zz 1.0)' in warnings[0]
    assert "ud2p " in warnings[0]
    assert 'plugin "twin" (zz 1.0) is left out: the name is taken by plugin "twin" (aa 1.0)' in warnings[1]
    assert [each.state for each in manager.records if each.name == "twin"] == ["on", "failed"]


def test_one_module_behind_two_entry_points_counts_once(packages: Packages) -> None:
    info = packages.install("ud2p-sparkle", "1.2", {"sparkle": THEME.format(name="sparkle")})
    points = (info / "entry_points.txt").read_text()
    (info / "entry_points.txt").write_text(points + points.splitlines()[1].replace("sparkle =", "twinkle ="))
    manager, (warning,) = load()
    assert 'plugin "twinkle"' in warning
    assert "same object" in warning
    assert "sparkle" in manager.themes


def test_warnings_go_nowhere_when_nobody_listens(packages: Packages, capfd: pytest.CaptureFixture[str]) -> None:
    packages.install("ud2p-broken", "0.3", {"broken": "raise ValueError"})
    manager = PluginManager.load()
    assert record(manager, "broken").state == "failed"
    assert capfd.readouterr() == ("", "")


def test_a_listener_that_fails_harms_nobody(packages: Packages) -> None:
    packages.install("ud2p-broken", "0.3", {"broken": "raise ValueError"})

    def broken_pipe(_: str) -> None:
        raise BrokenPipeError

    assert "aes-gcm" in PluginManager.load(warn=broken_pipe).ciphers


def test_ciphers_offered_by_default_are_the_built_ins_fast_first() -> None:
    manager, _ = load(safe_mode=True)
    manager.register(Bringing("aaa"), "other", "other", "1")
    assert [info.name for info in manager.offered_ciphers()] == ["aes-gcm", "xchacha20", "fernet"]
    assert "aaa" in manager.ciphers


def test_ciphers_that_the_user_names_are_offered_in_that_order() -> None:
    manager, _ = load(safe_mode=True)
    manager.register(Bringing("aaa"), "other", "other", "1")
    assert [info.name for info in manager.offered_ciphers(["fernet", "aaa", "fernet"])] == ["fernet", "aaa"]


@pytest.mark.parametrize(
    ("named", "says"),
    [
        (["aes-gmc"], "did you mean aes-gcm"),
        (["rot13"], 'no cipher is called "rot13"; there are: aes-gcm, fernet, xchacha20'),
        (["fernet", "\x1b"], r"\\x1b"),
        ([], "at least one"),
    ],
)
def test_a_cipher_that_is_not_there_is_a_sentence(named: list[str], says: str) -> None:
    manager, _ = load(safe_mode=True)
    with pytest.raises(PluginError, match=says):
        manager.offered_ciphers(named)


def test_a_third_party_in_the_place_of_a_built_in_is_not_offered_unasked() -> None:
    manager, _ = load(safe_mode=True, disabled=["aes-gcm"])
    manager.register(Bringing("aes-gcm"), "impostor", "impostor", "1")
    assert not manager.is_builtin("cipher", "aes-gcm")
    assert [info.name for info in manager.offered_ciphers()] == ["xchacha20", "fernet"]
    assert [info.name for info in manager.offered_ciphers(["aes-gcm"])] == ["aes-gcm"]


def test_who_brings_what() -> None:
    manager, _ = load(safe_mode=True)
    manager.register(Bringing("mine"), "mine")
    assert manager.package_of("cipher", "aes-gcm") == "ud2p"
    assert manager.package_of("cipher", "mine") == ""
    assert manager.is_builtin("transport", "udp")
    assert not manager.is_builtin("cipher", "udp")
    assert not manager.is_builtin("cipher", "mine")
    with pytest.raises(PluginError, match='no file transfer is called "tpc"; did you mean tcp'):
        manager.package_of("file_transfer", "tpc")
