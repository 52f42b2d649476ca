"""Every hook is specified once, documented, and of one of the three kinds."""

from __future__ import annotations

import inspect

import pluggy
import pytest

from ud2p import hookspecs
from ud2p.hookspecs import GATEKEEPER_HOOKS, OBSERVER_HOOKS, OPTIONS_HOOK, REGISTER_HOOKS

ALL_HOOKS = [*REGISTER_HOOKS, *GATEKEEPER_HOOKS, *OBSERVER_HOOKS]


def test_the_three_kinds_are_all_there_is() -> None:
    specified = [name for name, value in vars(hookspecs).items() if hasattr(value, "ud2p_spec")]
    assert sorted(specified) == sorted(ALL_HOOKS)
    assert len(set(ALL_HOOKS)) == len(ALL_HOOKS)


def test_pluggy_takes_the_specifications() -> None:
    manager = pluggy.PluginManager("ud2p")
    manager.add_hookspecs(hookspecs)
    assert all(hasattr(manager.hook, name) for name in ALL_HOOKS)


@pytest.mark.parametrize("name", ALL_HOOKS)
def test_a_hook_says_what_it_is_for_in_a_sentence(name: str) -> None:
    first = (getattr(hookspecs, name).__doc__ or "").strip().splitlines()[0]
    assert first.endswith(".")
    assert first.startswith("Gatekeeper") == (name in GATEKEEPER_HOOKS)
    assert first.startswith("Observer") == (name in OBSERVER_HOOKS)


@pytest.mark.parametrize("name", ALL_HOOKS)
def test_a_hook_is_typed_and_synchronous(name: str) -> None:
    hook = getattr(hookspecs, name)
    signature = inspect.signature(hook)
    assert signature.return_annotation is not signature.empty
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())
    assert not inspect.iscoroutinefunction(hook)
    assert (not {*signature.parameters} - {"options"}) == (name in REGISTER_HOOKS)
    assert (list(signature.parameters)[-1:] == ["options"]) == (name != OPTIONS_HOOK)


def test_implementations_are_marked_for_the_same_project() -> None:
    assert hookspecs.impl.project_name == hookspecs.spec.project_name == "ud2p"
