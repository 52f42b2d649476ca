"""The documentation holds together: links lead somewhere, and what it names is there."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from tests.support.markdown import ROOT, Page, bare, in_backticks

from ud2p import contracts, hookspecs, screen, testing
from ud2p.config import Settings
from ud2p.hookspecs import GATEKEEPER_HOOKS, OBSERVER_HOOKS, REGISTER_HOOKS
from ud2p.plugins import PluginManager
from ud2p.plugins.gatekeepers import LIMIT_S
from ud2p.testing import async_fixtures, plugin
from ud2p_shell.arguments import make_parser

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")),
]
FOR_USERS = ["README.md", "CHANGELOG.md", "docs/operations.md", "docs/plugins.md", "docs/protocol.md"]
PLUGINS = Page.read("docs/plugins.md")
ALL_HOOKS = [*REGISTER_HOOKS, *GATEKEEPER_HOOKS, *OBSERVER_HOOKS]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for link in Page.read(name).links:
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / name).parent / file if file else ROOT / name
        assert target.exists(), f"{name} links to {link}"
        if anchor:
            assert anchor in Page.read(str(target.resolve().relative_to(ROOT))).anchors, f"{name} links to {link}"


@pytest.mark.parametrize("name", PAGES)
def test_files_that_are_named_are_there(name: str) -> None:
    named = [word for word in Page.read(name).words() if re.fullmatch(r"\.?\w[\w.-]*(/[\w.-]+)+\.(py|md|toml)", word)]
    assert not [word for word in named if not (ROOT / word).exists()]


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from options_of(command)


@pytest.mark.parametrize("name", FOR_USERS)
def test_options_that_are_named_exist(name: str) -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", Page.read(name).text))
    assert named <= set(options_of(make_parser()))


@pytest.mark.parametrize("name", FOR_USERS)
def test_variables_that_are_named_exist(name: str) -> None:
    settings = {f"UD2P_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    named = set(re.findall(r"\bUD2P_(?!PLUGIN_)[A-Z]+(?:_[A-Z]+)*\b", Page.read(name).text))
    assert named <= settings | {"UD2P_PLUGINS", "UD2P_CONFIG_DIR", "UD2P_STATE_DIR"}


# hooks


def kind_of(hook: str) -> str:
    return "register" if hook in REGISTER_HOOKS else "gatekeeper" if hook in GATEKEEPER_HOOKS else "observer"


def test_every_hook_is_listed_with_its_kind_and_arguments() -> None:
    listed = [(bare(call), kind) for call, kind, _ in PLUGINS.table("hook", "kind", "asked or told where")]
    parameters = {
        hook: ", ".join(name for name in inspect.signature(getattr(hookspecs, hook)).parameters if name != "options")
        for hook in ALL_HOOKS
    }
    assert listed == [(f"{hook}({parameters[hook]})", kind_of(hook)) for hook in ALL_HOOKS]


def test_every_gatekeepers_answers_are_listed() -> None:
    rows = PLUGINS.section("Gatekeepers").table("hook", "answers, the stricter first", "without an opinion")
    assert [bare(row[0]).partition("(")[0] for row in rows] == list(GATEKEEPER_HOOKS)
    for hook, answers, _ in rows:
        annotation = str(inspect.signature(getattr(hookspecs, bare(hook).partition("(")[0])).return_annotation)
        named = {re.match(r"\w+", word)[0] for word in in_backticks(answers)}  # type: ignore[index]
        assert named == {kind for kind in ("Veto", "Decision", "Refuse") if kind in annotation}
    assert f"{LIMIT_S:g} s" in PLUGINS.section("Gatekeepers").prose


@pytest.mark.parametrize(("title", "hooks"), [("Gatekeepers", GATEKEEPER_HOOKS), ("Observers", OBSERVER_HOOKS)])
def test_every_hook_is_explained(title: str, hooks: tuple[str, ...]) -> None:
    assert sorted(re.findall(r"\*\*(ud2p_\w+)\*\*", PLUGINS.section(title).prose)) == sorted(hooks)


def test_every_register_hook_has_a_place_of_its_own() -> None:
    section = PLUGINS.section("Register hooks")
    assert section.headings == list(REGISTER_HOOKS)


def test_every_hook_is_shown_in_an_example() -> None:
    shown = re.findall(r"^@impl\n(?:async )?def (\w+)", "\n".join(PLUGINS.blocks("python")), re.MULTILINE)
    assert set(shown) == set(ALL_HOOKS)


@pytest.mark.parametrize("name", PAGES)
def test_hooks_that_are_named_exist(name: str) -> None:
    kinds = "register_|message|invitation|broker_(?!presence|link)|chat_|file_"
    assert set(re.findall(rf"\bud2p_(?:{kinds})\w*", Page.read(name).text)) <= set(ALL_HOOKS)


# contracts

CONTRACTS = PLUGINS.section("Contracts")
CONTRACT_TITLES = [title for title in CONTRACTS.headings if title != "Text"]


def members_of(contract: Any) -> set[str]:
    """The public fields, methods and values of a contract; a type alias has none."""
    if not inspect.isclass(contract):
        return set()
    if issubclass(contract, Enum):
        return {member.name for member in contract}
    found = {*vars(contract), *inspect.get_annotations(contract)}
    return {name for name in found if not name.startswith("_")}


def members_shown(title: str) -> list[str]:
    rows = [row for table in CONTRACTS.section(title).tables() for row in table[1:]]
    return [word for row in rows for word in in_backticks(row[0])]


def test_every_contract_has_its_place() -> None:
    placed = [name for title in CONTRACT_TITLES for name in title.split(", ")]
    assert sorted(placed) == sorted(contracts.__all__)


@pytest.mark.parametrize("title", CONTRACT_TITLES)
def test_every_member_of_a_contract_is_shown(title: str) -> None:
    shown = {word.partition("(")[0] for word in members_shown(title)}
    kept = {name: members_of(getattr(contracts, name)) for name in title.split(", ")}
    assert shown == set().union(*kept.values())
    for name, members in kept.items():
        assert members or f"`{name}`" in CONTRACTS.prose, name


@pytest.mark.parametrize("title", CONTRACT_TITLES)
def test_methods_are_shown_with_their_arguments(title: str) -> None:
    for word in members_shown(title):
        name, call, arguments = word.rstrip(")").partition("(")
        methods = [getattr(getattr(contracts, owner), name, None) for owner in title.split(", ")]
        taken = {arguments_of(method) for method in methods if inspect.isfunction(method)}
        assert (bool(call) and (arguments == "..." or arguments in taken)) or (not call and not taken), word


def arguments_of(method: Any) -> str:
    parameters = [each for each in inspect.signature(method).parameters.values() if each.name != "self"]
    names = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    by_name = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    return ", ".join([*names, "*", *by_name] if by_name else names)


def test_every_screen_event_is_listed_with_its_fields() -> None:
    rows = PLUGINS.section("Screen events").table("event", "fields")
    listed = {in_backticks(event)[0]: in_backticks(fields) for event, fields in rows}
    kinds = [*screen.SCREEN_EVENT_TYPES, screen.ListedPerson, screen.PluginRow]
    assert listed == {kind.__name__: [field.name for field in dataclasses.fields(kind)] for kind in kinds}
    prompts = {in_backticks(event)[0] for event, _ in rows if "a prompt" in event}
    assert prompts == {kind.__name__ for kind in screen.PROMPT_TYPES}


# testing


def test_every_suite_is_listed() -> None:
    rows = PLUGINS.section("Testing").table("suite", "holds a plugin to")
    suites = [name for name in testing.__all__ if name.endswith("Conformance")]
    assert sorted(bare(name) for name, _ in rows) == suites


def test_every_fixture_is_listed() -> None:
    rows = PLUGINS.section("Testing").table("fixture", "is")
    fixtures = {name for module in (plugin, async_fixtures) for name in vars(module) if name.startswith("ud2p_")}
    assert {bare(name) for name, _ in rows} == fixtures
    assert len(rows) == len(fixtures)


# what there is


def test_what_ud2p_comes_with_is_listed() -> None:
    rows = PLUGINS.section("What ud2p comes with").table("plugin", "brings", "")
    listed = [(bare(name), brings) for name, brings, _ in rows]
    records = PluginManager.load(safe_mode=True).records
    assert listed == [(each.name, ", ".join(each.registers)) for each in records if each.builtin]


def test_the_members_of_the_json_list_are_named() -> None:
    (row,) = [row for row in PLUGINS.section("Turning plugins off").table("", "") if "--json" in row[0]]
    assert in_backticks(row[1]) == [field.name for field in dataclasses.fields(screen.PluginRow)]
