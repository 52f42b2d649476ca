"""The receiving end of ``tcp``.

Turns on a thread: first everything that can be refused at once (name, folder, room), so that the sender hears of it
before it connects; then a port, the connection, its records, the file's name and the receipt. A connection that is lost
is waited for anew, and what came through it is gone on with.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ud2p.contracts import FileLink, FileOffer, Progress, Receipt, Sealer, StreamId
from ud2p.contracts.files import label_of
from ud2p.entries import check_entries
from ud2p.errors import DecryptionError, RemoteProtocolError, TransferFailed, UnsafeName
from ud2p.protocol.hello import Side
from ud2p.protocol.record_reader import RecordReader
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers.arriving import Arriving
from ud2p_plugins.transfers.connecting import connect, say_hello
from ud2p_plugins.transfers.conversation import (
    ATTEMPTS,
    THROUGH_CHAT,
    TRYING_BACK,
    TRYING_CHAT,
    Conversation,
    Listening,
    NoWay,
    going_on,
)
from ud2p_plugins.transfers.door import Door
from ud2p_plugins.transfers.folder import Folder
from ud2p_plugins.transfers.line import STALL_S, ByteLine, ConnectionLost, Line, Stopped, StopSignal
from ud2p_plugins.transfers.meter import Meter
from ud2p_plugins.transfers.prefix import HASHING_S
from ud2p_plugins.transfers.race import first_done
from ud2p_plugins.transfers.receipt import Published, encode_receipt
from ud2p_plugins.transfers.thread import run_in_thread


async def receive_file(link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
    """See :meth:`ud2p.FileTransfer.receive`."""
    talk = Conversation(link, "sender")
    arrival = _Arrival(link, offer, into, progress)

    async def work() -> Receipt:
        await run_in_thread("ud2p-receive", arrival.prepare, arrival.stop.set)
        while True:
            await talk.say(await run_in_thread("ud2p-receive", arrival.listen, arrival.stop.set))
            try:
                receive = await _come_together(talk, arrival, progress)
                receipt = await run_in_thread("ud2p-receive", receive, arrival.stop.set, done_is_done=True)
                break
            except ConnectionLost as lost:
                if not arrival.may_go_on():
                    raise
                progress.pause(going_on(lost))
        await talk.say(arrival.published)
        return receipt

    async def work_or_give_way() -> Receipt:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        has_given_way = threading.Event()

        def give_way() -> None:
            has_given_way.set()
            loop.call_soon_threadsafe(task.cancel)

        arrival.give_way = give_way
        try:
            return await work()
        except asyncio.CancelledError:
            if has_given_way.is_set():
                raise TransferFailed("it was sent anew, and goes on there") from None
            raise

    try:
        return await talk.conduct(work_or_give_way)
    finally:
        arrival.close()


async def _come_together(talk: Conversation, arrival: _Arrival, progress: Progress) -> Callable[[], Receipt]:
    """Wait for the sender's connection, connect to it where it asks for that, or hear that it sends over the chat; the
    rest of the work."""
    stop = StopSignal()
    at_door = run_in_thread("ud2p-receive", partial(arrival.admit, stop), stop.set)
    number, way = await first_done(stop, at_door, _call_back(talk, arrival, progress, stop), talk.through_chat())
    if number == 2:
        progress.pause(TRYING_CHAT)
        return partial(arrival.receive_through_chat, talk.begin_line(arrival.stop))
    line, context = way.result()
    return partial(arrival.receive, line, context, ("direct", "direct, by a connection to the sender")[number])


async def _call_back(talk: Conversation, arrival: _Arrival, progress: Progress, stop: StopSignal) -> tuple[Line, bytes]:
    """Connect to a sender that asks for it; does not return where that does not succeed."""
    while True:
        port = (await talk.called_back()).port
        progress.pause(TRYING_BACK)
        try:
            return await run_in_thread("ud2p-call-back", partial(arrival.call, port, stop), stop.set)
        except TransferFailed:
            await talk.say(NoWay())


class _Arrival:
    """One file on its way in; lives on a thread, one call at a time."""

    def __init__(self, link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> None:
        self.transfer_id = bytes.fromhex(offer.id)
        self.stop = StopSignal()
        self._link = link
        self._offer = offer
        self._into = into
        self._progress = progress
        self._held = contextlib.ExitStack()
        self.give_way: Callable[[], None]
        """Ends this for another transfer of the same files; for any thread."""
        self._arriving: Arriving
        self._door: Door
        self._attempts_left = ATTEMPTS
        self._had_bytes = 0
        self.published: Published
        """What the receipt says, once there is one."""

    def prepare(self) -> None:
        """Get ready: everything that can be refused at once is."""
        try:
            check_entries(self._offer.entries)
        except UnsafeName as error:
            raise TransferFailed(str(error)) from error
        folder = Folder(self._into)
        self._held.callback(folder.close)
        path, peer_key = str(self._into.absolute()), self._link.peer_key
        self._arriving = Arriving(folder, path, self._offer, peer_key, self.give_way)
        self._held.callback(self._arriving.close)

    def listen(self) -> Listening:
        """Be ready for a connection; what to tell the sender of it."""
        self._door = Door(self._link.local_hosts)
        self._held.callback(self._door.close)
        self._had_bytes = self._arriving.part.size_bytes
        again = self._arriving.is_kept
        return Listening(self.transfer_id, self._door.port, self._had_bytes, again, call_back=True, through_chat=True)

    def admit(self, stop: StopSignal) -> tuple[Line, bytes]:
        """Wait for the sender's connection."""
        line, context = self._door.admit(self.transfer_id, self._link.prove, stop, line_stop=self.stop)
        self._held.callback(line.close)  # Whoever waits for it may have given up in the meantime.
        return line, context

    def call(self, port: int, stop: StopSignal) -> tuple[Line, bytes]:
        """Connect to the sender."""
        hosts, prove = self._link.peer_hosts, self._link.prove
        line, context = connect(hosts, port, self.transfer_id, prove, stop, line_stop=self.stop)
        self._held.callback(line.close)
        return line, context

    def receive_through_chat(self, line: ByteLine) -> Receipt:
        """Receive over the chat, publish, and say so."""
        context = say_hello(line, Side.LISTENER, self.transfer_id, self._link.prove)
        return self.receive(line, context, THROUGH_CHAT)

    def receive(self, line: ByteLine, context: bytes, way: str) -> Receipt:
        """Receive, publish, and say so."""
        with contextlib.closing(line):
            answers = self._link.sealer(StreamId(context, from_sender=False))
            opener = self._link.opener(StreamId(context, from_sender=True))
            reader = RecordReader(opener, answers.sealed_size(RECORD_BYTES))
            if self._had_bytes:
                self._agree(line, reader, answers)
            part = self._arriving.part
            with Meter(self._progress, self._offer.size_bytes - part.size_bytes) as meter:
                self._receive_records(line, reader, meter)
                self.stop.check()
                name = self._arriving.publish()
                route = way + self._arriving.how
                self.published = Published(name, self._offer.size_bytes)
                self._send_receipt(line, answers)
                label = label_of([name, *(root.path for root in self._offer.roots[1:])])
                size_bytes, n_files = self._offer.size_bytes, self._offer.n_files
                return Receipt(label, part.path_of(name), size_bytes, meter.seconds, route, n_files)

    def may_go_on(self) -> bool:
        """Whether another connection is worth waiting for, after one was lost: as long as there is progress."""
        if not self._arriving.is_kept:
            return False
        has_moved = self._arriving.part.size_bytes > self._had_bytes
        self._attempts_left = ATTEMPTS if has_moved else self._attempts_left - 1
        return self._attempts_left > 0

    def close(self) -> None:
        """Let go of everything; what is not published is kept for another time, or removed."""
        self._held.close()
        self.stop.close()

    def _agree(self, line: ByteLine, reader: RecordReader, answers: Sealer) -> None:
        """Compare what is here with the beginning of the sender's file, and say where it is to go on."""
        own = self._arriving.part.digest(self.stop.check)
        line.patience_s = HASHING_S
        theirs = self._receive_record(line, reader)
        line.patience_s = STALL_S
        if theirs == own:
            self._arriving.goes_on()
        else:
            self._arriving.start_over()
        from_bytes = self._arriving.part.size_bytes.to_bytes(8, "big")
        sealed = memoryview(bytearray(answers.sealed_size(len(from_bytes))))
        line.send_all(sealed[: answers.next_into(from_bytes, sealed, False)])

    def _receive_record(self, line: ByteLine, reader: RecordReader) -> bytes:
        try:
            while n_bytes := line.receive_into(reader.space()):
                data = reader.received(n_bytes)
                if data is not None:
                    return bytes(data)
        except (RemoteProtocolError, DecryptionError) as error:
            raise TransferFailed(str(error)) from error
        raise ConnectionLost("the connection ended before the file did; send the file again")

    def _send_receipt(self, line: ByteLine, answers: Sealer) -> None:
        said = encode_receipt(self.published)
        sealed = memoryview(bytearray(answers.sealed_size(len(said))))
        n_bytes = answers.next_into(said, sealed, True)
        with contextlib.suppress(TransferFailed, Stopped):  # the file is here, whole, even if the sender can't hear it
            line.send_all(sealed[:n_bytes])
            line.end_sending()

    def _receive_records(self, line: ByteLine, reader: RecordReader, meter: Meter) -> None:
        """Receive and write records up to the end of the stream, exactly as many bytes as were offered."""
        part = self._arriving.part
        due = self._offer.size_bytes - part.size_bytes
        try:
            while n_bytes := line.receive_into(reader.space()):
                data = reader.received(n_bytes)
                if data is None:
                    continue
                due -= len(data)
                if due < 0 or (due and reader.ended):
                    self._arriving.is_kept = False
                    raise TransferFailed("it is not as large as it was offered; offer it again")
                part.write(data)
                meter.advance(len(data))
                for entry in part.take_done():
                    meter.file_done(entry.path, entry.size_bytes)
        except (RemoteProtocolError, DecryptionError) as error:
            raise TransferFailed(str(error)) from error
        if not reader.ended:
            raise ConnectionLost("the connection ended before the file did; send the file again")
