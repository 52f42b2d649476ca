"""Where a broker is, as people write it: ``HOST[:PORT]``."""

from __future__ import annotations

from ud2p.errors import UsageError
from ud2p.text import gate

DEFAULT_PORT = 17280
DEFAULT_BROKER = f"localhost:{DEFAULT_PORT}"


def parse_broker(text: str) -> tuple[str, int]:
    """Host and port.

    ``chat.example`` → ``("chat.example", 17280)``; ``127.0.0.1:4242``; ``[::1]:4242`` or ``[fe80::1%eth0]`` for IPv6.

    :raises UsageError: with a sentence that says what is wrong
    """
    text = text.strip()
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise _wrong(text, "write an IPv6 address like [::1] or [::1]:17280")
        _check_ipv6(text, host)
        return host, _port(text, rest[1:]) if rest else DEFAULT_PORT
    if "/" in text:
        raise _wrong(text, "write the host alone, without http:// or a path")
    if text.count(":") > 1:
        raise _wrong(text, "put an IPv6 address in brackets, like [::1]:17280")
    host, colon, port = text.partition(":")
    _check_host(text, host)
    return host, _port(text, port) if colon else DEFAULT_PORT


def _check_ipv6(text: str, host: str) -> None:
    from ipaddress import IPv6Address  # 3 ms, for the few who write one

    try:
        IPv6Address(host)
    except ValueError:
        raise _wrong(text, "what is in the brackets is not an IPv6 address") from None


def _check_host(text: str, host: str) -> None:
    if not host:
        raise _wrong(text, "it names no host; write it like localhost:17280")
    if not host.isprintable() or any(character in " @?#[]\\%" for character in host):
        raise _wrong(text, "a host is a name like chat.example or an address like 192.0.2.7")
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(0 < len(label) <= 63 for label in labels):
        raise _wrong(text, "a part of a host's name has 1 to 63 characters, and all of it at most 253")


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise _wrong(text, "a port is a number from 1 to 65535")
    return int(port)


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(f'"{gate(text[:100])}" is not the address of a broker: {why}')
