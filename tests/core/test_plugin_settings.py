"""What was said of plugins, before anybody knows what their options are."""

from __future__ import annotations

import pytest

from ud2p.errors import ConfigError, UsageError
from ud2p.plugin_settings import PluginSettings, Setting, read_assignments, read_tables, variable_of


@pytest.mark.parametrize("text", ["", "a", "a=1", ".b=1", "a.=1", "=1", "a.b"])
def test_an_assignment_of_another_form_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"write it like -o NAME\.KEY=VALUE"):
        read_assignments([text])


def test_names_with_dots_and_dashes() -> None:
    assert read_assignments(["my.plug-in.key=v"]) == {("my.plug-in", "key"): "v"}
    assert variable_of("my.plug-in", "key") == "UD2P_PLUGIN_MY_PLUG_IN_KEY"


def test_of_one_option_the_last_assignment_counts() -> None:
    assert read_assignments(["a.b=1", "a.b=2=3\n", "a.c="]) == {("a", "b"): "2=3\n", ("a", "c"): ""}


def test_the_source_that_counts() -> None:
    settings = PluginSettings({"a": {"b": 1, "c": 2, "d": 3}}, "f", {"UD2P_PLUGIN_A_B": "4", "UD2P_PLUGIN_A_C": ""})
    with_flag = PluginSettings(settings.tables, "f", settings.variables, {("a", "b"): ""})
    assert with_flag.find("a", "b") == Setting("", "-o a.b", UsageError)
    assert settings.find("a", "b") == Setting("4", "UD2P_PLUGIN_A_B", ConfigError)
    assert settings.find("a", "c") == Setting(2, "f: plugins.a.c", ConfigError)
    assert settings.find("a", "e") is None
    assert settings.find("x", "b") is None


@pytest.mark.parametrize("value", [3, "away", [], {"away": 3}, {"away": []}])
def test_tables_that_are_none(value: object) -> None:
    with pytest.raises(ConfigError, match=r"^here: what is set for a plugin stands in a table of its own"):
        read_tables(value, "here")
