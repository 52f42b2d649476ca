"""Options: what a user can set for a plugin, in ``[plugins.NAME]``, the environment or with ``-o``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

OptionValue: TypeAlias = bool | int | float | str | tuple[str, ...]

Options: TypeAlias = Mapping[str, Any]
"""A plugin's options by name, each of its declared type: what a hook gets that asks for ``options``. Read-only."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option that a plugin declares in ``ud2p_register_options``. Its type is that of its default."""

    name: str
    """After ``-o NAME.``: lower-case ASCII letters, digits and ``_``, beginning with a letter."""
    default: OptionValue
    """What counts when the user says nothing; kept as it is, so it has to be a value that could be set."""
    summary: str
    """What it does, in one line, for ``ud2p plugins info``."""
    choices: tuple[OptionValue, ...] = ()
    """The only values that there are; empty: any."""
    at_least: float | None = None
    """The smallest number."""
    at_most: float | None = None
    """The largest number."""
