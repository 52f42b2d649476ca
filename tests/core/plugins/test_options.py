"""What plugins let their users set, and what users set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ud2p.contracts import Option, Options, ThemeInfo, Veto
from ud2p.errors import ConfigError, UD2PError, UsageError
from ud2p.hookspecs import impl
from ud2p.plugin_settings import PluginSettings, read_assignments, variable_of
from ud2p.plugins import PluginManager

ALL = (
    Option("text", "hello", "what to say"),
    Option("times", 3, "how often", at_least=1, at_most=10),
    Option("share", 0.5, "how much", at_least=0, at_most=1),
    Option("loud", False, "whether in capitals"),
    Option("friends", ("bob",), "who hears it"),
    Option("colour", "red", "of the words", choices=("red", "green")),
)


class Sparkle:
    """A plugin with these options that keeps what it was given."""

    def __init__(self, *declared: Option) -> None:
        self._declared = declared
        self.given: Options = {}

    @impl
    def ud2p_register_options(self) -> Sequence[Option]:
        return self._declared

    @impl
    def ud2p_register_themes(self, options: Options) -> list[ThemeInfo]:
        self.given = options
        return []

    @impl
    def ud2p_message_sending(self, text: str, options: Options) -> Veto:
        return Veto(options["text"])


def given(
    *declared: Option,
    name: str = "sparkle",
    file: Mapping[str, Any] | None = None,
    environ: Any = None,
    flags: Any = (),
) -> dict[str, Any]:
    """What a plugin gets."""
    settings = PluginSettings({name: file or {}}, "config.toml", environ or {}, read_assignments(flags))
    manager = PluginManager(pytest.fail, settings=settings)
    plugin = Sparkle(*declared)
    manager.register(plugin, name)
    assert manager.themes == {}
    return dict(plugin.given)


def test_without_settings_the_defaults_count() -> None:
    assert given(*ALL) == {option.name: option.default for option in ALL}


def test_the_file_the_environment_and_the_command_line() -> None:
    file = {"text": "a", "times": 4, "share": 1, "loud": True, "friends": ["x", "y"], "colour": "green"}
    from_file = {**file, "friends": ("x", "y"), "share": 1.0}
    assert given(*ALL, file=file) == from_file
    environ = {"UD2P_PLUGIN_SPARKLE_TIMES": " 5 ", "UD2P_PLUGIN_SPARKLE_LOUD": "off", "UD2P_PLUGIN_SPARKLE_TEXT": ""}
    assert given(*ALL, file=file, environ=environ) == {**from_file, "times": 5, "loud": False}
    flags = ["sparkle.times=6", "sparkle.times=7", "sparkle.friends=a, b", "sparkle.text=x=y.z=", "sparkle.share=.25"]
    values = {**from_file, "times": 7, "loud": False, "friends": ("a", "b"), "text": "x=y.z=", "share": 0.25}
    assert given(*ALL, file=file, environ=environ, flags=flags) == values


def test_values_have_the_type_of_their_default() -> None:
    values = given(*ALL, flags=[f"sparkle.{each}" for each in ("times=2", "share=1", "loud=yes", "friends=", "text=1")])
    assert [(type(value), value) for value in values.values()] == [
        (str, "1"),
        (int, 2),
        (float, 1.0),
        (bool, True),
        (tuple, ()),
        (str, "red"),
    ]


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("times", "many", "'many' is not a whole number"),
        ("times", "2.5", "'2.5' is not a whole number"),
        ("times", "9" * 400, "is not a whole number"),
        ("times", "0", "0 is too small; it is at least 1"),
        ("times", "11", "11 is too large; it is at most 10"),
        ("share", "half", "'half' is not a number"),
        ("share", "nan", "'nan' is not a number"),
        ("share", "inf", "'inf' is not a number"),
        ("loud", "perhaps", "'perhaps' is neither true nor false"),
        ("colour", "blue", "'blue' is not among 'red', 'green'"),
        ("colour", "\x1b[31m", "is not among 'red', 'green'"),
    ],
)
def test_what_can_not_be_used_is_an_error_that_names_its_place(option: str, value: str, says: str) -> None:
    for kind, place, source in (
        (UsageError, f"-o sparkle.{option}: ", {"flags": [f"sparkle.{option}={value}"]}),
        (ConfigError, f"UD2P_PLUGIN_SPARKLE_{option.upper()}: ", {"environ": {variable_of("sparkle", option): value}}),
        (ConfigError, f"config.toml: plugins.sparkle.{option}: ", {"file": {option: value}}),
    ):
        with pytest.raises(UD2PError) as raised:
            given(*ALL, **source)
        assert type(raised.value) is kind
        assert str(raised.value).startswith(place)
        assert says in str(raised.value)
        assert str(raised.value).isprintable()


@pytest.mark.parametrize("value", [True, 1.5, [1], {}, "x"])
def test_the_file_has_types_of_its_own(value: object) -> None:
    with pytest.raises(ConfigError, match="is not a whole number"):
        given(*ALL, file={"times": value})


@pytest.mark.parametrize("value", [1, True, ["a"], 1.0])
def test_text_in_the_file_is_text(value: object) -> None:
    with pytest.raises(ConfigError, match="is not text"):
        given(*ALL, file={"text": value})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (3, "returned int, not a sequence"),
        ("text", "returned str, not a sequence"),
        ([3], "something of type int"),
        ([Option("Text", "", "")], "'Text', which can't be the name"),
        ([Option("a.b", "", "")], "can't be the name"),
        ([Option(3, "", "")], "can't be the name"),  # type: ignore[arg-type]
        ([Option("a", "", ""), Option("a", "", "")], "the option a twice"),
        ([Option("a", None, "")], "whose default is no text"),  # type: ignore[arg-type]
        ([Option("a", 1, "", at_least=2)], "whose default does not fit itself: 1 is too small"),
        ([Option("a", "x", "", choices=("y",))], "whose default does not fit itself"),
        ([Option("a", 1, "", at_least="x")], "whose default does not fit itself"),  # type: ignore[arg-type]
        ([Option("a", 1, None)], "without a summary"),  # type: ignore[arg-type]
    ],
)
def test_a_declaration_that_can_not_be_used_costs_the_plugin(answer: Any, says: str) -> None:
    class Odd(Sparkle):
        @impl
        def ud2p_register_options(self) -> Sequence[Option]:
            return answer  # type: ignore[no-any-return]

    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Odd(), "odd")
    (warning,) = warnings
    assert warning.startswith('plugin "odd" is left out: ud2p_register_options ')
    assert says in warning
    assert manager.themes == {}
    assert not manager.has_implementations("ud2p_message_sending")


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(), GeneratorExit()])
def test_a_declaration_that_raises_costs_the_plugin(error: BaseException) -> None:
    class Raising(Sparkle):
        @impl
        def ud2p_register_options(self) -> Sequence[Option]:
            raise error

    warnings: list[str] = []
    manager = PluginManager(warnings.append)
    manager.register(Raising(), "raising")
    assert [each.state for each in manager.records] == ["failed"]
    assert f"raised {type(error).__name__}" in warnings[0]


def test_two_functions_may_declare() -> None:
    class Both(Sparkle):
        @impl(specname="ud2p_register_options")
        def more(self) -> list[Option]:
            return [Option("more", 1, "another")]

    manager = PluginManager(pytest.fail)
    plugin = Both(Option("text", "x", "one"))
    manager.register(plugin, "both")
    assert manager.themes == {}
    assert plugin.given == {"more": 1, "text": "x"}


async def test_every_hook_may_ask_and_gets_its_own_plugins() -> None:
    manager = PluginManager(pytest.fail, settings=PluginSettings(assignments=read_assignments(["b.text=from b"])))
    for name in ("a", "b"):
        manager.register(Sparkle(Option("text", "by default", "")), name)
    with pytest.raises(UD2PError, match="by default"):
        await manager.ask_message_sending(None, "hi")  # type: ignore[arg-type]
    assert [each.options[0][1] for each in manager.records] == ["by default", "from b"]


def load(settings: PluginSettings) -> list[str]:
    warnings: list[str] = []
    PluginManager.load(safe_mode=True, settings=settings, warn=warnings.append)
    return warnings


def test_what_is_set_for_nobody_is_said() -> None:
    assert load(PluginSettings({"lutoh": {"a": 1}}, "config.toml")) == [
        "config.toml: the table [plugins.lutoh]: no plugin has that name; did you mean lutho?"
    ]
    assert load(PluginSettings({"lutho": {"a": 1}}, "config.toml")) == [
        f'config.toml: plugins.lutho.a: plugin "lutho" (ud2p {version()}) has no such option; there are: none'
    ]
    assert load(PluginSettings(variables={"UD2P_PLUGIN_LUTHO_A": "1"})) == [
        "UD2P_PLUGIN_LUTHO_A is set, and no plugin has such an option; see: ud2p plugins info NAME"
    ]
    for flag in ("lutoh.a=1", "lutho.a=1"):
        with pytest.raises(UsageError, match=f"^-o {flag[:-2]}: "):
            load(PluginSettings(assignments=read_assignments([flag])))


def version() -> str:
    from ud2p import __version__

    return __version__


def test_of_a_plugin_that_is_off_nothing_is_said() -> None:
    settings = PluginSettings({"lutho": {"a": 1}}, "config.toml", {"UD2P_PLUGIN_LUTHO_A": "1"}, {("lutho", "b"): "1"})
    warnings: list[str] = []
    PluginManager.load(safe_mode=True, disabled=["lutho"], settings=settings, warn=warnings.append)
    assert warnings == []


def test_a_name_with_dashes_has_a_variable() -> None:
    assert given(Option("key", "", ""), name="my-plug", environ={"UD2P_PLUGIN_MY_PLUG_KEY": "v"}) == {"key": "v"}
