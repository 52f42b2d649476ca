"""Looking at a plugin's hooks before any of them is called.

pluggy checks that an implementation asks only for arguments that the hook has. The rest is checked here: hooks that
do not exist, functions that lack the marker (they would never be called), wrappers (they could hide what the
others say), and required keyword-only arguments (they would fail at the first call).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import Any

import pluggy

from ud2p import hookspecs
from ud2p.errors import PluginError

HOOKS = (*hookspecs.REGISTER_HOOKS, *hookspecs.GATEKEEPER_HOOKS, *hookspecs.OBSERVER_HOOKS)


def check(plugin: object, manager: pluggy.PluginManager) -> tuple[str, ...]:
    """The hooks that a plugin implements.

    :raises PluginError: with what is wrong with the first bad one, or when there is none
    """
    hooks = sorted({hook for hook in _implemented(plugin, manager) if hook})
    if not hooks:
        raise PluginError("it implements no hook; mark its functions with @ud2p.impl")
    return tuple(hooks)


def deprecations(plugin: object, hooks: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What a plugin uses that is to go: the hook, and a sentence about it."""
    for (hook, argument), instead in hookspecs.DEPRECATED.items():
        if hook in hooks and (not argument or argument in _asked_for(plugin, hook)):
            what = f"{hook}'s argument {argument}" if argument else hook
            yield hook, f"{what} is deprecated and will go; {instead}"


def _asked_for(plugin: object, hook: str) -> tuple[str, ...]:
    """The arguments of whatever implements ``hook``, under its own name or with ``specname``."""
    for name in dir(plugin):
        function = getattr(plugin, name, None)
        options = getattr(function, "ud2p_impl", None)
        if options and (options.get("specname") or name) == hook:
            return tuple(inspect.signature(function).parameters)  # type: ignore[arg-type]
    return ()


def _implemented(plugin: object, manager: pluggy.PluginManager) -> Iterator[str | None]:
    for name in _candidates(plugin):
        options: Mapping[str, Any] | None = manager.parse_hookimpl_opts(plugin, name)
        if options is not None:
            yield _check_marked(plugin, name, options)
        elif name in HOOKS:
            _check_unmarked(plugin, name)


def _candidates(plugin: object) -> list[str]:
    """The names to look at. Of a module, as nearly every plugin is, only functions: pluggy takes long for each name."""
    if type(plugin) is not ModuleType:
        return dir(plugin)
    return sorted(name for name, value in vars(plugin).items() if name in HOOKS or inspect.isroutine(value))


def _check_marked(plugin: object, name: str, options: Mapping[str, Any]) -> str | None:
    hook: str = options.get("specname") or name
    if hook not in HOOKS:
        if options.get("optionalhook"):
            return None
        guess = get_close_matches(hook, HOOKS, n=1)
        raise PluginError(f"{hook} is not a hook" + (f"; did you mean {guess[0]}?" if guess else " of this version"))
    if options.get("wrapper") or options.get("hookwrapper"):
        raise PluginError(f"{hook} is a wrapper, and wrappers are refused; write a plain function")
    _check_arguments(hook, getattr(plugin, name))
    return hook


def _check_unmarked(plugin: object, name: str) -> None:
    function = inspect.getattr_static(plugin, name)
    if not hasattr(function, "ud2p_spec"):  # the hook's own specification, imported to read it
        raise PluginError(f"{name} is not marked with @ud2p.impl and would never be called; mark it")


def _check_arguments(hook: str, function: Callable[..., object]) -> None:
    offered = _arguments_of(hook)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if parameter.name not in offered:
            raise PluginError(f"{hook} asks for {parameter.name!r}; it may ask for {', '.join(offered) or 'nothing'}")
        if parameter.kind is parameter.KEYWORD_ONLY:
            raise PluginError(f"{hook} takes {parameter.name!r} by keyword only; arguments are given by position")


@cache
def _arguments_of(hook: str) -> tuple[str, ...]:
    return tuple(inspect.signature(getattr(hookspecs, hook)).parameters)
