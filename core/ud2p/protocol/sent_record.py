"""A record under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ud2p.protocol.outgoing import Fragment


@dataclass(slots=True)
class SentRecord:
    """A record that asks for an ACK, until that comes or the record is given up."""

    number: int
    sent_at: float
    size_bytes: int
    fragments: Sequence[Fragment]
    acks: int
    """The largest number that its own ACK frame covers, -1 where it has none."""
