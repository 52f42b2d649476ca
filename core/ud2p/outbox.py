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

    __slots__ = ("_done", "number", "size_bytes", "text")

    def __init__(self, number: int, text: str, size_bytes: int) -> None:
        self.number = number
        """Counts up within the chat; :class:`~ud2p.events.MessageDelivered` names it."""
        self.text = text
        self.size_bytes = size_bytes
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_delivered(self) -> bool:
        """Whether the peer has acknowledged it."""
        return self._done.done() and not self._done.cancelled() and self._done.exception() is None

    async def delivered(self) -> None:
        """Wait until the peer has acknowledged it.

        :raises MessageVetoed: a plugin did not let it out
        :raises ChatClosed: the chat ended first
        """
        await asyncio.shield(self._done)

    def settle(self, error: ChatError | None = None) -> None:
        """It was acknowledged, or never will be."""
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)
            self._done.exception()  # Nobody has to ask; asyncio would otherwise complain that nobody did.


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
        self._numbers: dict[int, int] = {}
        self._size_bytes = 0
        self._waiting: deque[Posted] = deque()
        self._gating: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._posted)

    def post(self, text: str) -> Posted:
        """See :meth:`ud2p.Chat.post`."""
        size_bytes = len(text.encode("utf-8", "replace"))
        if size_bytes > MAX_MESSAGE_BYTES:
            raise MessageTooLong("a message may hold at most 64 KiB; send it as a file with sendf")
        if len(self._posted) >= MAX_BACKLOG_MESSAGES or self._size_bytes + size_bytes > MAX_BACKLOG_BYTES:
            raise ChatError(f"too much waits for {self._chat.peer} already; wait until some of it has arrived")
        posted = Posted(self._next_number, text, size_bytes)
        self._next_number += 1
        self._posted[posted.number] = posted
        self._size_bytes += size_bytes
        self._idle.clear()
        self._waiting.append(posted)
        self._empty()
        return posted

    async def flush(self) -> None:
        """Wait until nothing is left."""
        await self._idle.wait()

    def acknowledged(self, numbers: tuple[int, ...]) -> None:
        """The peer has these, by the session's numbers."""
        for number in numbers:
            posted = self._forget(self._numbers.pop(number))
            if posted is not None:
                posted.settle()
                self._publish(MessageDelivered(self._chat, posted.number))

    def fail_all(self, reason: str) -> None:
        """The chat is over."""
        for number in list(self._posted):
            self._fail(number, ChatClosed(f"not delivered: {reason}"))

    def _empty(self) -> None:
        """Send what waits, in order; through the gatekeepers, one message at a time, where there are any."""
        if self._gating is not None:
            return
        if self._plugins.has_implementations("ud2p_message_sending"):
            self._gating = asyncio.create_task(self._gate())
            return
        while self._waiting:
            posted = self._waiting.popleft()
            self._send(posted, posted.text)

    async def _gate(self) -> None:
        try:
            while self._waiting:
                posted = self._waiting.popleft()
                try:
                    text = await self._plugins.ask_message_sending(self._chat, posted.text)
                except MessageVetoed as veto:
                    self._fail(posted.number, veto)
                else:
                    self._send(posted, text)
        finally:
            self._gating = None

    def _send(self, posted: Posted, text: str) -> None:
        if posted.number not in self._posted:
            return
        try:
            self._numbers[self._send_bytes(text.encode("utf-8", "replace"))] = posted.number
        except ChatError as error:
            self._fail(posted.number, error)

    def _fail(self, number: int, error: ChatError) -> None:
        posted = self._forget(number)
        if posted is not None:
            posted.settle(error)
            self._publish(MessageFailed(self._chat, number, str(error)))

    def _forget(self, number: int) -> Posted | None:
        posted = self._posted.pop(number, None)
        if posted is not None:
            self._size_bytes -= posted.size_bytes
            if not self._posted:
                self._idle.set()
        return posted
