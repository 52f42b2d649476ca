"""Entry points of real packages: found, ordered, and each survived."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.packages import Packages, packages

from ud2p.plugins import PluginManager
from ud2p.plugins.record import Plugin
from ud2p.plugins.scan import BUILT_INS, find_plugins, scan

__all__ = ["packages"]


def found_without_builtins(warnings: list[str]) -> list[Plugin]:
    return [found.plugin for found in scan(warnings.append) if not found.plugin.builtin]


def titles(warnings: list[str]) -> list[tuple[str, str, str]]:
    return [(p.distribution, p.name, p.version) for p in found_without_builtins(warnings)]


def test_the_built_ins_are_found_first_and_in_order() -> None:
    names = [each.plugin.name for each in scan(pytest.fail) if each.plugin.builtin]
    assert names == sorted(names)
    assert {"aes-gcm", "fernet", "xchacha20", "udp", "tcp", "memory", "lutho", "chulumanco", "roanda"} <= set(names)
    everything = [each.plugin.builtin for each in scan(pytest.fail)]
    assert everything == sorted(everything, reverse=True)


def test_the_others_follow_by_distribution_and_name(packages: Packages) -> None:
    packages.install("Zebra", "1.0", {"b": "", "a": ""})
    packages.install("apple_pie", "2.5", {"z": ""})
    packages.install("Mango.Fool", "3", {"m": ""})
    warnings: list[str] = []
    assert titles(warnings) == [
        ("apple_pie", "z", "2.5"),
        ("Mango.Fool", "m", "3"),
        ("Zebra", "a", "1.0"),
        ("Zebra", "b", "1.0"),
    ]
    assert warnings == []


def test_finding_imports_nothing(packages: Packages) -> None:
    packages.install("bomb", "1.0", {"bomb": "raise SystemExit('boom')"})
    assert titles([]) == [("bomb", "bomb", "1.0")]


@pytest.mark.parametrize("content", [b"[ud2p]\nthis is no entry point\n", b"\xff\xfe\x00"])
def test_a_damaged_list_is_named_and_hides_nobody(packages: Packages, content: bytes) -> None:
    packages.install("healthy", "1.0", {"well": ""})
    (packages.install("broken-one", "1.0", {}) / "entry_points.txt").write_bytes(content)
    warnings: list[str] = []
    assert titles(warnings) == [("healthy", "well", "1.0")]
    assert [warning.split(":")[0] for warning in warnings] == ["broken-one"]
    assert "aes-gcm" in [each.plugin.name for each in scan(warnings.append)]


def test_a_package_without_metadata_still_has_its_plugins(packages: Packages) -> None:
    os.remove(packages.install("nameless", "1.0", {"p": ""}) / "METADATA")
    assert [plugin.name for plugin in found_without_builtins([])] == ["p"]


@pytest.mark.parametrize("damaged", [False, True])
def test_of_two_copies_the_one_that_is_imported_counts(
    packages: Packages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    packages.install("Same.Thing", "1.0", {"old": ""})
    first = tmp_path / "first"
    first.mkdir()
    monkeypatch.syspath_prepend(first)
    Packages(first).install("same-thing", "2.0", {"new": ""})
    if damaged:
        (packages.install("broken-one", "1.0", {}) / "entry_points.txt").write_text("[ud2p]\nx\n")
    assert titles([]) == [("same-thing", "new", "2.0")]


def test_names_with_escape_codes_are_made_harmless(packages: Packages) -> None:
    info = packages.install("odd", "1.0", {"p": ""})
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\x1b[31m\nVersion: 1\x07\n")
    ((distribution, _, version),) = titles([])
    assert distribution.isprintable()
    assert version.isprintable()


def test_what_ud2p_comes_with_is_known() -> None:
    assert find_plugins([], pytest.fail)
    assert [each.plugin.name for each in scan(pytest.fail) if each.plugin.builtin] == sorted(BUILT_INS)


@pytest.mark.parametrize("gone", [*((name,) for name in BUILT_INS), BUILT_INS])
def test_a_built_in_that_is_missing_is_named(packages: Packages, gone: tuple[str, ...]) -> None:
    points = {each.plugin.name: each.load for each in scan(pytest.fail) if each.plugin.builtin}
    info = packages.install("ud2p", "0.1.0", {})
    kept = [f"{name} = {points[name].__self__.value}" for name in BUILT_INS if name not in gone]  # type: ignore[attr-defined]
    (info / "entry_points.txt").write_text("\n".join(["[ud2p]", *kept, ""]))
    warnings: list[str] = []
    manager = PluginManager.load(warn=warnings.append)
    assert warnings == [f"of what ud2p comes with, this is missing: {', '.join(gone)}; install ud2p anew"]
    assert sorted(record.name for record in manager.records) == sorted(set(BUILT_INS) - set(gone))
    assert all(record.state == "on" for record in manager.records)
    manager.offered_ciphers()
