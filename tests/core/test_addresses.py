from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.addresses import DEFAULT_BROKER, DEFAULT_PORT, parse_broker
from ud2p.errors import UsageError
from ud2p.text import gate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEFAULT_BROKER, ("localhost", DEFAULT_PORT)),
        ("chat.example", ("chat.example", 17280)),
        ("chat.example.", ("chat.example.", 17280)),
        ("chat.example:1", ("chat.example", 1)),
        (" 127.0.0.1:65535 ", ("127.0.0.1", 65535)),
        ("[::1]", ("::1", 17280)),
        ("[::1]:4242", ("::1", 4242)),
        ("[fe80::1%eth0]:4242", ("fe80::1%eth0", 4242)),
        ("münchen.example:99", ("münchen.example", 99)),
        ("under_score-1", ("under_score-1", 17280)),
    ],
)
def test_what_people_write(text: str, expected: tuple[str, int]) -> None:
    assert parse_broker(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no host"),
        (":17280", "no host"),
        ("host:", "port"),
        ("host:0", "port"),
        ("host:65536", "port"),
        ("host:-1", "port"),
        ("host:+1", "port"),
        ("host:1e3", "port"),
        ("host:٣", "port"),
        ("host:1_0", "port"),
        ("host:" + "9" * 5000, "port"),
        ("host: 1", "port"),
        ("::1", "brackets"),
        ("fe80::1:17280", "brackets"),
        ("a:b:c", "brackets"),
        ("[::1", "brackets|IPv6"),
        ("[::1]17280", "write an IPv6"),
        ("[::1]:", "port"),
        ("[]", "not an IPv6"),
        ("[localhost]:1", "not an IPv6"),
        ("[127.0.0.1]", "not an IPv6"),
        ("http://host", "without http"),
        ("http://host:80", "without http"),
        ("host/path", "without http"),
        ("user@host", "a host is"),
        ("two words", "a host is"),
        ("a\x1b[31m", "a host is"),
        ("a..b", "1 to 63"),
        (".", "1 to 63"),
        ("a" * 64, "1 to 63"),
        (".".join(["a" * 50] * 6), "253"),
    ],
)
def test_what_is_refused_and_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        parse_broker(text)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 400


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    problem = ""
    try:
        host, port = parse_broker(text)
    except UsageError as error:
        problem = str(error)
    else:
        assert host
        assert 1 <= port <= 65535
    assert gate(problem) == problem
