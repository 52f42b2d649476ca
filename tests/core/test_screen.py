from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ud2p import screen
from ud2p.screen import (
    PROMPT_TYPES,
    SCREEN_EVENT_TYPES,
    ClientList,
    HelpList,
    ListedPerson,
    OwnMessage,
    PeerMessage,
    PluginRow,
    PluginTable,
    ScreenEvent,
    StatusBar,
    gated,
)
from ud2p.testing.screen_events import SESSION, hostile_events
from ud2p.text import gate


def strings(value: Any) -> list[str]:
    """Every string in an event, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in strings(item)]
    if dataclasses.is_dataclass(value):
        return [text for each in dataclasses.fields(value) for text in strings(getattr(value, each.name))]
    return []


class TestGated:
    def test_one_line_fields_and_messages(self) -> None:
        event = gated(PeerMessage("b\x1bo\nb", "hi\nthere\u202e 👩‍👩‍👧\x07"))
        assert event == PeerMessage("b\\x1bo\\x0ab", "hi\nthere\\u202e 👩‍👩‍👧\\x07")

    def test_deep_in_an_event(self) -> None:
        people = (ListedPerson(1, "a\x1b", True, "b\x1b", "c\x1b"),)
        assert gated(ClientList(people, 1, False, False)).people == (
            ListedPerson(1, "a\\x1b", True, "b\\x1b", "c\\x1b"),
        )
        assert gated(HelpList((("a\n", "b\t"),))) == HelpList((("a\\x0a", "b\\x09"),))
        rows = gated(PluginTable((PluginRow("n", "d", "v", "on", ("cipher \u202e",), "p\r"),))).rows
        assert (rows[0].registers, rows[0].problem) == (("cipher \\u202e",), "p\\x0d")

    def test_what_is_no_text_stays(self) -> None:
        bar = StatusBar("alice", True, False, "host:1", undelivered=3)
        assert gated(bar) == bar
        assert gated(OwnMessage("a", None)) == OwnMessage("a", None)

    @given(hostile_events)
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    def test_no_string_is_forgotten_and_twice_is_once(self, event: ScreenEvent) -> None:
        once = gated(event)
        assert all(text == gate(text, multiline=True) for text in strings(once))
        assert gated(once) == once


class TestEvents:
    @pytest.mark.parametrize("kind", SCREEN_EVENT_TYPES)
    def test_frozen_slotted_and_documented(self, kind: type[ScreenEvent]) -> None:
        event = next(event for event in SESSION if type(event) is kind)
        assert not hasattr(event, "__dict__")
        assert kind.__doc__
        assert not kind.__doc__.startswith(f"{kind.__name__}(")
        for each in dataclasses.fields(kind):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(event, each.name, None)

    def test_every_class_is_in_the_union_or_in_an_event(self) -> None:
        classes = {
            value for value in vars(screen).values() if inspect.isclass(value) and dataclasses.is_dataclass(value)
        }
        assert classes - set(SCREEN_EVENT_TYPES) == {ListedPerson, PluginRow}

    def test_prompts_are_those_that_are_called_so(self) -> None:
        assert set(PROMPT_TYPES) == {kind for kind in SCREEN_EVENT_TYPES if kind.__name__.endswith("Prompt")}
