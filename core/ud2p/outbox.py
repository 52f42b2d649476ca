"""Messages on their way out of a chat: through the gatekeepers, into the session, until the peer has them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from ud2p.errors import ChatClosed, ChatError, MessageTooLong, MessageVetoed
from ud2p.events import ClientEvent, MessageDelivered, MessageFailed
from ud2p.protocol.frames import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.plugins import PluginManager

MAX_BACKLOG_MESSAGES = 10_000
MAX_BACKLOG_BYTES = 16 * 1024 * 1024


class Posted:
    """A message that was posted."""

    __slots__ = ("_error", "_waiters", "is_delivered", "number", "size_bytes", "text")

    def __init__(self, number: int, text: str, size_bytes: int) -> None:
        self.number = number
        """Counts up within the chat; :class:`~ud2p.events.MessageDelivered` names it."""
        self.text = text
        self.size_bytes = size_bytes
        self.is_delivered = False
        """Whether the peer has acknowledged it."""
        self._error: ChatError | None = None
        # A future for every message would cost more than the rest of it, and hardly anybody waits for a single one.
        self._waiters: tuple[asyncio.Future[None], ...] = ()

    async def delivered(self) -> None:
        """Wait until the peer has acknowledged it.

        :raises MessageVetoed: a plugin did not let it out
        :raises ChatClosed: the chat ended first
        """
        await self.settled()
        if self._error is not None:
            raise self._error

    async def settled(self) -> None:
        """Wait until it was acknowledged, or never will be."""
        if not self.is_delivered and self._error is None:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters += (waiter,)
            await waiter

    def settle(self, error: ChatError | None = None) -> None:
        """It was acknowledged, or never will be."""
        self.is_delivered, self._error = error is None, error
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)


class Outbox:
    """What was posted and is not delivered. Messages leave in the order in which they were posted."""

    def __init__(
        self, chat: Chat, plugins: PluginManager, send: Callable[[bytes], int], publish: Callable[[ClientEvent], None]
    ) -> None:
        """:param send: queues a message in the session and gives its number there"""
        self._chat = chat
        self._plugins = plugins
        self._send_bytes = send
        self._publish = publish
        self._posted: dict[int, Posted] = {}
        self._next_number = 0
        self._sent: dict[int, Posted] = {}
        """By the session's numbers."""
        self._size_bytes = 0
        self._waiting: deque[Posted] = deque()
        self._gating: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._posted)

    def post(self, text: str) -> Posted:
        """See :meth:`ud2p.Chat.post`."""
        data = text.encode("utf-8", "replace")
        size_bytes = len(data)
        if size_bytes > MAX_MESSAGE_BYTES:
            raise MessageTooLong("a message may hold at most 64 KiB; send it as a file with sendf")
        if len(self._posted) >= MAX_BACKLOG_MESSAGES or self._size_bytes + size_bytes > MAX_BACKLOG_BYTES:
            raise ChatError(f"too much waits for {self._chat.peer} already; wait until some of it has arrived")
        posted = Posted(self._next_number, text, size_bytes)
        self._next_number += 1
        self._posted[posted.number] = posted
        self._size_bytes += size_bytes
        if self._waiting or self._gating is not None or self._plugins.has_implementations("ud2p_message_sending"):
            self._waiting.append(posted)
            if self._gating is None:
                self._gating = asyncio.create_task(self._gate())
        else:
            self._send(posted, data)
        return posted

    async def flush(self) -> None:
        """Wait until nothing is left."""
        while self._posted:
            await self._posted[next(reversed(self._posted))].settled()

    def acknowledged(self, numbers: tuple[int, ...]) -> None:
        """The peer has these, by the session's numbers."""
        for number in numbers:
            posted = self._sent.pop(number, None)  # None: a control, which is nobody's here.
            if posted is not None and self._forget(posted):
                posted.settle()
                self._publish(MessageDelivered(self._chat, posted.number))

    def fail_all(self, reason: str) -> None:
        """The chat is over."""
        for posted in list(self._posted.values()):
            self._fail(posted, ChatClosed(f"not delivered: {reason}"))

    async def _gate(self) -> None:
        """Send what waits, in order, each once the gatekeepers have said what becomes of it."""
        try:
            while self._waiting:
                posted = self._waiting.popleft()
                try:
                    text = await self._plugins.ask_message_sending(self._chat, posted.text)
                except MessageVetoed as veto:
                    self._fail(posted, veto)
                else:
                    self._send(posted, text.encode("utf-8", "replace"))
        finally:
            self._gating = None

    def _send(self, posted: Posted, data: bytes) -> None:
        if posted.number not in self._posted:
            return
        try:
            self._sent[self._send_bytes(data)] = posted
        except ChatError as error:
            self._fail(posted, error)

    def _fail(self, posted: Posted, error: ChatError) -> None:
        if self._forget(posted):
            posted.settle(error)
            self._publish(MessageFailed(self._chat, posted.number, str(error)))

    def _forget(self, posted: Posted) -> bool:
        """Take it off the list.

        :returns: whether it was there
        """
        if self._posted.pop(posted.number, None) is None:
            return False
        self._size_bytes -= posted.size_bytes
        return True
