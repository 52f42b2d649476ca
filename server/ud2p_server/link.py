"""One client's TCP connection, the asyncio side: bytes to the machine, messages to the hub, bytes back.

Requests are handled in order. While one waits for the directory, or the client does not read its answers, nothing more
is read from it. The last lines of a connection get time to arrive: its sending half is closed first, and what still
comes in is read and dropped, for closing a socket with unread data would destroy them on their way.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, cast

from ud2p.errors import LocalProtocolError
from ud2p.protocol.broker import BadInput, BrokerConnection, ConnectionLost, Event, Side, State
from ud2p.protocol.messages import Answer, Message, Refusal
from ud2p.protocol.refusals import Code
from ud2p_server.hub import Work, finish

if TYPE_CHECKING:
    from ud2p_server.admission import Ticket
    from ud2p_server.client import Client
    from ud2p_server.switchboard import Switchboard


COLLECT_BYTES = 32 * 1024
"""Answers are written together up to about this size; more at once could look as if the client did not read."""


class ClientLink(asyncio.Protocol):
    """Keeps :class:`ud2p_server.client.Link` and stands in the wheel."""

    __slots__ = (
        "_board",
        "_connection",
        "_is_busy",
        "_is_closing",
        "_is_collecting",
        "_is_eof",
        "_is_forgotten",
        "_is_full",
        "_is_lost",
        "_over_at",
        "_transport",
        "bucket",
        "client",
        "ticket",
    )

    _transport: asyncio.Transport
    client: Client

    def __init__(self, board: Switchboard, ticket: Ticket | None = None) -> None:
        """:param ticket: of a connection that has entered already"""
        self._board = board
        self.ticket = ticket
        self._connection = BrokerConnection(Side.BROKER, board.now(), board.limits.times)
        self._is_busy = False
        """Whether a request waits for something."""
        self._is_collecting = False
        """Whether what is sent goes out later, in one piece."""
        self._is_full = False
        """Whether the client does not read."""
        self._is_eof = False
        """Whether the client has closed its sending half."""
        self._is_closing = False
        """Whether nothing is taken or sent any more."""
        self._is_forgotten = False
        """Whether the hub knows that the client is gone."""
        self._is_lost = False
        """Whether the socket is closed."""
        self._over_at: float | None = None
        """When the connection is cut whatever still waits; set once it is to end."""
        self.bucket = -1

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._board.connected(self, transport.get_extra_info("peername"))

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        if self._is_closing:
            return
        now = self._board.now()
        connection = self._connection
        connection.receive_data(data, now)
        if connection.is_in_line:
            self._board.wheel.schedule(self)
        self._work(now)

    def eof_received(self) -> bool:
        """See :class:`asyncio.Protocol`. What was asked before is still answered."""
        if self._is_closing:
            return False
        self._is_eof = True
        now = self._board.now()
        self._connection.receive_eof(now)
        self._end_soon(now)
        self._work(now)
        return True

    def pause_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        self._is_full = True

    def resume_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        self._is_full = False
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._is_lost = self._is_closing = True
        self._board.disconnected(self)
        self._forget()

    # What came in

    def _work(self, now: float) -> None:
        """Handle what waits, as far as may be done now."""
        connection = self._connection
        left = self._board.limits.requests_a_turn
        is_done = False
        self._is_collecting = True
        while left and not (self._is_busy or self._is_full or self._is_closing):
            event = connection.next_event()
            if event is None:
                is_done = True
                break
            left -= 1
            self._take(event, now)
            if connection.bytes_to_send > COLLECT_BYTES:
                self._flush()
        self._is_collecting = False
        if connection.bytes_to_send:
            self._flush()
        if not is_done and connection.has_more and not self._is_closing:
            self._transport.pause_reading()
            if not self._is_busy and not self._is_full:
                self._board.loop.call_soon(self._go_on)

    def _take(self, event: Event, now: float) -> None:
        if isinstance(event, Message):
            self._handle(event, now)
        elif isinstance(event, ConnectionLost):
            self.close()
        elif isinstance(event, BadInput) and event.fatal:
            self._board.note(f"{self.client.address} sent a bad line: {event.reason}")

    def _handle(self, message: Message, now: float) -> None:
        hub = self._board.hub
        try:
            work = hub.handle(self.client, message, now)
            if work is None:
                return
            if type(message) in self._board.direct:
                finish(work)
            else:
                self._is_busy = True
                self._board.run(self._await(work, message))
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a handler meets, the broker goes on
            hub.fail(self.client, message, error)

    async def _await(self, work: Work, message: Message) -> None:
        try:
            await work
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - a directory or gatekeeper plugin may raise anything
            self._board.hub.fail(self.client, message, error)
        self._is_busy = False
        if self._is_closing:
            self._forget()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Something that was waited for is there."""
        if self._is_busy or self._is_full or self._is_closing:
            return
        self._work(self._board.now())
        if not (self._connection.has_more or self._is_closing or self._is_eof):
            self._transport.resume_reading()

    # What goes out

    def send(self, message: Message) -> None:
        """See :class:`ud2p_server.client.Link`."""
        connection = self._connection
        if self._is_closing or connection.broker_state is State.OVER:
            return
        try:
            connection.send(message)
        except LocalProtocolError as error:
            self._board.note(f"could not send a {type(message).__name__} to {self.client.name}: {error}")
            if isinstance(message, Answer | Refusal) and message.re is not None:
                connection.send_refusal(Code.INTERNAL, re=message.re)
        if not self._is_collecting:
            self._flush()

    def _flush(self) -> None:
        data = self._connection.data_to_send()
        if not data or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._is_full and self.queued_bytes() > self._board.limits.queued_bytes:
            self._board.note(f"{self.client.name or self.client.address} does not read what it is sent; dropped")
            self.abort()

    def welcomed(self) -> None:
        """See :class:`ud2p_server.client.Link`."""
        if self.ticket is not None:
            self._board.admission.logged_in(self.ticket)

    def queued_bytes(self) -> int:
        """See :class:`ud2p_server.client.Link`."""
        return self._transport.get_write_buffer_size() if self._is_full else 0

    def close(self) -> None:
        """See :class:`ud2p_server.client.Link`."""
        if self._is_closing:
            return
        self._flush()
        self._is_closing = True
        self._end_soon(self._board.now())
        if self._is_eof:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.resume_reading()
            with contextlib.suppress(OSError):  # The client has reset the connection, and its end was not read yet.
                self._transport.write_eof()
        self._forget()

    def abort(self) -> None:
        """Close at once, whatever still waits."""
        self._is_closing = True
        self._transport.abort()

    def _forget(self) -> None:
        """The client is gone for the others as soon as nothing that it asked for is under way."""
        if not self._is_busy and not self._is_forgotten:
            self._is_forgotten = True
            self._board.forget(self.client)

    def _end_soon(self, now: float) -> None:
        if self._over_at is None:
            self._over_at = now + self._board.limits.closing_s
            self._board.wheel.remove(self)
            self._board.wheel.schedule(self)

    # Time

    def next_timer(self) -> float | None:
        """See :class:`ud2p_server.wheel.Timed`."""
        if self._is_lost:
            return None
        return self._connection.next_timer() if self._over_at is None else self._over_at

    def handle_timer(self, now: float) -> None:
        """See :class:`ud2p_server.wheel.Timed`."""
        if self._over_at is None:
            self._connection.handle_timer(now)
            if self._connection.closed:
                self._end_soon(now)
            self._work(now)
        elif now >= self._over_at:
            self.abort()
