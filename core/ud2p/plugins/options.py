"""A plugin's options: what it declared, and what they come to.

A value that can't be used is the user's mistake and ends the start with a sentence; a declaration that can't be used
is the plugin's, and costs the plugin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from ud2p.contracts import Option, Options, OptionValue
from ud2p.errors import PluginError, UsageError
from ud2p.plugin_settings import PluginSettings, Setting, variable_of
from ud2p.plugins.record import Plugin
from ud2p.text import gate

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
NO_OPTIONS: Options = MappingProxyType({})


def check_declared(answers: Iterable[object]) -> tuple[Option, ...]:
    """What a plugin answered to ``ud2p_register_options``, each of its implementations.

    :raises PluginError: with what is wrong with it
    """
    declared: dict[str, Option] = {}
    for answer in answers:
        if not isinstance(answer, Sequence) or isinstance(answer, (str, bytes)):
            raise PluginError(f"returned {type(answer).__name__}, not a sequence")
        for option in answer:
            _check_option(option)
            if option.name in declared:
                raise PluginError(f"has the option {option.name} twice")
            declared[option.name] = option
    return tuple(declared.values())


def _check_option(option: object) -> None:
    if not isinstance(option, Option):
        raise PluginError(f"has something of type {type(option).__name__} that is not an Option")
    if type(option.name) is not str or not _NAME.fullmatch(option.name):
        raise PluginError(f"has {gate(repr(option.name)[:40])}, which can't be the name of an option")
    _check_default(option)


def _check_default(option: Option) -> None:
    texts = isinstance(option.default, tuple) and all(isinstance(each, str) for each in option.default)
    if type(option.default) not in (bool, int, float, str) and not texts:
        raise PluginError(f"has the option {option.name}, whose default is no text, number, truth or tuple of texts")
    if not isinstance(option.summary, str):
        raise PluginError(f"has the option {option.name} without a summary")
    try:
        _check_range(option, option.default)
    except (UsageError, TypeError) as error:
        raise PluginError(f"has the option {option.name}, whose default does not fit itself: {error}") from None


def resolve(plugin: Plugin, declared: Sequence[Option], settings: PluginSettings) -> Options:
    """The values of a plugin's options.

    :raises UsageError: what was set on the command line can't be used
    :raises ConfigError: what was set elsewhere can't be used
    """
    return MappingProxyType({option.name: _value(plugin, option, settings) for option in declared})


def _value(plugin: Plugin, option: Option, settings: PluginSettings) -> OptionValue:
    setting = settings.find(plugin.name, option.name)
    if setting is None:
        return option.default
    try:
        value = _convert(option, setting.value)
        _check_range(option, value)
    except UsageError as problem:
        raise setting.error(f"{gate(setting.place)}: {problem}") from None
    return value


def _convert(option: Option, value: object) -> OptionValue:
    """``value`` in the type of the option's default."""
    match option.default:
        case bool():
            word = value.strip().lower() if isinstance(value, str) else ""
            if isinstance(value, bool) or word in (*_YES, *_NO):
                return value if isinstance(value, bool) else word in _YES
            raise UsageError(f"{_shown(value)} is neither true nor false")
        case int():
            if type(value) is int or (isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,18}\s*", value)):
                return int(value)
            raise UsageError(f"{_shown(value)} is not a whole number")
        case float():
            return _number(value)
        case str():
            if isinstance(value, str):
                return value
            raise UsageError(f'{_shown(value)} is not text; write it like "this"')
    return _texts(value)


def _number(value: object) -> float:
    number = float("nan")
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = float("nan")
    if not abs(number) < float("inf"):  # neither is nan
        raise UsageError(f"{_shown(value)} is not a number")
    return number


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(filter(None, (part.strip() for part in value.split(","))))
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    raise UsageError(f'{_shown(value)} is not a list of texts; write it like ["one", "two"] or "one, two"')


def _check_range(option: Option, value: OptionValue) -> None:
    if option.choices and value not in option.choices:
        raise UsageError(f"{_shown(value)} is not among {', '.join(map(_shown, option.choices))}")
    if isinstance(value, (int, float)):
        if option.at_least is not None and value < option.at_least:
            raise UsageError(f"{_shown(value)} is too small; it is at least {option.at_least:g}")
        if option.at_most is not None and value > option.at_most:
            raise UsageError(f"{_shown(value)} is too large; it is at most {option.at_most:g}")


def name_unknown(settings: PluginSettings, plugins: Sequence[Plugin], warn: Callable[[str], None]) -> None:
    """Say what was set and is nobody's: a warning, but an error where it stood on the command line.

    :raises UsageError: ``-o`` names a plugin or an option that there is not
    """
    names = [plugin.name for plugin in plugins]
    for setting in settings.plugins():
        if setting.value not in names:
            _complain(setting, "no plugin has that name", names, warn)
    for plugin in plugins:
        if plugin.state == "on":  # who is off or broken was not asked
            options = [option.name for option in plugin.declared]
            for setting in settings.unknown(plugin.name, options):
                _complain(setting, f"{plugin.title} has no such option", options, warn)
    silent = tuple(variable_of(plugin.name, "") for plugin in plugins if plugin.state != "on")
    known = {variable_of(plugin.name, option.name) for plugin in plugins for option in plugin.declared}
    for variable in settings.variables:
        if variable not in known and not variable.startswith(silent):
            warn(f"{variable} is set, and no plugin has such an option; see: ud2p plugins info NAME")


def _complain(setting: Setting, problem: str, there: Sequence[str], warn: Callable[[str], None]) -> None:
    guess = get_close_matches(str(setting.value), there, n=1)
    hint = f"did you mean {guess[0]}?" if guess else f"there are: {', '.join(there) or 'none'}"
    sentence = f"{gate(setting.place)}: {problem}; {hint}"
    if setting.error is UsageError:
        raise UsageError(sentence)
    warn(sentence)


def _shown(value: object) -> str:
    return gate(repr(value)[:80])
