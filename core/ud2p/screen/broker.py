"""The connection to the broker, when it is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BrokerDown:
    """The connection to the broker ended; it is tried again, chats go on."""

    reason: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class BrokerUp:
    """The broker is back."""


@dataclass(frozen=True, slots=True)
class BrokerGoodbye:
    """The broker sent us away for good."""

    reason: str
