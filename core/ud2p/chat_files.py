"""The files of one chat: offers out and in, and the transfers that come of them.

The core offers, asks and keeps the keys; a file transfer plugin moves the bytes (see
:mod:`ud2p.contracts.file_transfer`). An offer that must not be accepted is declined at once, with a reason.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import stat
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ud2p.contracts import CipherInfo, FileOffer, FileTransfer, Progress, Receipt, Source
from ud2p.errors import TransferError, TransferFailed, TransferRefused, UD2PError, UnsafeName
from ud2p.events import FileDone, FileOffered, FileWithdrawn
from ud2p.file_link import ChatFileLink
from ud2p.names import check_file_name
from ud2p.plugins.record import describe
from ud2p.protocol.controls import Accept, Control, Decline, Offer, Transfer, Withdraw

if TYPE_CHECKING:
    from ud2p.chat import Chat, ChatHost

MAX_OPEN_OFFERS = 16
GRACE_S = 1.0
"""How long a transfer may take to end by itself, with a better reason, once the other end gave up."""


class NoProgress:
    """Where a transfer reports to when nobody watches."""

    def start(self, total_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def advance(self, n_bytes: int) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def pause(self, reason: str) -> None:
        """See :class:`~ud2p.contracts.Progress`."""

    def finish(self) -> None:
        """See :class:`~ud2p.contracts.Progress`."""


class ChatFiles:
    """Everything about files in one chat."""

    def __init__(self, chat: Chat, host: ChatHost, cipher: CipherInfo) -> None:
        self._chat = chat
        self._host = host
        self._cipher = cipher
        self._answers: dict[str, asyncio.Future[None]] = {}
        self._waiting: dict[str, ChatFileLink] = {}
        self._links: dict[str, ChatFileLink] = {}
        self._running: dict[str, asyncio.Task[Receipt]] = {}
        self._given_up: dict[str, str] = {}
        self._inspecting = asyncio.Lock()

    @property
    def waiting(self) -> tuple[FileOffer, ...]:
        """Offers of the peer that wait for an answer, oldest first."""
        return tuple(link.offer for link in self._waiting.values())

    @property
    def running(self) -> tuple[FileOffer, ...]:
        """What is being sent or received now."""
        return tuple(link.offer for link in self._links.values())

    async def send(self, path: Path, progress: Progress | None) -> Receipt:
        """See :meth:`ud2p.Chat.send_file`."""
        async with self._inspecting:  # Files are offered in the order in which they were named.
            source = await asyncio.to_thread(inspect_source, path)
        plugin = self._plugin(self._host.file_transfer)
        control = Offer(
            secrets.token_hex(16), source.name, source.size_bytes, self._host.file_transfer, self._chat.epoch
        )
        link = self._make_link(control)
        if link is None:
            raise TransferFailed("the chat is over; connect again to send the file")
        self._links[control.id] = link
        await self._ask(control)
        offer = link.offer
        receipt = await self._run(offer, plugin.send(link, [source], progress or NoProgress()), "the sender")
        self._tell_done(receipt, sent=True)
        return receipt

    async def accept(self, offer: FileOffer, into: Path, progress: Progress | None) -> Receipt:
        """See :meth:`ud2p.Chat.accept_file`."""
        if offer.id not in self._waiting:
            raise TransferFailed(f"{offer.name} is not offered any more; ask {self._chat.peer} to send it again")
        plugin = self._plugin(offer.transfer)
        link = self._links[offer.id] = self._waiting.pop(offer.id)
        self._chat.send_control(Accept(offer.id))
        receipt = await self._run(offer, plugin.receive(link, offer, into, progress or NoProgress()), "the receiver")
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
            case Accept(id=offer_id):
                self._answer(offer_id, None)
            case Decline(id=offer_id, reason=reason):
                self._answer(offer_id, TransferRefused(reason or f"{self._chat.peer} declined the file"))
            case Withdraw(id=offer_id, reason=reason):
                self._receive_withdrawal(offer_id, reason)
            case Transfer(id=offer_id, body=body):
                if offer_id in self._links:
                    self._links[offer_id].receive_control(body)

    def end(self, reason: str) -> None:
        """The chat is over: so is every offer and transfer."""
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
        except Exception as error:
            raise TransferError(f"the file transfer plugin {name} failed ({describe(error)})") from error

    def _make_link(self, control: Offer) -> ChatFileLink | None:
        """The link of an offer, keyed now, however long it waits for its answer; None when its epoch is gone."""
        secret = self._chat.file_secret(control.epoch)
        return None if secret is None else ChatFileLink(self._chat, secret, self._cipher, control)

    async def _ask(self, control: Offer) -> None:
        """Offer, and wait for the answer."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answers[control.id] = answer
        self._chat.send_control(control)
        try:
            await answer
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._chat.send_control(Withdraw(control.id, "the sender cancelled it"))
            del self._links[control.id]
            raise
        finally:
            del self._answers[control.id]

    async def _run(self, offer: FileOffer, work: Coroutine[Any, Any, Receipt], who: str) -> Receipt:
        """Let the plugin work; whatever ends it early is told to the other end."""
        task = asyncio.create_task(work)
        self._running[offer.id] = task
        reason = f"{who} cancelled it"
        try:
            receipt = await task
        except asyncio.CancelledError:
            given_up = self._given_up.get(offer.id)
            if given_up is None:
                self._chat.send_control(Withdraw(offer.id, reason))
                raise
            raise TransferFailed(given_up) from None
        except Exception as error:
            if not isinstance(error, UD2PError):
                error = TransferFailed(f"the file transfer {offer.transfer} failed: {error}")
            self._chat.send_control(Withdraw(offer.id, str(error)[:500]))
            raise error from None
        finally:
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
        link = self._make_link(control)
        if link is None:
            self._chat.send_control(Decline(control.id, "it was under way for too long; offer it again"))
            return
        refusal = self._why_not(control)
        if refusal is not None:
            self._chat.send_control(Decline(control.id, refusal))
            return
        self._waiting[control.id] = link
        self._chat.publish(FileOffered(self._chat, link.offer))
        self._host.plugins.observe("ud2p_file_offered", chat=self._chat, offer=link.offer)

    def _why_not(self, control: Offer) -> str | None:
        """Why an offer must not even be shown to the user; None when it may."""
        if control.transfer not in self._host.plugins.file_transfers:
            return f"the receiver has no file transfer plugin {control.transfer}"
        if len(self._waiting) >= MAX_OPEN_OFFERS:
            return "too many files wait for an answer already; wait until some were answered"
        if control.id in self._waiting or control.id in self._links:
            return "that offer was made before"
        try:
            check_file_name(control.name)
        except UnsafeName as error:
            return str(error)
        return None

    def _receive_withdrawal(self, offer_id: str, reason: str) -> None:
        reason = reason or f"{self._chat.peer} cancelled it"
        if offer_id in self._waiting:
            self._forget_offer(offer_id, reason)
        elif offer_id in self._links:
            self._give_up(offer_id, reason)

    def _forget_offer(self, offer_id: str, reason: str) -> None:
        link = self._waiting.pop(offer_id)
        self._chat.publish(FileWithdrawn(self._chat, link.offer, reason))


def inspect_source(path: Path) -> Source:
    """The file at ``path``, checked before it is offered.

    :raises TransferError: when there is none, or it can't be read
    :raises UnsafeName: when no receiver would take its name
    """
    try:
        # Without O_NONBLOCK, opening a pipe would wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise TransferError(f"there is no file {path}; check the name") from None
    except PermissionError:
        raise TransferError(f"{path} can't be read; check its permissions") from None
    except (OSError, ValueError) as error:
        raise TransferError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(status.st_mode):
        raise TransferError(f"{path} is a folder; name one file")
    if not stat.S_ISREG(status.st_mode):
        raise TransferError(f"{path} is not an ordinary file; name one that is")
    return Source(path.absolute(), check_file_name(path.name), status.st_size)
