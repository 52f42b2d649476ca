"""The broker connection: pairs of machines, a fake clock, and whatever else may arrive."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ud2p.errors import LocalProtocolError
from ud2p.protocol import messages as wire
from ud2p.protocol.broker import (
    MAX_BAD_LINES,
    BadInput,
    BrokerConnection,
    ConnectionLost,
    Event,
    Side,
    State,
    WrongService,
)
from ud2p.protocol.broker_states import ANSWERS, BROKER_MAY, CLIENT_MAY
from ud2p.protocol.lines import BROKER_LINES, read_line, write_line
from ud2p.protocol.messages import FROM_BROKER, FROM_CLIENT, MAX_LINE_BYTES
from ud2p.protocol.refusals import SENTENCES, Code

NONCE, ID, OTHER_ID, KEYS = bytes(32), b"i" * 16, b"o" * 16, bytes(64)
PROOF = b'"identity":"%s==","signature":"%s=="' % (b"A" * 86, b"A" * 86)


@dataclass
class Pair:
    """A client's machine and a broker's, joined."""

    now: float = 100.0
    client: BrokerConnection = field(init=False)
    broker: BrokerConnection = field(init=False)

    def __post_init__(self) -> None:
        self.client = BrokerConnection(Side.CLIENT, self.now)
        self.broker = BrokerConnection(Side.BROKER, self.now)

    def to_broker(self) -> list[Event]:
        self.broker.receive_data(self.client.data_to_send(), self.now)
        return self.broker.events()

    def to_client(self) -> list[Event]:
        self.client.receive_data(self.broker.data_to_send(), self.now)
        return self.client.events()

    def from_client(self, data: bytes) -> list[Event]:
        """The broker gets bytes that no proper client sends."""
        self.broker.receive_data(data, self.now)
        return self.broker.events()

    def from_broker(self, data: bytes) -> list[Event]:
        """The client gets bytes that no proper broker sends."""
        self.client.receive_data(data, self.now)
        return self.client.events()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.client.handle_timer(self.now)
        self.broker.handle_timer(self.now)


@pytest.fixture
def new() -> Pair:
    return Pair()


@pytest.fixture
def greeted(new: Pair) -> Pair:
    new.broker.send(wire.Greeting(version=1, nonce=NONCE))
    assert new.to_client() == [wire.Greeting(version=1, nonce=NONCE)]
    return new


@pytest.fixture
def pair(greeted: Pair) -> Pair:
    greeted.client.send_login("alice", KEYS, KEYS, greeted.now)
    assert greeted.to_broker() == [wire.Login(id=1, version=1, name="alice", identity=KEYS, signature=KEYS)]
    greeted.broker.send(wire.Welcome(re=1, name="alice", address="127.0.0.1:1", udp_port=1))
    assert [type(event) for event in greeted.to_client()] == [wire.Welcome]
    assert greeted.client.open
    assert greeted.broker.open
    return greeted


def refusals(data: bytes) -> list[tuple[str, int | None]]:
    """The codes and request numbers in what a broker has to send, which must be refusals alone."""
    messages = [read_line(line, BROKER_LINES) for line in data.splitlines()]
    assert all(isinstance(message, wire.Refusal) for message in messages), messages
    return [(message.code, message.re) for message in messages if isinstance(message, wire.Refusal)]


# The tables


def test_the_tables_speak_of_every_message() -> None:
    by_client = {kind for row in CLIENT_MAY.values() for kind in row}
    by_broker = {kind for row in BROKER_MAY.values() for kind in row}
    assert by_client == {kind for kinds in FROM_CLIENT.values() for kind in kinds}
    assert by_broker == {kind for kinds in FROM_BROKER.values() for kind in kinds}
    assert set(CLIENT_MAY) == set(BROKER_MAY) == set(State)
    assert set(ANSWERS) == {kind for kind in by_client if issubclass(kind, wire.Request)}


# The straight way


def test_every_request_and_its_answer(pair: Pair) -> None:
    client, broker, now = pair.client, pair.broker, pair.now
    session = wire.Introduction(
        invitation=ID,
        session=ID,
        initiator=False,
        key=NONCE,
        peer="bob",
        identity=NONCE,
        offer=b"",
        rendezvous=ID,
        rendezvous_key=NONCE,
    )
    over = wire.InvitationOver(invitation=OTHER_ID, peer="bob", reason="declined")
    asked = [
        (client.send_list(now, prefix="b"), wire.ListPage(re=2, clients=(), total=0)),
        (client.send_available(now), wire.AvailablePage(re=3, clients=(), total=0)),
        (client.send_status(False, now), wire.StatusSet(re=4, online=False)),
        (client.send_invite("bob", b"o", now), wire.Invited(re=5, invitation=ID, to="bob", expires_s=60)),
        (client.send_accept(ID, b"o", now), session),
        (client.send_refuse(OTHER_ID, now, reason="no"), over),
        (client.send_ping(now), wire.Pong(re=8)),
        (client.send_leave(now), wire.Left(re=9)),
    ]
    assert [number for number, _ in asked] == list(range(2, 10))
    assert set(client.outstanding) == set(range(2, 10))
    got = pair.to_broker()
    assert [type(event) for event in got] == [
        wire.ListRequest,
        wire.AvailableRequest,
        wire.StatusRequest,
        wire.InviteRequest,
        wire.AcceptRequest,
        wire.RefuseRequest,
        wire.PingRequest,
        wire.LeaveRequest,
    ]
    for _, answer in asked:
        broker.send(answer)
    assert pair.to_client() == [answer for _, answer in asked]
    assert not client.outstanding


def test_pushes_and_signals(pair: Pair) -> None:
    pushes: list[wire.Message] = [
        wire.InvitationPush(invitation=ID, peer="bob", offer=b"", expires_s=60),
        wire.PeerAddress(session=ID, ip="::1", port=1, udp_port=None),
        wire.Signal(session=ID, data=b"x"),
        wire.Refusal(code="c", text="t"),
        wire.Refusal(code="c", text="t", session=ID),
        wire.Goodbye(reason="shutdown"),
    ]
    for push in pushes:
        pair.broker.send(push)
    assert pair.to_client() == pushes
    pair.client.close()
    with pytest.raises(LocalProtocolError):
        pair.client.send_signal(ID, b"x", pair.now)


def test_a_refusal_answers_any_request(pair: Pair) -> None:
    number = pair.client.send_invite("bob", b"", pair.now)
    pair.broker.send_refusal(Code.OFFLINE, re=number)
    expected = wire.Refusal(code="offline", text="You cannot connect to another client while offline", re=number)
    assert pair.to_client() == [expected]
    assert not pair.client.outstanding


def test_the_clean_end(pair: Pair) -> None:
    pair.client.send_leave(pair.now)
    pair.to_broker()
    pair.broker.send(wire.Left(re=2))
    pair.to_client()
    pair.client.receive_eof(pair.now)
    assert pair.client.events() == [ConnectionLost("the broker closed the connection", clean=True)]
    assert pair.client.closed
    assert pair.client.next_timer() is None


def test_lines_are_read_in_their_turn(pair: Pair) -> None:
    pair.broker.receive_data(b'$PING$ {"id": 5}\nnonsense\n$PING$ {"id": 6}\n', pair.now)
    assert pair.broker.next_event() == wire.PingRequest(id=5)
    assert pair.broker.has_more
    assert pair.broker.data_to_send() == b""
    pair.broker.send(wire.Pong(re=5))
    assert isinstance(pair.broker.next_event(), BadInput)
    assert pair.broker.next_event() == wire.PingRequest(id=6)
    assert pair.broker.next_event() is None
    assert not pair.broker.has_more
    assert pair.broker.data_to_send().startswith(b"$PING$")


def test_what_came_before_the_end_is_read_first(pair: Pair) -> None:
    pair.broker.receive_data(b'$PING$ {"id": 5}\n', pair.now)
    pair.broker.receive_eof(pair.now)
    assert pair.broker.events() == [
        wire.PingRequest(id=5),
        ConnectionLost("the client closed the connection", clean=False),
    ]


# What may be sent when


def test_a_client_waits_for_the_greeting_and_the_welcome(new: Pair) -> None:
    with pytest.raises(LocalProtocolError):
        new.client.send_login("alice", KEYS, KEYS, new.now)
    new.broker.send(wire.Greeting(version=1, nonce=NONCE))
    new.to_client()
    with pytest.raises(LocalProtocolError):
        new.client.send_list(new.now)
    assert new.client.send_login("alice", KEYS, KEYS, new.now) == 1
    with pytest.raises(LocalProtocolError):
        new.client.send_list(new.now)
    with pytest.raises(LocalProtocolError):
        new.client.send_login("alice", KEYS, KEYS, new.now)


def test_no_side_sends_what_is_the_others(pair: Pair) -> None:
    with pytest.raises(LocalProtocolError, match="a client may not send a Pong"):
        pair.client.send(wire.Pong(re=1))
    with pytest.raises(LocalProtocolError, match="a broker may not send a PingRequest"):
        pair.broker.send(wire.PingRequest(id=1))


def test_what_can_not_be_sent_leaves_no_trace(pair: Pair) -> None:
    with pytest.raises(LocalProtocolError):
        pair.client.send_refuse(ID, pair.now, reason="\ud800")
    assert pair.client.data_to_send() == b""
    assert not pair.client.outstanding
    assert pair.client.send_ping(pair.now) == 2


def test_a_long_reason_is_cut(pair: Pair) -> None:
    pair.client.send_refuse(ID, pair.now, reason="x" * 1000)
    (event,) = pair.to_broker()
    assert isinstance(event, wire.RefuseRequest)
    assert event.reason == "x" * 300


# What a broker does with bad input


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        (b"nonsense", Code.BAD_LINE, None),
        (b"", Code.BAD_LINE, None),
        (b"$L$", Code.BAD_LINE, None),
        (b'$XYZ$ {"id": 4}', Code.UNKNOWN_TAG, 4),
        (b'$Stts$ {"id": 4, "online": 7}', Code.BAD_MESSAGE, 4),
        (b'$CON$ {"id": 4, "to": "not a name", "offer": ""}', Code.NAME_INVALID, 4),
        (b'$HI$ {"id": 4, "version": 1, "name": "bob", ' + PROOF + b"}", Code.ALREADY_LOGGED_IN, 4),
        (b'$PING$ {"x":' + b"[" * 9000, Code.BAD_LINE, None),
    ],
)
def test_a_bad_line_is_answered_and_the_connection_goes_on(
    pair: Pair, line: bytes, code: Code, number: int | None
) -> None:
    (event,) = pair.from_client(line + b"\n")
    assert isinstance(event, BadInput)
    assert (event.code, event.fatal) == (code, False)
    sent = pair.broker.data_to_send()
    assert refusals(sent) == [(code, number)]
    pair.client.send_ping(pair.now)
    assert pair.to_broker() == [wire.PingRequest(id=2)]


def test_ten_bad_lines_in_a_row_are_too_many(pair: Pair) -> None:
    for _ in range(MAX_BAD_LINES - 1):
        pair.from_client(b"nonsense\n")
    assert pair.broker.open
    pair.from_client(b'$PING$ {"id": 2}\n')  # one good line between
    for _ in range(MAX_BAD_LINES - 1):
        pair.from_client(b"nonsense\n")
    assert pair.broker.open
    pair.broker.data_to_send()
    events = pair.from_client(b'nonsense\n$PING$ {"id": 3}\n')
    assert [type(event) for event in events] == [BadInput, ConnectionLost]
    assert pair.broker.closed
    assert refusals(pair.broker.data_to_send()) == [(Code.BAD_LINE, None), (Code.TOO_MANY_ERRORS, None)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"x" * MAX_LINE_BYTES, Code.TOO_LONG),
        (b"x" * MAX_LINE_BYTES + b"\n", Code.TOO_LONG),
        (b"x" * 1_000_000, Code.TOO_LONG),
        (b"\xff\n", Code.NOT_UTF8),
        (b'$PING$ {"id": 1, "x": "\xc3"}\n', Code.NOT_UTF8),
    ],
)
def test_what_breaks_the_stream_ends_the_connection(pair: Pair, data: bytes, code: Code) -> None:
    events = pair.from_client(data + b'\n$PING$ {"id": 9}\n')
    assert [type(event) for event in events] == [BadInput, ConnectionLost]
    assert refusals(pair.broker.data_to_send()) == [(code, None)]
    assert pair.broker.closed
    assert pair.from_client(b'$PING$ {"id": 9}\n') == []


@pytest.mark.parametrize(
    ("line", "code", "number"),
    [
        (b"GET / HTTP/1.1", Code.NOT_LOGGED_IN, None),
        (b'$L$ {"id": 1}', Code.NOT_LOGGED_IN, 1),
        (b"$L$", Code.NOT_LOGGED_IN, None),
        (b"$HI$", Code.NOT_LOGGED_IN, None),
        (b"$HI$ {}", Code.BAD_MESSAGE, None),
        (b"$HI$ x", Code.BAD_LINE, None),
        (b'$HI$ {"id": 1, "version": 1, "name": "no name", ' + PROOF + b"}", Code.NAME_INVALID, 1),
        (b'$XYZ$ {"id": 1}', Code.NOT_LOGGED_IN, 1),
        (b"\xff", Code.NOT_UTF8, None),
        (b"x" * MAX_LINE_BYTES, Code.TOO_LONG, None),
    ],
)
def test_before_the_login_any_bad_line_ends_the_connection(
    greeted: Pair, line: bytes, code: Code, number: int | None
) -> None:
    events = greeted.from_client(line + b"\n")
    assert [type(event) for event in events] == [BadInput, ConnectionLost]
    assert refusals(greeted.broker.data_to_send()) == [(code, number)]
    assert greeted.broker.closed


def test_a_client_may_send_before_its_welcome(greeted: Pair) -> None:
    greeted.broker.receive_data(
        b'$HI$ {"id":1,"version":1,"name":"al",' + PROOF + b'}\n$PING$ {"id":2}\nx\n', greeted.now
    )
    assert isinstance(greeted.broker.next_event(), wire.Login)
    greeted.broker.send(wire.Welcome(re=1, name="al", address="a", udp_port=1))
    assert greeted.broker.next_event() == wire.PingRequest(id=2)
    bad = greeted.broker.next_event()
    assert isinstance(bad, BadInput)
    assert not bad.fatal


def test_after_leaving_nothing_counts(pair: Pair) -> None:
    events = pair.from_client(b'$E$ {"id": 2}\n$PING$ {"id": 3}\nnonsense\n')
    assert events == [wire.LeaveRequest(id=2)]
    assert pair.broker.data_to_send() == b""


def test_a_client_is_still_answered_what_it_asked_before_a_fatal_line(pair: Pair) -> None:
    pair.broker.receive_data(b'$PING$ {"id": 2}\n\xff\n', pair.now)
    assert pair.broker.next_event() == wire.PingRequest(id=2)
    pair.broker.send(wire.Pong(re=2))
    pair.broker.events()
    assert pair.broker.closed
    assert pair.broker.data_to_send().startswith(b'$PING$ {"re":2}\n$ERR$ ')


# What a client does with bad input


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"$L$",
        b'$XYZ$ {"re": 1}',
        b'$L$ {"re": 2, "clients": [], "total": 0}',
        b'$PING$ {"re": 77}',
        b'$Stts$ {"re": 2, "online": true}',
        b'$ERR$ {"code": "c", "text": "t", "re": 77}',
        b'$HI$ {"version": 1, "nonce": "' + b"A" * 43 + b'="}',
        b'$HI$ {"re": 2, "name": "a", "address": "", "udp_port": 1}',
        b"\xff",
        b"x" * MAX_LINE_BYTES,
        b'$PING$ {"re": 2}\r',
        b'$L$ {"id": 3}',
    ],
)
def test_a_client_trusts_no_broker_that_makes_no_sense(pair: Pair, line: bytes) -> None:
    pair.client.send_ping(pair.now)
    events = pair.from_broker(line + b"\n")
    assert [type(event) for event in events] == [BadInput, ConnectionLost]
    assert pair.client.closed
    assert pair.from_broker(b'$PING$ {"re": 2}\n') == []


def test_an_answer_counts_once(pair: Pair) -> None:
    number = pair.client.send_status(True, pair.now)
    answer = wire.StatusSet(re=number, online=True)
    assert pair.from_broker(write_line(answer)) == [answer]
    assert isinstance(pair.from_broker(write_line(answer))[0], BadInput)


def test_a_broker_of_another_version(new: Pair) -> None:
    events = new.from_broker(write_line(wire.Greeting(version=2, nonce=NONCE)))
    assert isinstance(events[0], BadInput)
    assert events[0].code == Code.VERSION
    assert "update the older" in events[0].reason


def test_a_broker_that_refuses_at_once(new: Pair) -> None:
    new.broker.send_refusal(Code.BROKER_FULL)
    events = [event for byte in new.broker.data_to_send() for event in new.from_broker(bytes([byte]))]
    assert events == [wire.Refusal(code=Code.BROKER_FULL, text=SENTENCES[Code.BROKER_FULL])]
    new.client.receive_eof(new.now)
    assert new.client.events() == [ConnectionLost("the broker closed the connection", clean=True)]


@pytest.mark.parametrize("settle_first", [True, False])
def test_a_push_that_crosses_a_request_is_no_error(pair: Pair, settle_first: bool) -> None:
    """The invitation expires while the decline is on its way: the broker pushes the end, then refuses the decline."""
    pair.client.send_refuse(ID, pair.now)
    over = wire.InvitationOver(invitation=ID, peer="bob", reason="expired")
    refusal = wire.Refusal(code="no-such-invitation", text="over", re=2)
    if settle_first:
        assert pair.from_broker(write_line(over)) == [over]
        assert pair.from_broker(write_line(refusal)) == []  # its user has the answer already
    else:
        assert pair.from_broker(write_line(refusal)) == [refusal]
        assert pair.from_broker(write_line(over)) == [over]
    assert not pair.client.closed
    assert not pair.client.outstanding


def test_a_settled_request_is_not_remembered_for_ever(pair: Pair) -> None:
    for number in range(2, 200):
        assert pair.client.send_refuse(ID, pair.now) == number
        pair.from_broker(write_line(wire.InvitationOver(invitation=ID, peer="bob", reason="declined")))
    late = write_line(wire.Refusal(code="c", text="t", re=2))
    assert isinstance(pair.from_broker(late)[0], BadInput)


# Another service at the port


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "an SSH server"),
        (b"SSH-2.0-OpenSSH_9.2p1", "an SSH server"),
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "a web server"),
        (b"220 mail.example ESMTP\r\n", "a mail or FTP server"),
        (b"* OK IMAP4rev1 ready\r\n", "a mail server"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "a TLS server"),
        (b"-ERR unknown command\r\n", "a Redis server"),
        (b"INFO {}\r\n", "a NATS server"),
        (b"\x00", "something else"),
        (b"\n", "something else"),
        (b"$HELLO", "something else"),
        (b"$HI$\n", "something else"),
        (b'$L$ {"re": 1}\n', "something else"),
        (b"x" * 100_000, "something else"),
    ],
)
def test_another_service_is_named_at_its_first_bytes(new: Pair, data: bytes, what: str) -> None:
    events = new.from_broker(data)
    assert events[0] == WrongService(what)
    assert isinstance(events[1], ConnectionLost)
    assert new.client.closed


def test_the_greeting_may_come_in_single_bytes(new: Pair) -> None:
    new.broker.send(wire.Greeting(version=1, nonce=NONCE))
    events = [event for byte in new.broker.data_to_send() for event in new.from_broker(bytes([byte]))]
    assert events == [wire.Greeting(version=1, nonce=NONCE)]


def test_a_service_that_waits_for_us(new: Pair) -> None:
    new.wait(9.9)
    assert new.client.events() == []
    new.wait(0.2)
    events = new.client.events()
    assert events == [
        WrongService("something that does not greet"),
        ConnectionLost("no broker greeted within 10 s", clean=False),
    ]


def test_a_service_that_hangs_up(new: Pair) -> None:
    new.client.receive_eof(new.now)
    assert new.client.events() == [ConnectionLost("the connection was closed before a broker greeted", clean=False)]


# Time


def test_a_client_that_does_not_log_in(greeted: Pair) -> None:
    due = greeted.broker.next_timer()
    assert due == greeted.now + 10
    greeted.wait(9.9)
    assert not greeted.broker.closed
    greeted.wait(0.1)
    assert greeted.broker.events() == [ConnectionLost("no login came within 10 s", clean=False)]
    assert refusals(greeted.broker.data_to_send()) == [(Code.TOO_SLOW, None)]


def test_a_line_that_drips(pair: Pair) -> None:
    """A byte now and then keeps nothing open: the whole line has ten seconds."""
    for _ in range(9):
        pair.from_client(b"x")
        pair.wait(1.1)
    assert not pair.broker.closed
    pair.from_client(b"x")
    pair.wait(0.2)
    assert pair.broker.closed
    assert refusals(pair.broker.data_to_send()) == [(Code.TOO_SLOW, None)]


def test_the_deadline_of_a_line_begins_with_it(pair: Pair) -> None:
    pair.from_client(b"$PING$ ")
    pair.wait(9)
    pair.from_client(b'{"id": 2}\n$PING$')
    pair.wait(9)
    assert not pair.broker.closed
    pair.from_client(b' {"id": 3}\n')
    assert not pair.broker.is_in_line
    pair.wait(20)
    assert not pair.broker.closed


def test_a_half_line_from_a_broker_ends_it_too(pair: Pair) -> None:
    pair.from_broker(b"$PING$")
    pair.wait(10)
    (event,) = pair.client.events()
    assert event == ConnectionLost("half a line came, and its end not within 10 s", clean=False)


def test_a_silent_client_is_dropped(pair: Pair) -> None:
    pair.broker.handle_timer(pair.now + 89.9)
    assert not pair.broker.closed
    pair.broker.handle_timer(pair.now + 90)
    assert pair.broker.events() == [ConnectionLost("the client was silent for 90 s", clean=False)]
    assert refusals(pair.broker.data_to_send()) == [(Code.SILENT, None)]


def test_an_idle_client_pings_and_stays(pair: Pair) -> None:
    for _ in range(200):
        due = min(pair.client.next_timer() or 0, pair.broker.next_timer() or 0)
        pair.wait(due - pair.now)
        for event in pair.to_broker():
            assert isinstance(event, wire.PingRequest)
            pair.broker.send(wire.Pong(re=event.id))
        assert pair.to_client() == []  # its own pings concern no user
    assert pair.client.open
    assert pair.broker.open
    assert pair.now > 100 + 200 * 20


def test_a_client_that_only_listens_pings_too(pair: Pair) -> None:
    """Pushes show that the broker lives; the broker has to see as much of the client."""
    for _ in range(10):
        pair.wait(5)
        pair.broker.send(wire.Signal(session=ID, data=b""))
        pair.to_client()
    assert any(isinstance(event, wire.PingRequest) for event in pair.to_broker())


def test_a_client_that_only_talks_pings_too(pair: Pair) -> None:
    for _ in range(6):
        pair.wait(5)
        pair.client.send_signal(ID, b"", pair.now)
    assert any(isinstance(event, wire.PingRequest) for event in pair.to_broker())


def test_a_dead_broker(pair: Pair) -> None:
    pair.wait(25)
    assert pair.client.data_to_send().startswith(b"$PING$")
    pair.wait(14.9)
    assert not pair.client.closed
    pair.wait(0.1)
    assert pair.client.events() == [ConnectionLost("the broker did not answer within 15 s", clean=False)]


def test_any_sign_of_life_counts(pair: Pair) -> None:
    pair.wait(25)
    pair.wait(14)
    pair.from_broker(write_line(wire.Signal(session=ID, data=b"")))
    pair.wait(14)
    assert not pair.client.closed
    pair.wait(1)
    assert pair.client.closed


def test_the_users_own_ping_is_answered_to_the_user(pair: Pair) -> None:
    number = pair.client.send_ping(pair.now)
    assert pair.from_broker(write_line(wire.Pong(re=number))) == [wire.Pong(re=number)]


def test_a_broker_that_does_not_answer_the_login(greeted: Pair) -> None:
    greeted.wait(5)
    greeted.client.send_login("alice", KEYS, KEYS, greeted.now)
    greeted.client.handle_timer(greeted.now + 9.9)
    assert not greeted.client.closed
    greeted.client.handle_timer(greeted.now + 10)
    (event,) = greeted.client.events()
    assert event == ConnectionLost("the broker did not answer the login within 10 s", clean=False)


def test_an_early_timer_does_nothing(pair: Pair) -> None:
    for machine in (pair.client, pair.broker):
        machine.handle_timer(pair.now)
        assert machine.data_to_send() == b""
        assert machine.events() == []


def test_what_a_broker_keeps_for_an_idle_client_is_small(pair: Pair) -> None:
    broker = pair.broker
    slots = [getattr(broker, name) for name in BrokerConnection.__slots__]
    shared = (State, Side, type(broker.times), bool, type(None), int)
    size = sys.getsizeof(broker) + sum(sys.getsizeof(value) for value in slots if not isinstance(value, shared))
    assert size < 1024


def test_every_sentence_names_no_code() -> None:
    assert all("$ERR$" not in sentence for sentence in SENTENCES.values())


# Anything at all

CHUNKS = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"\n",
                b'$HI$ {"id":1,"version":1,"name":"al",' + PROOF + b"}\n",
                b'$PING$ {"id":2}\n',
                b"$L$ {",
                b"}\n",
                b"$E$ {}\n",
                b"\xff",
                b"x" * 9000,
                b'$HI$ {"version":1,"nonce":"' + b"A" * 43 + b'="}\n',
                b'$E$ {"reason":"shutdown"}\n',
                b'$ERR$ {"code":"c","text":"t"}\n',
                b'$PING$ {"re":1}\n',
            ]
        ),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(st.sampled_from(Side), CHUNKS, st.lists(st.floats(0, 100), max_size=12), st.booleans())
def test_nothing_makes_the_pump_raise(side: Side, chunks: list[bytes], waits: list[float], ends: bool) -> None:
    now = 0.0
    machine = BrokerConnection(side, now)
    if side is Side.BROKER:
        machine.send(wire.Greeting(version=1, nonce=NONCE))
    events: list[Event] = []
    for chunk, wait in zip(chunks, [*waits, *[0.0] * len(chunks)], strict=False):
        now += wait
        machine.handle_timer(now)
        machine.receive_data(chunk, now)
        events += machine.events()
    if ends:
        machine.receive_eof(now)
        events += machine.events()
    lost = [event for event in events if isinstance(event, ConnectionLost)]
    assert machine.closed is bool(lost)
    assert len(lost) <= 1
    assert not lost or events[-1] is lost[0]
    assert not machine.has_more
    for line in machine.data_to_send().splitlines():
        assert len(line) < MAX_LINE_BYTES


@settings(deadline=None)
@given(st.lists(st.integers(1, 30), max_size=60))
def test_chunks_do_not_matter(sizes: list[int]) -> None:
    data = (
        b'$HI$ {"id":1,"version":1,"name":"al",' + PROOF + b'}\n$PING$ {"id":2}\nbad\n$Stts$ {"id":3,"online":false}\n'
        b'$XYZ$ {"id":4}\n$SIG$ {"session":"AAAAAAAAAAAAAAAAAAAAAA==","data":"eA=="}\n$E$ {"id":5}\n$PING$ {"id":6}\n'
    )

    def feed(chunks: list[bytes]) -> tuple[list[Event], bytes]:
        machine = BrokerConnection(Side.BROKER, 0)
        machine.send(wire.Greeting(version=1, nonce=NONCE))
        machine.send(wire.Welcome(re=1, name="al", address="", udp_port=1))
        events: list[Event] = []
        for chunk in chunks:
            machine.receive_data(memoryview(chunk), 0)
            events += machine.events()
        return events, machine.data_to_send()

    chunks, rest = [], data
    for size in sizes:
        chunks.append(rest[:size])
        rest = rest[size:]
    assert feed([*chunks, rest]) == feed([data])


class Conversation(RuleBasedStateMachine):
    """A proper client and a proper broker never call each other wrong, whatever they do when."""

    @initialize()
    def begin(self) -> None:
        self.pair = Pair()
        self.asked: list[wire.Request] = []
        self.answered: list[int] = []
        self.to_answer: list[wire.Request] = []
        self.pair.broker.send(wire.Greeting(version=1, nonce=NONCE))

    def took(self, events: list[Event]) -> list[Event]:
        assert not [event for event in events if isinstance(event, BadInput | WrongService | ConnectionLost)]
        return events

    @rule()
    def carry_to_broker(self) -> None:
        for event in self.took(self.pair.to_broker()):
            if isinstance(event, wire.Request):
                self.to_answer.append(event)

    @rule()
    def carry_to_client(self) -> None:
        for event in self.took(self.pair.to_client()):
            if isinstance(event, wire.Greeting):
                self.pair.client.send_login("alice", KEYS, KEYS, self.pair.now)
            elif isinstance(event, wire.Answer | wire.Refusal):
                assert event.re is not None
                self.answered.append(event.re)

    @precondition(lambda self: self.pair.client.open)
    @rule(kind=st.sampled_from(["list", "available", "status", "ping", "invite", "accept", "refuse", "signal"]))
    def ask(self, kind: str) -> None:
        client, now = self.pair.client, self.pair.now
        match kind:
            case "list":
                client.send_list(now)
            case "available":
                client.send_available(now)
            case "status":
                client.send_status(True, now)
            case "ping":
                client.send_ping(now)
            case "invite":
                client.send_invite("bob", b"", now)
            case "accept":
                client.send_accept(ID, b"", now)
            case "refuse":
                client.send_refuse(ID, now)
            case "signal":
                client.send_signal(ID, b"", now)

    @precondition(lambda self: self.to_answer)
    @rule(refuse=st.booleans())
    def answer(self, refuse: bool) -> None:
        asked = self.to_answer.pop(0)
        broker = self.pair.broker
        if refuse and not isinstance(asked, wire.Login):
            broker.send_refusal(Code.INTERNAL, re=asked.id)
            return
        match asked:
            case wire.Login():
                broker.send(wire.Welcome(re=asked.id, name="a", address="", udp_port=1))
            case wire.ListRequest():
                broker.send(wire.ListPage(re=asked.id, clients=(), total=0))
            case wire.AvailableRequest():
                broker.send(wire.AvailablePage(re=asked.id, clients=(), total=0))
            case wire.StatusRequest():
                broker.send(wire.StatusSet(re=asked.id, online=asked.online))
            case wire.PingRequest():
                broker.send(wire.Pong(re=asked.id))
            case wire.InviteRequest():
                broker.send(wire.Invited(re=asked.id, invitation=ID, to="bob", expires_s=1))
            case wire.AcceptRequest() | wire.RefuseRequest():
                broker.send(wire.InvitationOver(invitation=ID, peer="bob", reason="declined"))

    @precondition(lambda self: self.pair.broker.open)
    @rule()
    def push(self) -> None:
        self.pair.broker.send(wire.InvitationOver(invitation=ID, peer="bob", reason="expired"))

    @rule(seconds=st.floats(0, 9))
    def wait(self, seconds: float) -> None:
        if self.pair.client.open and self.pair.broker.open:
            self.carry_to_broker()
            while self.to_answer:
                self.answer(False)
            self.carry_to_client()
            self.pair.wait(seconds)

    @invariant()
    def every_answer_came_once(self) -> None:
        assert len(set(self.answered)) == len(self.answered)


TestConversation = Conversation.TestCase
TestConversation.settings = settings(deadline=None, max_examples=40, stateful_step_count=30)
