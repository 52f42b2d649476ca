"""A chat with one peer: messages out and in, files, and its end.

The asyncio side of a :class:`~ud2p.protocol.session.Session`. Chats come from :meth:`ud2p.Client.invite` and
:meth:`ud2p.Client.answer`; what happens in them is told by :meth:`ud2p.Client.events`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ud2p.chat_end import closing_sentence, failure
from ud2p.chat_files import ChatFiles
from ud2p.contracts import CipherInfo, FileOffer, Progress, Receipt, Source
from ud2p.errors import ChatClosed, RemoteProtocolError, UD2PError
from ud2p.events import (
    ChatEnded,
    ChatHeard,
    ChatMoved,
    ChatOpened,
    ChatSilent,
    ClientEvent,
    MessageReceived,
)
from ud2p.identity import fingerprint
from ud2p.outbox import Outbox, Posted
from ud2p.peer_book import Standing, Trust
from ud2p.protocol.controls import Control, decode_control, encode_control
from ud2p.protocol.frames import FrameType
from ud2p.protocol.incoming import Arrived
from ud2p.protocol.session_events import Closed, Delivered, Heard, Moved, Opened, SessionEvent, Silent

if TYPE_CHECKING:
    from ud2p.admission import Admission
    from ud2p.plugins import PluginManager
    from ud2p.protocol.keys import Master
    from ud2p.session_driver import SessionDriver

FLUSH_ON_LEAVE_S = 2.0
CLOSE_S = 5.0
"""The longest that a transport is waited for when its chat is over."""
_MSG = FrameType.MSG  # A look into an enum costs 0.1 µs on Python 3.11.


class ChatHost(Protocol):
    """What a chat needs of the client that it belongs to."""

    plugins: PluginManager
    file_transfer: str

    @property
    def has_room(self) -> bool:
        """Whether another event may be published now."""
        ...

    def publish(self, event: ClientEvent) -> None:
        """Tell the user."""
        ...

    def forget(self, chat: Chat) -> None:
        """The chat is over."""
        ...

    @property
    def admission(self) -> Admission:
        """Who may chat with this client."""
        ...


class Chat:
    """A chat with one peer. Belongs to the client's event loop."""

    def __init__(self, host: ChatHost, peer: str, session_id: bytes, cipher: CipherInfo) -> None:
        self.peer = peer
        """The peer's name, as registered at the broker."""
        self.session_id = session_id
        self.cipher = cipher.name
        """The name of the cipher that seals it."""
        self.peer_key = ""
        """The fingerprint of the peer's key; empty until keys are agreed on."""
        self.words: tuple[str, ...] = ()
        """Four words that are the same at both ends unless somebody is in between. To be compared by voice or in
        person, never in the chat itself: whoever is in between could change them there."""
        self.was_left = False
        """Whether this side ended it."""
        self.files = ChatFiles(self, host, cipher)
        self._host = host
        self._driver: SessionDriver | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_over = False
        self._trust = Trust(Standing.NEW)
        self._refused: UD2PError | None = None
        self._outbox: Outbox

    # what a user sees

    @property
    def is_open(self) -> bool:
        """Whether messages can be posted."""
        return self._opened.done() and not self._is_over

    @property
    def path(self) -> str:
        """How the peer is reached, such as ``direct 192.0.2.7:4242``."""
        endpoint, address = self.driver.endpoint, self.driver.address
        if endpoint is None or address is None:
            return "not connected"
        try:
            return str(endpoint.describe(address))
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - the path is still the path, whatever a transport calls it
            return f"{address[0]}:{address[1]}"

    @property
    def trust(self) -> str:
        """``verified`` once the user has compared the words with a peer who has this key; until then ``unverified``."""
        return self._trust.word

    @property
    def undelivered(self) -> int:
        """How many posted messages the peer has not acknowledged yet."""
        return len(self._outbox)

    # what a user does

    def post(self, text: str) -> Posted:
        """Send a message: it is queued at once, sent as soon as the path allows, and repeated until it arrived.

        Never blocks.

        :param text: at most 64 KiB in UTF-8
        :raises MessageTooLong: over that
        :raises ChatClosed: the chat is over
        :raises ChatError: 10,000 messages or 16 MiB wait already
        """
        if not self.is_open:
            raise ChatClosed("the chat is over; connect again to go on")
        return self._outbox.post(text)

    async def flush(self) -> None:
        """Wait until everything posted was acknowledged, or the chat is over."""
        await self._outbox.flush()

    async def send_file(self, path: Path, progress: Progress | None = None) -> Receipt:
        """Offer a file, or a folder with everything in it, and, when the peer accepts, send it.

        :returns: after the peer has verified and published it
        :raises TransferRefused: with the peer's reason
        :raises TransferFailed: with what went wrong
        :raises TransferError: when there is no such file, or it can't be read
        """
        return await self.files.send([path], progress)

    async def send_files(self, paths: Sequence[Path], progress: Progress | None = None) -> Receipt:
        """As :meth:`send_file`, for several files and folders in one transfer.

        :raises UnsafeName: when no receiver would take a name, or all of it together
        """
        return await self.files.send(paths, progress)

    async def send_sources(self, sources: Sequence[Source], progress: Progress | None = None) -> Receipt:
        """As :meth:`send_files`, of what :func:`ud2p.sources.inspect_sources` has found already."""
        return await self.files.send_sources(sources, progress)

    async def accept_file(self, offer: FileOffer, into: Path, progress: Progress | None = None) -> Receipt:
        """Receive what was offered into the folder ``into``, never over what is there.

        :raises TransferFailed: with what went wrong
        """
        return await self.files.accept(offer, into, progress)

    async def decline_file(self, offer: FileOffer, reason: str = "") -> None:
        """Say no to an offered file; ``reason`` is shown to the peer."""
        self.files.decline(offer, reason)

    async def confirm_words(self) -> None:
        """The user compared :attr:`words` with the peer, and they match: the peer is verified, here and from now on.

        :raises ChatClosed: the chat is over
        :raises PeerNotTrusted: the peer was blocked or given another key meanwhile
        :raises ConfigError: the file of known peers can't be used
        """
        if not self.is_open:
            raise ChatClosed("the chat is over; connect again and compare the words of that chat")
        admission = self._host.admission
        admission.peers.verify(admission.broker, self.peer, self.peer_key)
        self._trust = admission.peers.look_up(admission.broker, self.peer, self.peer_key)

    async def reject_words(self) -> None:
        """The user compared :attr:`words` with the peer, and they differ: the chat ends at once, the peer is told, and
        the key is known no more.

        :raises ConfigError: the file of known peers can't be used; the chat ends all the same
        """
        self.driver.leave("words")
        admission = self._host.admission
        if admission.peers.look_up(admission.broker, self.peer, self.peer_key).known == self.peer_key:
            admission.peers.forget(admission.broker, self.peer)

    async def leave(self) -> None:
        """End the chat; the peer is told. What was posted gets up to two seconds to arrive."""
        if self.is_open:
            with contextlib.suppress(TimeoutError):  # What did not arrive is reported when the session closes.
                await asyncio.wait_for(self.flush(), FLUSH_ON_LEAVE_S)
        self.driver.leave("left")

    # the client's side

    @staticmethod
    def now() -> float:
        """Seconds on the clock that the session runs by."""
        return asyncio.get_running_loop().time()

    @property
    def driver(self) -> SessionDriver:
        """The I/O below."""
        assert self._driver is not None, "attach() comes before anything else"
        return self._driver

    def attach(self, driver: SessionDriver) -> None:
        """Give the chat its session."""
        self._driver = driver
        send = partial(driver.send_message, _MSG)
        self._outbox = Outbox(self, self._host.plugins, send, self._host.publish)

    def meet(self, remote_static: bytes, master: Master) -> None:
        """Keys were agreed on with whoever has ``remote_static``.

        :raises UD2PError: it is not let in
        """
        self.peer_key = fingerprint(remote_static)
        try:
            self._trust = self._host.admission.admit(self.peer, self.peer_key)
        except UD2PError as error:
            self._refused = error
            raise
        self.words = master.words()

    async def wait_opened(self) -> None:
        """Wait until messages go both ways.

        :raises ChatError: with the reason why they never will
        """
        await asyncio.shield(self._opened)

    def send_control(self, control: Control) -> int | None:
        """Tell the peer's program something; dropped when the chat is over.

        :returns: the number of the message in the session; None when it was dropped
        """
        if not self.is_open:
            return None
        return self.driver.send_message(FrameType.CONTROL, encode_control(control))

    @property
    def epoch(self) -> int:
        """The epoch that a file which is offered now names."""
        session = self.driver.session
        assert session is not None, "no file is offered before the chat is open"
        return session.keys.epoch

    def file_secret(self, epoch: int) -> bytes | None:
        """See :meth:`ud2p.protocol.keyring.Keyring.file_secret`."""
        session = self.driver.session
        return None if session is None else session.keys.file_secret(epoch)

    def publish(self, event: ClientEvent) -> None:
        """Tell the user."""
        self._host.publish(event)

    # the session's side

    @property
    def has_room(self) -> bool:
        """See :class:`~ud2p.session_driver.SessionUser`."""
        return self._opened.done() and self._host.has_room

    def handle_session_event(self, event: SessionEvent) -> None:
        """See :class:`~ud2p.session_driver.SessionUser`."""
        if type(event) is Delivered:  # By far the most frequent.
            self._outbox.acknowledged(event.numbers)
            self.files.acknowledged(event.numbers)
            return
        match event:
            case Opened():
                self._opened.set_result(None)
                self.publish(ChatOpened(self))
                self._host.plugins.observe("ud2p_chat_opened", chat=self)
            case Moved():
                self.publish(ChatMoved(self, self.path))
            case Silent(silent_s, lost):
                self.publish(ChatSilent(self, silent_s, lost))
            case Heard():
                self.publish(ChatHeard(self))
            case Closed():
                self._end(event)

    def handle_messages(self, messages: list[Arrived]) -> None:
        """See :class:`~ud2p.session_driver.SessionUser`."""
        publish, observe = self._host.publish, self._host.plugins.observe
        for kind, data in messages:
            if kind is _MSG:
                text = data.decode("utf-8", "replace")
                publish(MessageReceived(self, text))
                observe("ud2p_message_received", chat=self, text=text)
                continue
            try:
                self.files.handle_control(decode_control(data))
            except RemoteProtocolError:
                continue  # A later version's control; what it asks for stays unanswered.

    # inside

    def _end(self, closed: Closed) -> None:
        self._is_over = True
        self.was_left = not closed.by_peer and closed.reason in ("left", "error", "transport", "cipher")
        reason = closing_sentence(closed, self.peer)
        self._outbox.fail_all(reason)
        self.files.end(reason)
        self._host.forget(self)
        if not self._opened.done():
            self._opened.set_exception(self._refused or failure(closed)(reason))
            self._opened.exception()  # The client may not be waiting any more.
            return
        self.publish(ChatEnded(self, reason, closed.by_peer))
        self._host.plugins.observe("ud2p_chat_closed", chat=self, reason=reason)

    async def drain(self, *, in_a_hurry: bool = False) -> None:
        """Wait until the peer knows of the end or does not answer, then let go of the socket.

        :param in_a_hurry: do not wait to answer a peer who said goodbye and may not have heard the answer
        """
        if not (in_a_hurry and self.driver.is_draining):
            await self.driver.finished.wait()
        if self.driver.endpoint is not None:
            try:
                async with asyncio.timeout(CLOSE_S):
                    await self.driver.endpoint.close()
            except (KeyboardInterrupt, asyncio.CancelledError):
                raise
            except BaseException:  # noqa: BLE001, S110 - the chat is over, whatever its transport makes of that
                pass
