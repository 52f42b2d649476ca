from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ud2p.errors import LocalProtocolError
from ud2p.protocol import messages
from ud2p.protocol.lines import BROKER_LINES, CLIENT_LINES, BadLine, LineSplitter, Readers, read_line, write_line
from ud2p.protocol.messages import FROM_BROKER, FROM_CLIENT, MAX_LINE_BYTES, Message
from ud2p.protocol.refusals import SENTENCES, Code

ID16, KEY32 = bytes(range(16)), bytes(range(32))

SAMPLES: list[Message] = [
    messages.Greeting(version=1, nonce=KEY32, software="ud2p 1"),
    messages.Login(id=1, version=1, name="alice", identity=KEY32 * 2, signature=KEY32 * 2, online=False),
    messages.Welcome(re=1, name="alice", address="127.0.0.1:1", udp_port=17280),
    messages.ListRequest(id=2, prefix="a", cursor="b", limit=3),
    messages.AvailableRequest(id=2),
    messages.ListPage(re=2, clients=(messages.ListedClient("bob", True, "127.0.0.1:2"),), total=1, cursor="bob"),
    messages.AvailablePage(re=2, clients=(), total=0),
    messages.StatusRequest(id=3, online=True),
    messages.StatusSet(re=3, online=True),
    messages.InviteRequest(id=4, to="bob", offer=b"\x00\xff"),
    messages.Invited(re=4, invitation=ID16, to="bob", expires_s=60),
    messages.InvitationPush(invitation=ID16, peer="alice", offer=b"", expires_s=60, address="[::1]:3"),
    messages.AcceptRequest(id=5, invitation=ID16, offer=b"o"),
    messages.Introduction(
        invitation=ID16,
        session=ID16,
        initiator=True,
        key=KEY32,
        peer="bob",
        identity=KEY32,
        offer=b"o",
        rendezvous=ID16,
        rendezvous_key=KEY32,
    ),
    messages.RefuseRequest(id=6, invitation=ID16, reason="später 🙂"),
    messages.InvitationOver(invitation=ID16, peer="bob", reason="declined", text="später"),
    messages.PeerAddress(session=ID16, ip="::1", port=1, udp_port=None),
    messages.Signal(session=ID16, data=bytes(8192)),
    messages.LeaveRequest(id=7),
    messages.Left(re=7),
    messages.Goodbye(reason="shutdown"),
    messages.PingRequest(id=8),
    messages.Pong(re=8),
    messages.Refusal(code="bad-line", text="no", re=9, session=ID16),
]


def readers_of(message: Message) -> Readers:
    return CLIENT_LINES if any(type(message) in kinds for kinds in FROM_CLIENT.values()) else BROKER_LINES


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
def test_every_message_survives_its_line(message: Message) -> None:
    line = write_line(message)
    assert line.endswith(b"\n")
    assert len(line) <= MAX_LINE_BYTES
    assert b"\n" not in line[:-1]
    assert read_line(line[:-1], readers_of(message)) == message


def test_the_samples_are_all_the_messages() -> None:
    kinds = {kind for table in (FROM_CLIENT, FROM_BROKER) for kinds in table.values() for kind in kinds}
    assert kinds == {type(sample) for sample in SAMPLES}


def test_the_wire_is_what_the_documentation_shows() -> None:
    assert write_line(messages.ListRequest(id=1)) == b'$L$ {"id":1}\n'
    assert write_line(messages.StatusSet(re=7, online=True)) == b'$Stts$ {"online":true,"re":7}\n'


def bad(line: bytes, readers: Readers = CLIENT_LINES) -> BadLine:
    result = read_line(line, readers)
    assert isinstance(result, BadLine), result
    assert result.text
    assert "\n" not in result.text
    return result


@pytest.mark.parametrize("line", [b"$L$", b"$L$ ", b'$L$\t{"id": 1}', b'$L$  {"id": 1}x', b'$L${"id": 1}'])
def test_a_tag_without_proper_json_gets_a_hint(line: bytes) -> None:
    result = bad(line)
    assert result.code is Code.BAD_LINE
    assert not result.fatal


def test_a_bare_tag_is_told_what_it_lacks() -> None:
    assert bad(b"$L$").text == '$L$ needs a JSON object behind it, after one space, such as: $L$ {"id": 1}'


@pytest.mark.parametrize(
    "line", [b"", b"hello", b"GET / HTTP/1.1", b"{}", b"$$ {}", b"$TOOLONGTAG$ {}", b"\x00", b"$L {}"]
)
def test_what_is_no_line_at_all_is_told_what_a_line_is(line: bytes) -> None:
    assert bad(line).text == SENTENCES[Code.BAD_LINE]


def test_an_unknown_tag_is_named_with_the_request_that_it_was() -> None:
    result = bad(b'$FOO$ {"id": 7}')
    assert (result.code, result.re, result.fatal) == (Code.UNKNOWN_TAG, 7, False)
    assert "$FOO$" in result.text
    assert "$Stts$" in result.text


def test_what_only_the_broker_sends_is_unknown_from_a_client() -> None:
    assert bad(b'$P2P$ {"id": 7}').code is Code.UNKNOWN_TAG


def test_a_carriage_return_is_named() -> None:
    assert "carriage return" in bad(b'$L$ {"id": 1}\r').text


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b'{"id": 5, "online": "yes"}', 5),
        (b'{"id": 5}', 5),
        (b'{"online": true}', None),
        (b'{"id": 0, "online": true}', None),
        (b'{"id": -1, "online": true}', None),
        (b'{"id": "5", "online": true}', None),
        (b'{"id": 1.5, "online": true}', None),
        (b'{"id": 9007199254740992, "online": true}', None),
        (b'{"id": 5, "online": 1}', 5),
        (b"[]", None),
        (b"null", None),
    ],
)
def test_an_invalid_message_keeps_its_number_where_that_is_readable(body: bytes, number: int | None) -> None:
    result = bad(b"$Stts$ " + body)
    assert result.code is Code.BAD_MESSAGE
    assert result.re == number
    assert not result.fatal


@pytest.mark.parametrize(
    "body", [b"{", b'{"id": 1,}', b"{'id': 1}", b'{"id": NaN}', b'{"id": 1} {}', b"\x00", b'{"a":"\\ud800"}']
)
def test_broken_json_is_bad_but_not_fatal(body: bytes) -> None:
    result = bad(b"$PING$ " + body)
    assert (result.code, result.fatal) == (Code.BAD_LINE, False)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a" * 33, "ä", "a\u202eb", "a\n", "_a", "a\x1b[0m"])
def test_a_bad_name_gets_the_rule_for_names(name: str) -> None:
    result = bad(b"$CON$ " + json.dumps({"id": 3, "to": name, "offer": ""}).encode())
    assert (result.code, result.text, result.re) == (Code.NAME_INVALID, SENTENCES[Code.NAME_INVALID], 3)


@pytest.mark.parametrize("opener", [b"[", b'{"a":'])
@pytest.mark.parametrize("member", [b"id", b"unknown"])
def test_deep_json_is_bad_input(opener: bytes, member: bytes) -> None:
    depth = (MAX_LINE_BYTES - 100) // len(opener)
    result = bad(b'$PING$ {"' + member + b'":' + opener * depth)
    assert not result.fatal


def test_of_two_members_of_one_name_the_last_counts_everywhere() -> None:
    assert read_line(b'$PING$ {"id": 1, "id": 2}', CLIENT_LINES) == messages.PingRequest(id=2)
    assert bad(b'$Stts$ {"id": 1, "id": 2}').re == 2


def test_unknown_members_are_ignored() -> None:
    assert read_line(b'$PING$ {"id": 1, "later": [1, {}]}', CLIENT_LINES) == messages.PingRequest(id=1)


@pytest.mark.parametrize(
    "line", [b'$PING$ {"id": 1, "x": "\xff"}', b"\xff\xfe", b'$PING$ {"id": 1, "x": "\xed\xa0\x80"}', b"$L$ \xc0\xaf"]
)
def test_invalid_utf8_is_fatal_also_where_nobody_looks(line: bytes) -> None:
    result = bad(line)
    assert (result.code, result.fatal) == (Code.NOT_UTF8, True)


def ping_of(size: int) -> bytes:
    line = b'$PING$ {"id":1,"x":""}'
    return line[:-2] + b"x" * (size - len(line)) + line[-2:]


def test_a_line_may_hold_16_kib_and_no_byte_more() -> None:
    assert read_line(ping_of(MAX_LINE_BYTES - 1), CLIENT_LINES) == messages.PingRequest(id=1)
    result = bad(ping_of(MAX_LINE_BYTES))
    assert (result.code, result.fatal) == (Code.TOO_LONG, True)


def test_an_answer_and_a_push_of_one_tag_are_told_apart() -> None:
    assert isinstance(read_line(b'$E$ {"re": 1}', BROKER_LINES), messages.Left)
    assert isinstance(read_line(b'$E$ {"reason": "shutdown"}', BROKER_LINES), messages.Goodbye)
    assert bad(b'$E$ {"re": "1", "reason": "shutdown"}', BROKER_LINES).code is Code.BAD_MESSAGE


def test_what_is_too_long_for_a_line_is_not_written() -> None:
    clients = tuple(messages.ListedClient("a" * 32, True, "1" * 40) for _ in range(200))
    with pytest.raises(LocalProtocolError, match="at most 16384 bytes"):
        write_line(messages.ListPage(re=1, clients=clients, total=200))


def test_text_that_is_not_unicode_is_not_written() -> None:
    with pytest.raises(LocalProtocolError, match="can't be sent"):
        write_line(messages.RefuseRequest(id=1, invitation=ID16, reason="\udcff"))


def test_every_code_has_a_use_and_every_sentence_fits() -> None:
    assert set(SENTENCES) <= set(Code)
    assert all(len(sentence) <= 300 for sentence in SENTENCES.values())


# Any bytes

any_line = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda tag, body: f"${tag}$ {body}".encode("utf-8", "surrogatepass"),
        st.sampled_from([tag.strip("$") for tag in (*FROM_CLIENT, *FROM_BROKER, "$X$")]),
        st.one_of(
            st.text(max_size=50),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=4)
                    | st.dictionaries(
                        st.sampled_from(["id", "re", "name", "to", "online", "invitation", "limit", "version"]), inner
                    )
                ),
                max_leaves=8,
            ).map(json.dumps),
        ),
    ),
)


@settings(deadline=None, max_examples=300)
@given(any_line)
def test_no_line_makes_the_codec_raise(line: bytes) -> None:
    for readers in (CLIENT_LINES, BROKER_LINES):
        result = read_line(line, readers)
        if isinstance(result, BadLine):
            assert result.code in Code
            assert result.text
        else:
            assert read_line(write_line(result)[:-1], readers) == result


def strategy_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a message's member."""
    kind, *metas = (get_args(kind)) if hasattr(kind, "__metadata__") else (kind,)
    meta = metas[0] if metas else msgspec.Meta()
    if kind is int:
        top = meta.le if meta.le is not None else (meta.lt or 2**53) - 1
        return st.integers(int(meta.ge or 0), int(top))
    if kind is bytes:
        return st.binary(min_size=meta.min_length or 0, max_size=min(meta.max_length or 0, 64))
    if kind is str and meta.pattern:
        return st.from_regex(r"\A[A-Za-z][A-Za-z0-9_.-]{0,31}\Z")
    if kind is str:
        return st.text(st.characters(exclude_categories=["Cs"]), max_size=min(meta.max_length or 0, 40))
    if kind is bool:
        return st.booleans()
    return st.none() | strategy_of(next(arg for arg in get_args(kind) if arg is not type(None)))


@settings(deadline=None, max_examples=30)
@given(st.data())
@pytest.mark.parametrize(
    "kind",
    [kind for kind in map(type, SAMPLES) if not issubclass(kind, messages.PageAnswer)],
    ids=lambda kind: kind.__name__,
)
def test_every_valid_value_of_every_message_survives(kind: type[Message], data: st.DataObject) -> None:
    fields = {field.name: strategy_of(field.type) for field in msgspec.structs.fields(kind)}
    fields |= {field.name: strategy_of(hint) for field, hint in annotated_fields(kind)}
    message = kind(**{name: data.draw(strategy) for name, strategy in fields.items()})
    assert read_line(write_line(message)[:-1], readers_of(message)) == message


def annotated_fields(kind: type[Message]) -> list[tuple[Any, Any]]:
    from typing import get_type_hints

    hints = get_type_hints(kind, include_extras=True)
    return [(field, hints[field.name]) for field in msgspec.structs.fields(kind)]


# Any chunks


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=8),
    st.binary(max_size=20).filter(lambda tail: b"\n" not in tail),
    st.randoms(use_true_random=False),
)
def test_lines_come_out_whatever_the_chunks(lines: list[bytes], tail: bytes, random: Any) -> None:
    stream = b"".join(line + b"\n" for line in lines) + tail
    splitter = LineSplitter()
    got: list[bytes] = []
    while stream:
        size = random.randint(1, len(stream))
        got += splitter.feed(stream[:size])
        stream = stream[size:]
    assert got == lines
    assert splitter.half == tail


def test_an_endless_line_is_given_out_and_not_kept() -> None:
    splitter = LineSplitter()
    out: list[bytes] = []
    for _ in range(64):
        out += splitter.feed(b"x" * 1024)
        assert len(splitter.half) < MAX_LINE_BYTES
    assert len(out) == 4
    assert all(bad(line).fatal for line in out)


def test_one_byte_at_a_time() -> None:
    splitter = LineSplitter()
    line = write_line(messages.Signal(session=ID16, data=bytes(8192)))
    out = [got for byte in line for got in splitter.feed(bytes([byte]))]
    assert out == [line[:-1]]
