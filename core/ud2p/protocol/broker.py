"""The connection between a client and a broker: one machine that plays either side.

Theory of operation. Bytes go in through :meth:`BrokerConnection.receive_data` and become typed messages, which
:meth:`~BrokerConnection.events` gives out as themselves, between :class:`BadInput`, :class:`WrongService` and, last of
all, :class:`ConnectionLost`. What the user wants goes in through ``send_*``; :meth:`~BrokerConnection.data_to_send`
is what the wire gets. The I/O around it is a loop of three lines::

    connection.receive_data(data, now)
    for event in connection.events(): ...
    transport.write(connection.data_to_send())

and the socket is closed once :attr:`~BrokerConnection.closed` is true and that has been written.

A line is read when its turn comes: a broker that has to wait between two requests takes them one by one with
:meth:`~BrokerConnection.next_event`, and whatever a line is answered with keeps its place. What may be sent when
stands in :mod:`ud2p.protocol.broker_states`, the form of a line in :mod:`ud2p.protocol.lines`. The pump never
raises: what the other side does wrong becomes an event, and where that is a client also a ``$ERR$``.

- A broker answers a bad line and goes on; it gives up after ten in a row, and at once for a line that is too
  long, not UTF-8, or before the login. It ends the connection of a client that is slow with its login or with the rest
  of a line, or silent for 90 s.
- A client trusts no broker that sends a bad line, an answer to nothing asked or of the wrong kind. It asks ``$PING$``
  when either direction was idle for 25 s, and takes the broker for dead when nothing came for 15 s after that.
- What the first bytes look like tells a client who has reached another service.
"""

from __future__ import annotations

from collections.abc import Mapping

from ud2p.errors import LocalProtocolError
from ud2p.protocol.broker_events import TIMES, BadInput, ConnectionLost, Event, Times, WrongService
from ud2p.protocol.broker_states import BROKER_MAY, CLIENT_MAY, Side, State
from ud2p.protocol.client_requests import MAX_TEXT, ClientRequests
from ud2p.protocol.lines import BROKER_LINES, CLIENT_LINES, BadLine, LineSplitter, read_line, write_line
from ud2p.protocol.messages import (
    PROTOCOL_VERSION,
    Greeting,
    Login,
    Message,
    Pong,
    Refusal,
    Request,
)
from ud2p.protocol.other_services import FIRST_LINES, may_be_broker, name_service
from ud2p.protocol.outstanding import Outstanding
from ud2p.protocol.refusals import SENTENCES, Code

__all__ = [
    "TIMES",
    "BadInput",
    "BrokerConnection",
    "ConnectionLost",
    "Event",
    "Side",
    "State",
    "Times",
    "WrongService",
]

MAX_BAD_LINES = 10


class BrokerConnection(ClientRequests):
    """One TCP connection between a client and a broker, without the TCP. ``now`` is in seconds on any clock that
    does not go backwards."""

    __slots__ = (
        "_asked",
        "_bad_lines",
        "_closed",
        "_eof",
        "_events",
        "_half_since",
        "_heard_at",
        "_lines",
        "_out",
        "_ping",
        "_said_at",
        "_since",
        "_waiting",
        "broker_state",
        "bytes_to_send",
        "client_state",
        "side",
        "times",
    )

    def __init__(self, side: Side, now: float, times: Times = TIMES) -> None:
        self.side = side
        self.times = times
        self.client_state = State.START
        self.broker_state = State.START
        self._closed = False
        self._eof = False
        self._lines = LineSplitter()
        self._waiting: list[bytes] = []
        """Lines that were not read yet, the next one last."""
        self._events: list[Event] = []
        self._out: list[bytes] = []
        self.bytes_to_send = 0
        """How much :meth:`data_to_send` would give out."""
        self._bad_lines = 0
        self._since = now
        """Since when the next step to the open connection is awaited."""
        self._heard_at = now
        self._half_since: float | None = None
        # Only a client asks.
        self._asked = Outstanding() if side is Side.CLIENT else None
        self._said_at = now
        self._ping: tuple[int, float] | None = None

    @property
    def closed(self) -> bool:
        """Whether the socket should be closed once :meth:`data_to_send` is written."""
        return self._closed

    @property
    def open(self) -> bool:
        """Whether the client is logged in and neither side has ended it."""
        return self.client_state is State.OPEN and self.broker_state is State.OPEN and not self._closed

    @property
    def is_in_line(self) -> bool:
        """Whether a line has begun and its end has not come, so that its deadline runs."""
        return self._half_since is not None

    @property
    def outstanding(self) -> Mapping[int, Request]:
        """A client's requests that wait for an answer, by number."""
        return {} if self._asked is None else self._asked.requests

    # What came in

    def receive_data(self, data: bytes | bytearray | memoryview, now: float) -> None:
        """Take bytes that arrived; never raises for what is in them."""
        if self._closed or self._eof or not data:
            return
        self._heard_at = now
        lines = self._lines.feed(data if type(data) is bytes else bytes(data))
        if not self._lines.half:
            self._half_since = None
        elif lines or self._half_since is None:
            self._half_since = now
        lines.reverse()
        self._waiting = lines + self._waiting if self._waiting else lines

    def receive_eof(self, now: float) -> None:
        """The other side closed its socket, or the network did."""
        self._eof = True

    def next_event(self) -> Event | None:
        """The next thing that happened, None when there is nothing more."""
        is_broker = self.side is Side.BROKER
        while not self._events:
            if self._closed:
                return None
            if self._waiting:
                line = self._waiting.pop()
                message = self._receive_from_client(line) if is_broker else self._receive_from_broker(line)
                if message is not None:
                    return message
            elif is_broker or not self._has_wrong_greeting():
                if not self._eof:
                    return None
                self._lose_at_eof()
        return self._events.pop(0)

    def events(self) -> list[Event]:
        """All that happened since the last call, in order."""
        events = []
        while (event := self.next_event()) is not None:
            events.append(event)
        return events

    @property
    def has_more(self) -> bool:
        """Whether something waits for :meth:`next_event`."""
        return bool(self._events or ((self._waiting or self._eof) and not self._closed))

    def _lose_at_eof(self) -> None:
        other = "broker" if self.side is Side.CLIENT else "client"
        clean = self.broker_state is State.OVER or self.client_state is State.OVER
        if self.side is Side.CLIENT and self.broker_state is State.START:
            self._lose("the connection was closed before a broker greeted")
        elif self._lines.half:
            self._lose(f"the {other} closed the connection in the middle of a line", clean)
        else:
            self._lose(f"the {other} closed the connection", clean)

    # What goes out

    def data_to_send(self) -> bytes:
        """The bytes for the wire since the last call."""
        out = self._out
        if not out:
            return b""
        self._out = []
        self.bytes_to_send = 0
        return out[0] if len(out) == 1 else b"".join(out)

    def send(self, message: Message, now: float | None = None) -> None:
        """Send a message of this side; for those that have no ``send_*`` of their own.

        :param now: when, for a client's idle clock; None leaves that as it is
        :raises LocalProtocolError: when this side may not send it now, or it is too long for a line
        """
        if self._closed and self.side is Side.CLIENT:
            raise LocalProtocolError("the connection to the broker is over; connect again")
        if self.side is Side.BROKER:
            # Also when a client can't be listened to any more: what it asked before that is still answered.
            state = BROKER_MAY[self.broker_state].get(type(message))
        else:
            state = CLIENT_MAY[self.client_state].get(type(message)) if self._broker_listens() else None
        if state is None:
            raise LocalProtocolError(f"a {self.side.value} may not send a {type(message).__name__} now")
        line = write_line(message)
        self._out.append(line)
        self.bytes_to_send += len(line)
        if self._asked is None:
            self.broker_state = state
            return
        self.client_state = state
        if now is not None:
            self._said_at = now
        if isinstance(message, Request):
            self._asked.add(message)
        if isinstance(message, Login) and now is not None:
            self._since = now

    def _broker_listens(self) -> bool:
        """Whether the broker has said what the client's next message has to wait for."""
        return self.broker_state is (State.LOGIN if self.client_state is State.START else State.OPEN)

    def send_refusal(self, code: Code, text: str = "", *, re: int | None = None, session: bytes | None = None) -> None:
        """``$ERR$``, by a broker.

        :param text: what stands in for the code's own sentence
        """
        self.send(Refusal(code=code, text=(text or SENTENCES[code])[:MAX_TEXT], re=re, session=session))

    def close(self) -> None:
        """End it from this side; there is no event for that."""
        self._closed = True

    @property
    def next_id(self) -> int:
        """The number of a client's next request."""
        return 1 if self._asked is None else self._asked.next_id

    # Time

    def next_timer(self) -> float | None:
        """When :meth:`handle_timer` wants to be called; None when there is nothing to wait for."""
        if self._closed:
            return None
        due = self._broker_timer() if self.side is Side.BROKER else self._client_timer()
        return due if self._half_since is None else min(due, self._half_since + self.times.line_s)

    def _broker_timer(self) -> float:
        if self.client_state is State.START:
            return self._since + self.times.login_s
        return self._heard_at + self.times.silence_s

    def _client_timer(self) -> float:
        if self.broker_state is not State.OPEN:
            return self._since + self.times.login_s
        if self._ping is not None:
            return max(self._ping[1], self._heard_at) + self.times.pong_s
        return min(self._said_at, self._heard_at) + self.times.ping_after_s

    def handle_timer(self, now: float) -> None:
        """Do what is due; calling it early is harmless."""
        due = self.next_timer()
        if due is None or now < due:
            return
        if self._half_since is not None and now >= self._half_since + self.times.line_s:
            self._give_up_on_client(Code.TOO_SLOW)
            self._lose(f"half a line came, and its end not within {self.times.line_s:g} s")
        elif self.side is Side.BROKER:
            self._broker_waited_too_long()
        else:
            self._client_waited_too_long(now)

    def _broker_waited_too_long(self) -> None:
        if self.client_state is State.START:
            self._give_up_on_client(Code.TOO_SLOW)
            self._lose(f"no login came within {self.times.login_s:g} s")
        else:
            self._give_up_on_client(Code.SILENT)
            self._lose(f"the client was silent for {self.times.silence_s:g} s")

    def _client_waited_too_long(self, now: float) -> None:
        if self.broker_state is State.START:
            self._events.append(WrongService("something that does not greet"))
            self._lose(f"no broker greeted within {self.times.login_s:g} s")
        elif self.broker_state is not State.OPEN:
            self._lose(f"the broker did not answer the login within {self.times.login_s:g} s")
        elif self._ping is None and self.client_state is State.OPEN:
            self._ping = (self.send_ping(now), now)
        else:
            self._lose(f"the broker did not answer within {self.times.pong_s:g} s")

    def _give_up_on_client(self, code: Code) -> None:
        if self.side is Side.BROKER and self.broker_state is not State.OVER:
            self.send_refusal(code)

    def _lose(self, reason: str, clean: bool = False) -> None:
        self._closed = True
        self._waiting = []
        self._events.append(ConnectionLost(reason, clean))

    # A broker listens

    def _receive_from_client(self, line: bytes) -> Message | None:
        """The message in a line; None for a bad one, which has become an event."""
        message = read_line(line, CLIENT_LINES)
        if isinstance(message, BadLine):
            if self.client_state is State.START and not message.fatal and not line.startswith(b"$HI$ "):
                message = BadLine(Code.NOT_LOGGED_IN, SENTENCES[Code.NOT_LOGGED_IN], message.re)
            self._bad_from_client(message)
            return None
        state = CLIENT_MAY[self.client_state].get(type(message))
        if state is not None:
            self.client_state = state
            self._bad_lines = 0
            return message
        if self.client_state is not State.OVER:
            code = Code.NOT_LOGGED_IN if self.client_state is State.START else Code.ALREADY_LOGGED_IN
            self._bad_from_client(BadLine(code, SENTENCES[code], message.id if isinstance(message, Request) else None))
        return None

    def _bad_from_client(self, bad: BadLine) -> None:
        """Answer a bad line, and end the connection where nothing good can follow.

        Before the Welcome that is so for every bad line: a refusal is all that the broker may still send.
        """
        if self.broker_state is State.OVER or self.client_state is State.OVER:
            return
        self._bad_lines += 1
        fatal = bad.fatal or self.broker_state is not State.OPEN
        self.send_refusal(bad.code, bad.text, re=bad.re)
        if not fatal and self._bad_lines >= MAX_BAD_LINES:
            self.send_refusal(Code.TOO_MANY_ERRORS)
            fatal = True
        self._events.append(BadInput(bad.code, bad.text, fatal))
        if fatal:
            self._lose(f"the client sent a bad line: {bad.text}")

    # A client listens

    def _receive_from_broker(self, line: bytes) -> Message | None:
        """The message in a line; None for one that is bad, or that only concerns this machine."""
        if self.broker_state is State.START and not line.startswith(FIRST_LINES):
            self._call_wrong(line)
            return None
        message = read_line(line, BROKER_LINES)
        if isinstance(message, BadLine):
            self._bad_from_broker(message.code, f"it sent a bad line: {message.text}")
            return None
        assert self._asked is not None
        state = BROKER_MAY[self.broker_state].get(type(message))
        if state is None:
            if self.broker_state is not State.OVER:
                self._bad_from_broker(Code.BAD_MESSAGE, f"it sent a {type(message).__name__}, which is not due now")
        elif isinstance(message, Greeting) and message.version != PROTOCOL_VERSION:
            self._bad_from_broker(
                Code.VERSION,
                f"it speaks version {message.version} of the protocol, this client version {PROTOCOL_VERSION};"
                " update the older of the two",
            )
        elif not self._asked.is_due(message):
            self._bad_from_broker(Code.BAD_MESSAGE, f"it sent a {type(message).__name__} that answers nothing asked")
        else:
            self.broker_state = state
            self._since = self._heard_at
            if self._asked.settle(message) and not self._answers_own_ping(message):
                return message
        return None

    def _answers_own_ping(self, message: Message) -> bool:
        if self._ping is None or not isinstance(message, Pong) or message.re != self._ping[0]:
            return False
        self._ping = None
        return True

    def _bad_from_broker(self, code: Code, reason: str) -> None:
        self._events.append(BadInput(code, reason, fatal=True))
        self._lose(f"the broker can't be understood: {reason}")

    def _has_wrong_greeting(self) -> bool:
        """Tell at the first bytes who has reached another service, which may never end its line."""
        half = self._lines.half
        if self.broker_state is not State.START or may_be_broker(half):
            return False
        self._call_wrong(half)
        return True

    def _call_wrong(self, start: bytes) -> None:
        what = name_service(start)
        self._events.append(WrongService(what))
        self._lose(f"{what} answers there, not a ud2p broker")
