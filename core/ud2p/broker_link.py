"""The asyncio side of a client's connection to its broker: one TCP connection, from greeting to goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
import socket
from collections.abc import Callable
from typing import cast

from ud2p.broker_tls import BrokerTls, NotVouched
from ud2p.broker_trust import BrokerTrust, Credentials
from ud2p.errors import BrokerError, BrokerLost, BrokerRefused, BrokerUnreachable, LocalProtocolError
from ud2p.identity import Identity
from ud2p.known_brokers import Vouched
from ud2p.networks import is_loopback
from ud2p.protocol.broker import BadInput, BrokerConnection, ConnectionLost, Event, Side, WrongService
from ud2p.protocol.messages import (
    Answer,
    Goodbye,
    Greeting,
    Introduction,
    InvitationOver,
    Message,
    Refusal,
    Welcome,
)

CONNECT_TIMEOUT_S = 10.0
ANSWER_DEADLINE_S = 15.0
"""How long a broker may take to answer a request: a user waits, and one that lives and says nothing may mean it."""


class BrokerLink(asyncio.Protocol):
    """One connection. Answers go to whoever asked, pushes and the end to the two callbacks."""

    def __init__(self, where: str, on_push: Callable[[Message], None], on_lost: Callable[[str], None]) -> None:
        """
        :param where: ``host:port``, for sentences
        :param on_push: called with what the broker sends unasked
        :param on_lost: called once with a sentence, if the connection had been welcomed
        """
        self._where = where
        self._on_push = on_push
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._connection = BrokerConnection(Side.CLIENT, self._loop.time())
        self._tcp: asyncio.BaseTransport | None = None
        self._transport: asyncio.Transport | None = None
        """Where lines go: there once TLS is done and the broker believed."""
        self._timer: asyncio.TimerHandle | None = None
        self._greeted: asyncio.Future[None] = self._loop.create_future()
        self._asked: dict[int, tuple[bytes | None, asyncio.Future[Message]]] = {}
        self._error: BrokerError | None = None
        self._nonce = b""
        self._is_welcomed = False
        self._closed = asyncio.Event()
        self.peer_ip = ""
        """The broker's address, known once connected."""
        self.own_ip = ""
        """The address that this end has in the connection."""
        self.credentials: Credentials | None = None
        """What the broker has shown and was believed for; None under plain text."""

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        on_push: Callable[[Message], None],
        on_lost: Callable[[str], None],
        trust: BrokerTrust | None,
    ) -> BrokerLink:
        """Connect, see that it is the right broker, and wait for its greeting.

        :param trust: None speaks plain text, and only on this machine
        :raises BrokerUnreachable: nobody, or something else, answers there
        :raises BrokerNotTrusted: it is not the broker that is known
        :raises ConfigError: the file of known brokers can't be read or written
        """
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        addresses = await _resolve(host, port, where)
        if trust is None and not all(map(is_loopback, addresses)):
            raise BrokerUnreachable(
                f"{where} is not on this machine, and nothing protects plain text on the way; leave out --plaintext"
            )
        failure = BrokerUnreachable(f"no broker answers at {where}; check the address, or start one: ud2p serve")
        for address in addresses:
            try:
                return await cls._reach(where, address, port, on_push, on_lost, trust)
            except BrokerUnreachable as error:
                failure = error
        raise failure

    @classmethod
    async def _reach(
        cls,
        where: str,
        address: str,
        port: int,
        on_push: Callable[[Message], None],
        on_lost: Callable[[str], None],
        trust: BrokerTrust | None,
    ) -> BrokerLink:
        """One address, asked a second time where no authority vouches for it and that need not be the end."""
        is_asking = trust is not None and trust.begin()
        why_not = ""
        for vouched in (Vouched.AUTHORITY, Vouched.PINNED) if is_asking else (Vouched.PINNED,):
            link = cls(where, on_push, on_lost)
            try:
                await link._open(address, port, trust, vouched, why_not)
                if trust is not None and link.credentials is not None:
                    trust.remember(link.credentials)
            except NotVouched as reason:
                link.abort()
                why_not = str(reason)
            except BaseException:
                link.abort()
                raise
            else:
                return link
        raise AssertionError("not reached: the second time asks no authority")

    async def _open(self, address: str, port: int, trust: BrokerTrust | None, vouched: Vouched, why_not: str) -> None:
        reason = f"it did not answer within {CONNECT_TIMEOUT_S:g} s"
        protocol: asyncio.Protocol = self
        if trust is not None:
            protocol = BrokerTls(trust.tunnel(vouched), self, self._where, self._checker(trust, vouched, why_not))
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                self._tcp, _ = await self._loop.create_connection(lambda: protocol, address, port)
                await self._greeted
        except BrokerLost as error:
            reason = str(error)
        except TimeoutError:
            pass
        except OSError as error:
            reason = _os_reason(error)
        else:
            return
        raise BrokerUnreachable(
            f"no broker answers at {self._where} ({reason}); check the address, or start one: ud2p serve"
        )

    def _checker(self, trust: BrokerTrust, vouched: Vouched, why_not: str) -> Callable[[bytes], None]:
        def check(certificate: bytes) -> None:
            self.credentials = trust.check(certificate, vouched, why_not)

        return check

    def fail(self, error: Exception) -> None:
        """There will be no connection."""
        if not self._greeted.done():
            self._greeted.set_exception(error)
            self._greeted.exception()  # Nobody waits for it any more if the time was up.

    async def login(self, name: str, identity: Identity, *, online: bool) -> Welcome:
        """Log in, with a signature that is good for this connection alone.

        :raises BrokerRefused: with the broker's sentence
        :raises BrokerError: when the connection ends instead
        """
        from ud2p.protocol.login import sign_login  # here: a link that never comes so far need not load it

        now = self._loop.time()
        keys = identity.public_keys
        shown = b"" if self.credentials is None else hashlib.sha256(self.credentials.certificate).digest()
        signature = sign_login(identity.login_key, self._nonce, shown, name, keys)
        welcome = await self.ask(lambda c: c.send_login(name, keys, signature, now, online=online))
        assert isinstance(welcome, Welcome)
        self._is_welcomed = True
        return welcome

    async def ask(self, send: Callable[[BrokerConnection], int], about: bytes | None = None) -> Message:
        """Send a request and wait for its answer.

        :param send: one of the connection's ``send_*`` methods, applied
        :param about: the invitation whose Introduction or InvitationOver is the answer
        :raises BrokerRefused: with the broker's sentence
        :raises BrokerError: when the connection ends instead, or no answer comes within 15 s
        """
        if self._connection.closed:
            raise self._error or BrokerLost("the connection to the broker is over")
        try:
            number = send(self._connection)
        except LocalProtocolError as error:
            raise BrokerLost(str(error)) from error
        answer: asyncio.Future[Message] = self._loop.create_future()
        self._asked[number] = (about, answer)
        self._flush()
        try:
            return await asyncio.wait_for(answer, ANSWER_DEADLINE_S)
        except TimeoutError:
            raise BrokerLost(f"the broker did not answer in {ANSWER_DEADLINE_S:g} s; try again later") from None
        finally:
            self._asked.pop(number, None)

    def signal(self, session: bytes, data: bytes) -> None:
        """Pass bytes to the peer of ``session``, or drop them."""
        if self._connection.open:
            self._connection.send_signal(session, data, self._loop.time())
            self._flush()

    async def leave(self) -> None:
        """Say goodbye and wait until the broker has closed, at most a second."""
        self._is_welcomed = False
        if self._connection.open:
            self._connection.send_leave(self._loop.time())
            self._flush()
            with contextlib.suppress(TimeoutError):  # The broker does not answer; it will find out.
                await asyncio.wait_for(self._closed.wait(), 1.0)
        self.abort()

    def abandon(self, reason: str) -> None:
        """Close at once a connection that nothing can come through any more, as if it had been lost."""
        self._lose(reason)
        self.abort()

    def abort(self) -> None:
        """Close at once, telling nobody."""
        self._is_welcomed = False
        self._connection.close()
        if self._timer is not None:
            self._timer.cancel()
        for transport in (self._transport, self._tcp):
            if transport is not None:
                cast("asyncio.Transport", transport).abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self.peer_ip = str(transport.get_extra_info("peername")[0])
        self.own_ip = str(transport.get_extra_info("sockname")[0])
        self._flush()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        self._connection.receive_data(data, self._loop.time())
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """See :class:`asyncio.Protocol`."""
        self._connection.receive_eof(self._loop.time())
        self._flush()
        self._closed.set()

    # inside

    def _flush(self) -> None:
        for event in self._connection.events():
            self._handle(event)
        if self._transport is not None and not self._transport.is_closing():
            data = self._connection.data_to_send()
            if data:
                self._transport.write(data)
            if self._connection.closed:
                self._transport.close()
        self._schedule()

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self._connection.next_timer()
        if at is not None:
            self._timer = self._loop.call_at(at, self._handle_timer)

    def _handle_timer(self) -> None:
        self._timer = None
        self._connection.handle_timer(self._loop.time())
        self._flush()

    def _handle(self, event: Event) -> None:
        match event:
            case Greeting(nonce=nonce):
                self._nonce = nonce
                self._greeted.set_result(None)
            case WrongService(what):
                self._error = BrokerUnreachable(
                    f"{what} answers at {self._where}, not a ud2p broker; check the address and the port"
                )
            case BadInput(_, reason):
                self._error = BrokerUnreachable(f"the broker at {self._where} does not speak this protocol: {reason}")
            case ConnectionLost(reason):
                self._lose(reason)
            case Answer(re=number):
                self._answer(number, event)
            case Refusal(re=int() as number):
                self._refuse(number, event)
            case Introduction(invitation=invitation) | InvitationOver(invitation=invitation):
                # The push first, so that who asked finds it done.
                self._on_push(event)
                self._answer_about(invitation, event)
            case Message():
                if isinstance(event, Goodbye):
                    self._error = BrokerLost(event.text or "the broker ended the connection")
                elif isinstance(event, Refusal) and event.session is None:
                    self._error = BrokerRefused(event.code, event.text)  # Said before the broker hangs up.
                self._on_push(event)

    def _answer(self, number: int, message: Message) -> None:
        asked = self._asked.get(number)
        if asked is not None and not asked[1].done():
            asked[1].set_result(message)

    def _refuse(self, number: int, refusal: Refusal) -> None:
        asked = self._asked.get(number)
        if asked is not None and not asked[1].done():
            asked[1].set_exception(BrokerRefused(refusal.code, refusal.text))

    def _answer_about(self, invitation: bytes, message: Message) -> None:
        for about, answer in self._asked.values():
            if about == invitation and not answer.done():
                answer.set_result(message)

    def _lose(self, reason: str) -> None:
        error = self._error or BrokerLost(reason)
        self.fail(error)
        for _, answer in self._asked.values():
            if not answer.done():
                answer.set_exception(error)
        if self._is_welcomed:
            self._is_welcomed = False
            self._on_lost(str(error))


async def _resolve(host: str, port: int, where: str) -> list[str]:
    """The addresses of ``host``, each once, in the system's order of preference."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass  # A name, then.
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BrokerUnreachable(f"there is no host {host}; check the address of the broker ({where})") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _os_reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return error.strerror or str(error)
