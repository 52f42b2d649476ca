"""Screen events through the gate: no string in an event is forgotten, however deep it stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ud2p.text import gate

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    _Event = TypeVar("_Event", bound=DataclassInstance)

MULTILINE: Mapping[str, bool] = {"multiline": True}
"""Metadata of a field of text that may have several lines; all other text comes out as one line."""


def gated(event: _Event) -> _Event:
    """The same event with every string in it passed through :func:`ud2p.text.gate`. Idempotent."""
    changes = {
        each.name: _gated_value(getattr(event, each.name), bool(each.metadata.get("multiline")))
        for each in dataclasses.fields(event)
    }
    return dataclasses.replace(event, **changes)


def _gated_value(value: Any, multiline: bool) -> Any:
    if isinstance(value, str):
        return gate(value, multiline=multiline)
    if isinstance(value, tuple):
        return tuple(_gated_value(item, multiline) for item in value)
    return gated(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value
