"""Lines between a client and a broker: bytes to typed messages and back.

On the wire::

    $TAG$ {"json": "object"}\\n        at most 16 KiB, the line feed included; strict UTF-8; no carriage return

:class:`LineSplitter` cuts the stream into lines, :func:`read_line` makes a message of one, or a
:class:`BadLine` that says in a sentence what is wrong with it, :func:`write_line` goes the other way. Nothing a
stranger can send makes any of them raise.

One parser reads everything: the request number in a bad line is found by the same decoder that reads the good
ones, so a line can't mean one thing here and another there (of two members of one name the last counts, always).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from ud2p.errors import LocalProtocolError
from ud2p.protocol.messages import FROM_BROKER, FROM_CLIENT, MAX_LINE_BYTES, Message, RequestId
from ud2p.protocol.refusals import SENTENCES, Code

Decode = Callable[[bytes], Message]

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises for bad input; its ValidationError is a DecodeError."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no message."""

    code: Code
    text: str
    """A sentence for the one who sent it."""
    re: int | None = None
    """The number of the request that it was meant to be, where that could be read."""
    fatal: bool = False
    """Whether the stream can't be trusted after it."""


class LineSplitter:
    """Cuts a stream of bytes at its line feeds and keeps the half line at its end."""

    __slots__ = ("half",)

    def __init__(self) -> None:
        self.half = b""
        """The beginning of a line that waits for its end."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived.

        :returns: the lines that it completes, without their line feeds. A line that is over
            ``MAX_LINE_BYTES`` before its end came is given out as it is, so that nothing grows without bound;
            :func:`read_line` calls it fatal.
        """
        lines = data.split(b"\n")
        if self.half:
            lines[0] = self.half + lines[0]
        self.half = lines.pop()
        if len(self.half) >= MAX_LINE_BYTES:
            lines.append(self.half)
            self.half = b""
        return lines


class _Numbers(msgspec.Struct):
    """The two numbers that any message may carry."""

    id: RequestId | None = None
    re: RequestId | None = None


_encode = msgspec.json.Encoder().encode
_read_numbers = msgspec.json.Decoder(_Numbers).decode

_TAG_OF: dict[type[Message], bytes] = {
    kind: tag.encode() + b" " for table in (FROM_CLIENT, FROM_BROKER) for tag, kinds in table.items() for kind in kinds
}


def _answer_or_push(answer: type[Message], push: type[Message]) -> Decode:
    """A decoder for a tag that carries two types: the one with ``re`` is the answer."""
    read_answer: Decode = msgspec.json.Decoder(answer).decode
    read_push: Decode = msgspec.json.Decoder(push).decode

    def read(body: bytes) -> Message:
        return read_push(body) if _read_numbers(body).re is None else read_answer(body)

    return read


def _decoder(kinds: tuple[type[Message], ...]) -> Decode:
    if len(kinds) == 1:
        read: Decode = msgspec.json.Decoder(kinds[0]).decode
        return read
    answer, push = kinds
    return _answer_or_push(answer, push)


Readers = Mapping[bytes, Decode]

CLIENT_LINES: Readers = {tag.encode(): _decoder(kinds) for tag, kinds in FROM_CLIENT.items()}
"""Reads what clients send; shared by all connections."""
BROKER_LINES: Readers = {tag.encode(): _decoder(kinds) for tag, kinds in FROM_BROKER.items()}
"""Reads what brokers send."""


def write_line(message: Message) -> bytes:
    """The line of a message, line feed included.

    :raises LocalProtocolError: when it would be too long or holds text that is not Unicode
    """
    try:
        line = _TAG_OF[type(message)] + _encode(message) + b"\n"
    except UnicodeEncodeError as error:
        raise LocalProtocolError("this text holds characters that can't be sent; type it anew") from error
    if len(line) > MAX_LINE_BYTES:
        raise LocalProtocolError(SENTENCES[Code.TOO_LONG])
    return line


def read_line(line: bytes, readers: Readers) -> Message | BadLine:
    """The message in a line (without its line feed), or what is wrong with it. Never raises."""
    if len(line) >= MAX_LINE_BYTES:
        return BadLine(Code.TOO_LONG, SENTENCES[Code.TOO_LONG], fatal=True)
    if not line.isascii():
        # The JSON decoder skips members it does not know without reading their text, so it is checked here.
        try:
            line.decode()
        except UnicodeDecodeError:
            return BadLine(Code.NOT_UTF8, SENTENCES[Code.NOT_UTF8], fatal=True)
    tag, space, body = line.partition(b" ")
    read = readers.get(tag)
    if read is None or not space or line.endswith(b"\r"):
        return _explain_line(line, tag, readers)
    try:
        return read(body)
    except _UNREADABLE as error:
        return _explain_body(tag.decode(), body, error)


_TAG = re.compile(rb"\$[A-Za-z0-9]{1,8}\$")


def _explain_line(line: bytes, tag: bytes, readers: Readers) -> BadLine:
    """What is wrong with a line whose JSON was not looked at."""
    if line.endswith(b"\r"):
        return BadLine(Code.BAD_LINE, "a line ends with a line feed alone; this one has a carriage return before it")
    if tag in readers:
        hint = f'{tag.decode()} needs a JSON object behind it, after one space, such as: {tag.decode()} {{"id": 1}}'
        return BadLine(Code.BAD_LINE, hint)
    if _TAG.fullmatch(tag):
        known = " ".join(known.decode() for known in readers)
        text = f"nobody here knows the tag {tag.decode()}; the tags are {known}"
        return BadLine(Code.UNKNOWN_TAG, text, _request_number(line.partition(b" ")[2]))
    return BadLine(Code.BAD_LINE, SENTENCES[Code.BAD_LINE])


def _explain_body(tag: str, body: bytes, error: Exception) -> BadLine:
    """What is wrong with the JSON behind a tag."""
    if not isinstance(error, msgspec.ValidationError):
        return BadLine(Code.BAD_LINE, f"what stands behind {tag} is not a JSON object that can be read; check its JSON")
    number = _request_number(body)
    problem = str(error)
    if "matching regex" in problem:
        return BadLine(Code.NAME_INVALID, SENTENCES[Code.NAME_INVALID], number)
    return BadLine(
        Code.BAD_MESSAGE, f"this is not a message for {tag}: {problem[:1].lower()}{problem[1:]}"[:300], number
    )


def _request_number(body: bytes) -> int | None:
    """The ``id`` in a message that is bad otherwise."""
    try:
        return _read_numbers(body).id
    except _UNREADABLE:
        return None
