"""What answers where a client looked for a broker, told by its first bytes.

Most services that speak first have a sign of their own; those that wait for the client's first word (HTTP, TLS) show
only by their silence, or by what they answer to somebody else's greeting.
"""

from __future__ import annotations

FIRST_LINES = (b"$HI$ ", b"$ERR$ ", b"$E$ ")
"""How the first line of a broker begins; one that takes nobody in says so instead of greeting."""


def may_be_broker(start: bytes) -> bool:
    """Whether a broker's first line could begin, or go on, like this."""
    return start.startswith(FIRST_LINES) or any(line.startswith(start) for line in FIRST_LINES)


def name_service(start: bytes) -> str:
    """What begins like this, in words for the user."""
    return next((what for sign, what in _SIGNS if start.startswith(sign)), "something else")


_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"SSH-", "an SSH server"),
    (b"HTTP/", "a web server"),
    (b"220", "a mail or FTP server"),
    (b"+OK", "a mail server"),
    (b"* OK", "a mail server"),
    (b"-ERR", "a Redis server"),
    (b"INFO {", "a NATS server"),
    (b"RFB ", "a VNC server"),
    (b"AMQP", "a message broker of another kind"),
    (b"\x15\x03", "a TLS server"),
    (b"\x16\x03", "a TLS server"),
)
