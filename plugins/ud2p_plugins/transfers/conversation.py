"""What the two ends of a ``tcp`` transfer say to each other over the chat, and how one end's failure ends both.

A control is one JSON object:

* ``{"type":"listening", "transfer": base64 of 16 bytes, "port": 1 to 65535, "have_bytes": what is on its disk already,
  "again": whether it listens anew should the connection break, "call_back": whether it connects to a sender that can't
  connect, "through_chat": whether it takes the bytes over the chat}`` from the receiver, once for each connection;
* ``{"type":"call-back", "port": where the sender listens}`` from a sender that could not connect, and
  ``{"type":"no-way"}`` from a receiver that then could not either;
* ``{"type":"through-chat"}`` from a sender that sends over the chat;
* ``{"type":"published", "name": as in the receipt, "size_bytes": of everything}`` from the receiver, once, when it has
  everything, for a sender whose connection broke before it had the receipt;
* ``{"type":"ended", "reason": a sentence}`` from either side, which will say no more (no reason: its user cancelled).

The connection may break before the sentence is there, so who loses it waits a moment for the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from ud2p.contracts import FileLink
from ud2p.errors import TransferFailed, UD2PError
from ud2p_plugins.transfers.chat_line import ChatLine
from ud2p_plugins.transfers.line import ConnectionLost, StopSignal
from ud2p_plugins.transfers.receipt import Published

REASON_GRACE_S = 2.0
LISTENING_WITHIN_S = 60.0
ATTEMPTS = 3
"""How many connections in a row may be lost before a byte of the file has come through."""
AGAIN_WITHIN_S = 30.0
"""The same, after a connection has broken."""
TRYING_BACK = "no connection comes about this way; trying it the other way round..."
TRYING_CHAT = "no direct connection comes about; going through the chat's own path, which is slower..."
THROUGH_CHAT = "through the chat's own path, which is slower"
"""The way of a file that no TCP connection could take."""
_LONGEST_REASON = 500

T = TypeVar("T")


class OtherEndGaveUp(TransferFailed):
    """the other side gave up; ask why, and send the file again"""


class Listening(msgspec.Struct, frozen=True, tag="listening"):
    """The receiver waits for a connection."""

    transfer: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    """Names the transfer in the hello."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    have_bytes: Annotated[int, msgspec.Meta(ge=0, lt=2**62)] = 0
    """How much an earlier connection has left on its disk."""
    again: bool = False
    """Whether it listens anew should the connection break."""
    call_back: bool = False
    """Whether it connects to the sender where it can't be reached itself."""
    through_chat: bool = False
    """Whether it takes the bytes over the chat where neither can be reached."""


class CallBack(msgspec.Struct, frozen=True, tag="call-back"):
    """The sender could not connect, and waits for the receiver's connection."""

    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]


class NoWay(msgspec.Struct, frozen=True, tag="no-way"):
    """The receiver could not connect either."""


class ThroughChat(msgspec.Struct, frozen=True, tag="through-chat"):
    """The sender could not connect, and sends over the chat."""


def going_on(lost: ConnectionLost) -> str:
    """What a person reads while another connection is tried."""
    return f"{str(lost).removesuffix('; send the file again')}; trying to go on..."


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """Whoever says it gave up."""

    reason: Annotated[str, msgspec.Meta(max_length=_LONGEST_REASON)]


Said: TypeAlias = Listening | CallBack | NoWay | ThroughChat | Published | Ended
_decoder = msgspec.json.Decoder(Said)


class Conversation:
    """One end's part of it.

    :param other: ``sender`` or ``receiver``: what a person calls the other end
    """

    def __init__(self, link: FileLink, other: str) -> None:
        self._link = link
        self._other = other
        self._listening: asyncio.Queue[Listening | Published] = asyncio.Queue(maxsize=1)
        self._call_back: asyncio.Queue[CallBack] = asyncio.Queue(maxsize=1)
        self._no_way = asyncio.Event()
        self._through_chat = asyncio.Event()
        self.line: ChatLine | None = None
        """What hears the bytes that come over the chat."""

    async def say(self, what: Said) -> None:
        """Tell the other end."""
        await self._link.control(msgspec.json.encode(what))

    async def listening(self) -> Listening:
        """Wait until the receiver listens.

        :raises TransferFailed: when it does not
        """
        try:
            async with asyncio.timeout(LISTENING_WITHIN_S):
                said = await self._listening.get()
        except TimeoutError:
            raise TransferFailed("the receiver accepted the file and then did not get ready; send it again") from None
        if isinstance(said, Published):
            raise TransferFailed("the receiver says that it has what was not sent; send it again")
        return said

    async def listening_again(self, lost: ConnectionLost) -> Listening | Published:
        """Wait until the receiver listens anew, or says that it has everything, after a connection to it was lost.

        :raises ConnectionLost: as it was, when it does not
        """
        try:
            async with asyncio.timeout(AGAIN_WITHIN_S):
                return await self._listening.get()
        except TimeoutError:
            raise lost from None

    async def called_back(self) -> CallBack:
        """Wait until the sender says that it can't connect, and where it listens."""
        return await self._call_back.get()

    async def call_back(self, port: int) -> None:
        """Ask the receiver to connect to ``port``."""
        self._no_way.clear()
        await self.say(CallBack(port))

    async def no_way(self) -> None:
        """Wait until the receiver says that it can't connect either."""
        await self._no_way.wait()

    async def through_chat(self) -> None:
        """Wait until the sender says that it sends over the chat."""
        await self._through_chat.wait()

    def begin_line(self, stop: StopSignal) -> ChatLine:
        """A new line through the chat; what is left of one before is not for it."""
        self._through_chat.clear()
        self.line = ChatLine(self._link, asyncio.get_running_loop(), stop)
        return self.line

    async def conduct(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do ``work`` until it is done, or until the other end gives up; if it fails, the other end reads why.

        A cancellation that comes when ``work`` can't be undone any more changes nothing.

        :raises TransferFailed: with a sentence for both users
        """
        working = asyncio.create_task(work())
        hearing = asyncio.create_task(self._hear())
        try:
            return await self._finish(working, hearing)
        except asyncio.CancelledError:
            await _cancel(working)
            if not working.cancelled() and working.exception() is None:
                return working.result()
            await self._give_up("")
            raise
        except OtherEndGaveUp:
            raise
        except TransferFailed as failure:
            await self._give_up(str(failure))
            raise
        except Exception as error:
            reason = _sentence(error)
            await self._give_up(reason)
            raise TransferFailed(reason) from error
        finally:
            await _cancel(working, hearing)

    async def _finish(self, working: asyncio.Task[T], hearing: asyncio.Task[TransferFailed | None]) -> T:
        tasks: set[asyncio.Task[Any]] = {working, hearing}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and (failure := hearing.result()) is not None:
            working.cancel()
            await asyncio.wait({working})  # it may have been done already
            if working.cancelled() or working.exception():
                raise failure
        try:
            return await working
        except ConnectionLost:
            await asyncio.wait({hearing}, timeout=REASON_GRACE_S)
            if hearing.done() and (failure := hearing.result()) is not None:
                raise failure from None
            raise

    async def _hear(self) -> TransferFailed | None:
        """Listen to the other end.

        :returns: why the transfer is over, or None when the other end just has no more to say
        """
        async for body in self._link.controls():
            if self.line is not None and self.line.hear(body):
                continue
            try:
                said = _decoder.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return TransferFailed(
                    f"the {self._other}'s program speaks another tcp file transfer; use the same version"
                )
            if isinstance(said, Ended):
                return OtherEndGaveUp(
                    f"the {self._other} could not go on: {said.reason}"
                    if said.reason
                    else f"the {self._other} cancelled the transfer"
                )
            if isinstance(said, ThroughChat):
                self._through_chat.set()
            elif isinstance(said, NoWay):
                self._no_way.set()
            elif isinstance(said, CallBack):
                if self._call_back.empty():
                    self._call_back.put_nowait(said)
            elif isinstance(said, Published) or self._listening.empty():
                if self._listening.full():  # One who listens twice at once is heard once, and who has it, at the last.
                    self._listening.get_nowait()
                self._listening.put_nowait(said)
        return None

    async def _give_up(self, reason: str) -> None:
        with contextlib.suppress(UD2PError, TimeoutError):  # it is told if it can be
            async with asyncio.timeout(REASON_GRACE_S):
                await self.say(Ended(reason[:_LONGEST_REASON]))


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _sentence(error: Exception) -> str:
    if isinstance(error, UD2PError):
        return str(error)
    if isinstance(error, OSError):
        return f"the transfer failed: {(error.strerror or str(error)).lower()}; send the file again"
    return f"the transfer failed unexpectedly ({type(error).__name__}: {error}); send the file again"
