"""The files of one chat: offers out and in, and the transfers that come of them.

The core offers, asks and keeps the keys; a file transfer plugin moves the bytes (see
:mod:`ud2p.contracts.file_transfer`). An offer that must not be accepted is declined at once, with a reason.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p.contracts import CipherInfo, FileOffer, FileTransfer, Progress, Receipt, Source
from ud2p.errors import TransferError, TransferFailed, TransferRefused, UD2PError, UnsafeName
from ud2p.events import FileDone, FileOffered, FileWithdrawn
from ud2p.faults import describe
from ud2p.file_link import ChatFileLink
from ud2p.protocol.controls import Accept, Control, Decline, MoreEntries, Offer, Transfer, Withdraw
from ud2p.protocol.manifest import Manifest, make_offer
from ud2p.sources import inspect_sources

if TYPE_CHECKING:
    from ud2p.chat import Chat, ChatHost

MAX_OPEN_OFFERS = 16
MAX_OPEN_ENTRIES = 40_000
"""Files and folders of all offers that wait for an answer."""
GRACE_S = 1.0
"""How long a transfer may take to end by itself, with a better reason, once the other end gave up."""


class NoProgress:
    """Where a transfer reports to when nobody watches."""

    def start(self, total_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def advance(self, n_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def file_done(self, path: str, size_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def pause(self, reason: str) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def finish(self) -> None:
        """See :class:`~ud2p.contracts.Progress`."""


@dataclass(frozen=True, slots=True)
class _Incoming:
    """An offer whose entries have not all come."""

    manifest: Manifest
    secret: bytes
    """Of its epoch, kept now, however long the rest takes."""


class ChatFiles:
    """Everything about files in one chat."""

    def __init__(self, chat: Chat, host: ChatHost, cipher: CipherInfo) -> None:
        self._chat = chat
        self._host = host
        self._cipher = cipher
        self._answers: dict[str, asyncio.Future[None]] = {}
        self._incoming: dict[str, _Incoming] = {}
        self._waiting: dict[str, ChatFileLink] = {}
        self._links: dict[str, ChatFileLink] = {}
        self._running: dict[str, asyncio.Task[Receipt]] = {}
        self._given_up: dict[str, str] = {}
        self._preparing = asyncio.Lock()

    @property
    def waiting(self) -> tuple[FileOffer, ...]:
        """Offers of the peer that wait for an answer, oldest first."""
        return tuple(link.offer for link in self._waiting.values())

    @property
    def running(self) -> tuple[FileOffer, ...]:
        """What is being sent or received now."""
        return tuple(link.offer for link in self._links.values())

    async def send(self, paths: Sequence[Path], progress: Progress | None) -> Receipt:
        """See :meth:`ud2p.Chat.send_files`."""
        async with self._preparing:  # Files are offered in the order in which they were named.
            sources = await asyncio.to_thread(inspect_sources, paths)
        return await self.send_sources(sources, progress)

    async def send_sources(self, sources: Sequence[Source], progress: Progress | None) -> Receipt:
        """See :meth:`ud2p.Chat.send_sources`."""
        plugin = self._plugin(self._host.file_transfer)
        epoch = self._chat.epoch
        secret = self._chat.file_secret(epoch)
        if secret is None:
            raise TransferFailed("the chat is over; connect again to send the file")
        entries = [source.entry for source in sources]
        async with self._preparing:
            offer_id, transfer = secrets.token_hex(16), self._host.file_transfer
            manifest, more = await asyncio.to_thread(make_offer, offer_id, transfer, epoch, entries)
        link = self._links[offer_id] = self._make_link(manifest, secret)
        await self._ask(manifest.control, more)
        send = partial(_call, plugin, "send", link, sources, progress or NoProgress())
        receipt = await self._run(link.offer, send, "the sender")
        self._tell_done(receipt, sent=True)
        return receipt

    async def accept(self, offer: FileOffer, into: Path, progress: Progress | None) -> Receipt:
        """See :meth:`ud2p.Chat.accept_file`."""
        if offer.id not in self._waiting:
            raise TransferFailed(f"{offer.name} is not offered any more; ask {self._chat.peer} to send it again")
        plugin = self._plugin(offer.transfer)
        link = self._links[offer.id] = self._waiting.pop(offer.id)
        self._chat.send_control(Accept(offer.id))
        receive = partial(_call, plugin, "receive", link, offer, into, progress or NoProgress())
        receipt = await self._run(offer, receive, "the receiver")
        self._tell_done(receipt, sent=False)
        return receipt

    def decline(self, offer: FileOffer, reason: str) -> None:
        """See :meth:`ud2p.Chat.decline_file`."""
        if self._waiting.pop(offer.id, None) is not None:
            self._chat.send_control(Decline(offer.id, reason[:500]))

    def handle_control(self, control: Control) -> None:
        """The peer's program says something about files."""
        match control:
            case Offer():
                self._receive_offer(control)
            case MoreEntries():
                self._receive_entries(control)
            case Accept(id=offer_id):
                self._answer(offer_id, None)
            case Decline(id=offer_id, reason=reason):
                self._answer(offer_id, TransferRefused(reason or f"{self._chat.peer} declined the file"))
            case Withdraw(id=offer_id, reason=reason):
                self._receive_withdrawal(offer_id, reason)
            case Transfer(id=offer_id, body=body):
                if offer_id in self._links:
                    self._links[offer_id].receive_control(body)

    def acknowledged(self, numbers: Sequence[int]) -> None:
        """The peer has these messages."""
        for link in self._links.values():
            link.acknowledged(numbers)

    def end(self, reason: str) -> None:
        """The chat is over: so is every offer and transfer."""
        self._incoming.clear()
        for offer_id in list(self._waiting):
            self._forget_offer(offer_id, reason)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(TransferFailed(reason))
        for offer_id in list(self._links):
            self._give_up(offer_id, reason)

    def _plugin(self, name: str) -> FileTransfer:
        info = self._host.plugins.file_transfers.get(name)
        if info is None:
            raise TransferError(f"there is no file transfer plugin {name}; see: ud2p plugins")
        try:
            return info.make()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise TransferError(f"the file transfer plugin {name} failed ({describe(error)})") from error

    def _make_link(self, manifest: Manifest, secret: bytes) -> ChatFileLink:
        return ChatFileLink(self._chat, secret, self._cipher, manifest.offer, manifest.digest)

    async def _ask(self, control: Offer, more: Sequence[MoreEntries]) -> None:
        """Offer, and wait for the answer."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers[control.id] = answer
        self._chat.send_control(control)
        for piece in more:
            self._chat.send_control(piece)
        try:
            await answer
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._chat.send_control(Withdraw(control.id, "the sender cancelled it"))
            del self._links[control.id]
            raise
        finally:
            del self._answers[control.id]

    async def _run(self, offer: FileOffer, begin: Callable[[], Awaitable[Receipt]], who: str) -> Receipt:
        """Let the plugin work; whatever ends it early is told to the other end."""
        task = asyncio.create_task(_contained(begin))
        self._running[offer.id] = task
        reason = f"{who} cancelled it"
        try:
            receipt = await task
        except asyncio.CancelledError:
            given_up = self._given_up.get(offer.id)
            this = asyncio.current_task()
            # Whoever cancelled here first reads so, even where the other end has heard of it and gave up meanwhile.
            if given_up is None or (this is not None and this.cancelling()):
                self._chat.send_control(Withdraw(offer.id, reason))
                raise
            raise TransferFailed(given_up) from None
        except Exception as error:
            if not isinstance(error, UD2PError):
                error = TransferFailed(f"the file transfer {offer.transfer} failed: {error}")
            self._chat.send_control(Withdraw(offer.id, str(error)[:500]))
            raise error from None
        finally:
            self._links[offer.id].end()
            for table in (self._running, self._links, self._given_up):
                table.pop(offer.id, None)
        return receipt

    def _give_up(self, offer_id: str, reason: str) -> None:
        """The other end gave up, or the chat is over: end the transfer, if it does not end by itself."""
        self._links[offer_id].end()
        self._given_up.setdefault(offer_id, reason)
        task = self._running.get(offer_id)
        if task is not None:
            asyncio.get_running_loop().call_later(GRACE_S, task.cancel)

    def _tell_done(self, receipt: Receipt, *, sent: bool) -> None:
        self._chat.publish(FileDone(self._chat, receipt, sent))
        self._host.plugins.observe("ud2p_file_done", chat=self._chat, receipt=receipt)

    def _answer(self, offer_id: str, refusal: TransferRefused | None) -> None:
        answer = self._answers.get(offer_id)
        if answer is None or answer.done():
            return
        if refusal is None:
            answer.set_result(None)
        else:
            answer.set_exception(refusal)

    def _receive_offer(self, control: Offer) -> None:
        secret = self._chat.file_secret(control.epoch)
        if secret is None:
            self._chat.send_control(Decline(control.id, "it was under way for too long; offer it again"))
            return
        refusal = self._why_not(control)
        if refusal is not None:
            self._chat.send_control(Decline(control.id, refusal))
            return
        try:
            self._incoming[control.id] = _Incoming(Manifest(control), secret)
        except UnsafeName as error:
            self._chat.send_control(Decline(control.id, str(error)))
            return
        self._show_if_whole(control.id)

    def _receive_entries(self, more: MoreEntries) -> None:
        incoming = self._incoming.get(more.id)
        if incoming is None:  # It was declined meanwhile.
            return
        try:
            incoming.manifest.add(more)
        except UnsafeName as error:
            del self._incoming[more.id]
            self._chat.send_control(Decline(more.id, str(error)))
            return
        self._show_if_whole(more.id)

    def _show_if_whole(self, offer_id: str) -> None:
        incoming = self._incoming[offer_id]
        if not incoming.manifest.is_whole:
            return
        del self._incoming[offer_id]
        link = self._waiting[offer_id] = self._make_link(incoming.manifest, incoming.secret)
        self._chat.publish(FileOffered(self._chat, link.offer))
        self._host.plugins.observe("ud2p_file_offered", chat=self._chat, offer=link.offer)

    def _why_not(self, control: Offer) -> str | None:
        """Why an offer must not even be shown to the user; None when it may."""
        if control.transfer not in self._host.plugins.file_transfers:
            return f"the receiver has no file transfer plugin {control.transfer}"
        n_entries = sum(incoming.manifest.control.n_entries for incoming in self._incoming.values())
        n_entries += sum(len(link.offer.entries) for link in self._waiting.values())
        n_offers = len(self._incoming) + len(self._waiting)
        if n_offers >= MAX_OPEN_OFFERS or (n_offers and n_entries + control.n_entries > MAX_OPEN_ENTRIES):
            return "too many files wait for an answer already; wait until some were answered"
        if control.id in self._incoming or control.id in self._waiting or control.id in self._links:
            return "that offer was made before"
        return None

    def _receive_withdrawal(self, offer_id: str, reason: str) -> None:
        reason = reason or f"{self._chat.peer} cancelled it"
        self._incoming.pop(offer_id, None)
        if offer_id in self._waiting:
            self._forget_offer(offer_id, reason)
        elif offer_id in self._links:
            self._give_up(offer_id, reason)

    def _forget_offer(self, offer_id: str, reason: str) -> None:
        link = self._waiting.pop(offer_id)
        self._chat.publish(FileWithdrawn(self._chat, link.offer, reason))


def _call(plugin: FileTransfer, method: str, *arguments: object) -> Awaitable[Receipt]:
    """Late: a plugin may lack even the method."""
    begun: Awaitable[Receipt] = getattr(plugin, method)(*arguments)
    return begun


async def _contained(begin: Callable[[], Awaitable[Receipt]]) -> Receipt:
    """What a file transfer comes to. A SystemExit that leaves a task ends the event loop; it becomes an error here."""
    try:
        receipt = await begin()
    except (Exception, KeyboardInterrupt, asyncio.CancelledError):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever else there is
        raise RuntimeError(describe(error)) from None
    if not isinstance(receipt, Receipt):
        raise TypeError("it returned no receipt")
    return receipt
