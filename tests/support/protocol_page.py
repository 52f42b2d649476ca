"""docs/protocol.md for tests: its examples, which are one real session, and what it says of members."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.support.markdown import Page, in_backticks

from ud2p.protocol.lines import BROKER_LINES, CLIENT_LINES, read_line
from ud2p.protocol.messages import Message

PROTOCOL = Page.read("docs/protocol.md")
LINES = PROTOCOL.section("The tags")


def examples(page: Page) -> Iterator[tuple[str, bool, str]]:
    """Who, whether it is from them, and the line or datagram, of each example."""
    for block in page.blocks(""):
        for line in block.splitlines():
            if found := re.match(r"(\w+) → (\S.*)", line):
                yield found[1], True, found[2]
            elif found := re.match(r"→ (\w+) (\S.*)", line):
                yield found[1], False, found[2]


def decoded() -> list[tuple[str, Message]]:
    """The lines of the session, in the order of the page."""
    return [(who, message) for who, _, message in _lines()]


def received() -> list[tuple[str, Message]]:
    """Those that somebody gets from the broker."""
    return [(who, message) for who, is_theirs, message in _lines() if not is_theirs]


def _lines() -> Iterator[tuple[str, bool, Message]]:
    for who, is_theirs, line in examples(LINES):
        message = read_line(line.encode(), CLIENT_LINES if is_theirs else BROKER_LINES)
        assert isinstance(message, Message), (line, message)
        yield who, is_theirs, message


def the(kind: type[Message], who: str) -> Any:
    """The last message of a kind that somebody sent or got."""
    return [message for person, message in decoded() if person == who and type(message) is kind][-1]


def members_in(prose: str) -> dict[str, list[str]]:
    """``**`Type`** (`a`, `b`)``, as the page has it."""
    found = re.findall(r"\*\*`(\w+)`\*\*(?: `[\w-]+`)? \(([^)]*)\)", prose)
    return {name: in_backticks(members) for name, members in found}
