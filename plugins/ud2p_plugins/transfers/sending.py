"""The sending end of ``tcp``: read, seal and send on one thread, then wait for the receipt."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from functools import partial

from ud2p.contracts import FileLink, Progress, Receipt, Sealer, Source, StreamId
from ud2p.contracts.files import label_of
from ud2p.errors import DecryptionError, RemoteProtocolError, TransferFailed
from ud2p.protocol.buffers import page_aligned
from ud2p.protocol.hello import Side
from ud2p.protocol.record_reader import RecordReader
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers.chat_line import ChatLine
from ud2p_plugins.transfers.connecting import CONNECT_S, NotLetIn, Unreachable, connect, say_hello
from ud2p_plugins.transfers.conversation import (
    ATTEMPTS,
    THROUGH_CHAT,
    TRYING_BACK,
    TRYING_CHAT,
    Conversation,
    Listening,
    ThroughChat,
    going_on,
)
from ud2p_plugins.transfers.departing_files import DepartingFiles
from ud2p_plugins.transfers.door import Door
from ud2p_plugins.transfers.line import STALL_S, ByteLine, ConnectionLost, StopSignal
from ud2p_plugins.transfers.meter import Meter
from ud2p_plugins.transfers.prefix import HASHING_S
from ud2p_plugins.transfers.race import first_done
from ud2p_plugins.transfers.receipt import LONGEST_RECEIPT_BYTES, Published, check_receipt, decode_receipt
from ud2p_plugins.transfers.thread import run_in_thread

RECEIPT_S = 120.0
"""How long the receiver may be silent while what is under way arrives and gets onto its disk."""
CALL_BACK_S = CONNECT_S + 2.0
"""How long the receiver's connection is waited for, and its word that it can't connect either."""
SMALLEST_RECORD_BYTES = 16 << 10
FIRST_RECORD_BYTES = 64 << 10


async def send_file(link: FileLink, sources: Sequence[Source], progress: Progress) -> Receipt:
    """See :meth:`ud2p.FileTransfer.send`."""
    talk = Conversation(link, "receiver")
    departure = _Departure(link, sources, progress)

    async def work() -> Receipt:
        await run_in_thread("ud2p-send", departure.prepare, departure.stop.set)
        listening = await talk.listening()
        refused = 0
        while True:
            try:
                send = await _come_together(talk, departure, listening, progress)
                return await run_in_thread("ud2p-send", send, departure.stop.set, done_is_done=True)
            except NotLetIn:
                refused += 1
                if not listening.again or refused >= ATTEMPTS:
                    raise
            except ConnectionLost as lost:
                if not listening.again:
                    raise
                progress.pause(going_on(lost))
                said = await talk.listening_again(lost)
                if isinstance(said, Published):
                    return departure.is_there(said)
                listening, refused = said, 0

    try:
        return await talk.conduct(work)
    finally:
        departure.close()


async def _come_together(
    talk: Conversation, departure: _Departure, listening: Listening, progress: Progress
) -> Callable[[], Receipt]:
    """Connect to the receiver, or have it connect, or go through the chat; the rest of the work.

    :raises Unreachable: none of these is possible
    """
    try:
        line, context = await run_in_thread("ud2p-send", partial(departure.connect, listening), departure.stop.set)
        return partial(departure.send, line, context, listening, "direct")
    except Unreachable:
        if not (listening.call_back or listening.through_chat):
            raise
    if listening.call_back:
        progress.pause(TRYING_BACK)
        connected = await _wait_for_call(talk, departure, listening)
        if connected is not None:
            return partial(departure.send, *connected, listening, "direct, by a connection from the receiver")
    if not listening.through_chat:
        raise Unreachable("neither side could be reached by the other; a firewall may be in the way")
    progress.pause(TRYING_CHAT)
    chat_line = talk.begin_line(departure.stop)
    await talk.say(ThroughChat())
    return partial(departure.send_through_chat, listening, chat_line)


async def _wait_for_call(
    talk: Conversation, departure: _Departure, listening: Listening
) -> tuple[ByteLine, bytes] | None:
    """Listen, say so, and wait until the receiver connects; None when it can't."""
    try:
        door = await run_in_thread("ud2p-send", departure.listen, departure.stop.set)
    except TransferFailed:
        return None
    stop = StopSignal()
    await talk.call_back(door.port)
    admit = partial(departure.admit, door, listening, stop)
    at_door, no_way = run_in_thread("ud2p-send", admit, stop.set), talk.no_way()
    try:
        number, way = await first_done(stop, at_door, no_way)
        connected: tuple[ByteLine, bytes] | None = way.result() if number == 0 else None
    except TransferFailed:
        return None
    return connected


class RecordSize:
    """How much to put into the next record: large ones where they fly, small ones where a megabyte takes a minute.

    What is in a record counts as received only when the whole of it is there, so slow lines get records that take about
    a quarter of a second.
    """

    def __init__(self) -> None:
        self.size_bytes = FIRST_RECORD_BYTES

    def took(self, seconds: float) -> None:
        """The last record took that long to get rid of."""
        if seconds < 0.05:
            self.size_bytes = min(self.size_bytes * 2, RECORD_BYTES)
        elif seconds > 0.5:
            self.size_bytes = max(self.size_bytes // 2, SMALLEST_RECORD_BYTES)


class _Departure:
    """What is on its way out; lives on a thread, one call at a time."""

    def __init__(self, link: FileLink, sources: Sequence[Source], progress: Progress) -> None:
        self.stop = StopSignal()
        self._link = link
        self._sources = sources
        self._progress = progress
        self._held = contextlib.ExitStack()
        self._files = DepartingFiles(sources)
        self._began = 0.0
        self._has_sent_all = False

    def prepare(self) -> None:
        """See that everything is still what was offered."""
        self._files.check()

    def connect(self, listening: Listening) -> tuple[ByteLine, bytes]:
        """Connect to the receiver."""
        line, context = connect(self._link.peer_hosts, listening.port, listening.transfer, self._link.prove, self.stop)
        self._held.callback(line.close)  # Whoever waits for it may have given up in the meantime.
        return line, context

    def listen(self) -> Door:
        """Be ready for a connection from the receiver."""
        door = Door(self._link.local_hosts, port=0)
        self._held.callback(door.close)
        return door

    def admit(self, door: Door, listening: Listening, stop: StopSignal) -> tuple[ByteLine, bytes]:
        """Wait for the receiver's connection."""
        line, context = door.admit(listening.transfer, self._link.prove, stop, line_stop=self.stop, wait_s=CALL_BACK_S)
        self._held.callback(line.close)
        return line, context

    def send_through_chat(self, listening: Listening, line: ChatLine) -> Receipt:
        """Send over the chat, and wait for the receipt."""
        context = say_hello(line, Side.CONNECTOR, listening.transfer, self._link.prove)
        return self.send(line, context, listening, THROUGH_CHAT)

    def send(self, line: ByteLine, context: bytes, listening: Listening, way: str) -> Receipt:
        """Send, and wait for the receipt."""
        with contextlib.closing(line):
            sealer = self._link.sealer(StreamId(context, from_sender=True))
            opener = self._link.opener(StreamId(context, from_sender=False))
            answers = RecordReader(opener, sealer.sealed_size(LONGEST_RECEIPT_BYTES))
            begin, how = self._agree(line, sealer, answers, listening.have_bytes)
            self._began, self._has_sent_all = time.monotonic(), False
            with Meter(self._progress, self._files.size_bytes - begin) as meter:
                self._send_records(line, sealer, meter, begin)
                self._has_sent_all = True
                line.end_sending()
                published = self._receive_receipt(line, answers)
                return self._receipt(published, meter.seconds, way + how)

    def is_there(self, published: Published) -> Receipt:
        """The receiver has everything, and only its receipt was lost with the connection."""
        if not self._has_sent_all:
            raise TransferFailed("the receiver says that it has what was not sent; send it again")
        check_receipt(published, self._files.size_bytes)
        return self._receipt(published, time.monotonic() - self._began, "direct, with a receipt through the chat")

    def close(self) -> None:
        """Let go of everything."""
        self._held.close()
        self._files.close()
        self.stop.close()

    def _receipt(self, published: Published, seconds: float, route: str) -> Receipt:
        roots = [source for source in self._sources if source.entry.is_root]
        path = roots[0].path if len(roots) == 1 else roots[0].path.parent
        n_files = sum(not source.entry.is_folder for source in self._sources)
        name = label_of([published.name, *(root.name for root in roots[1:])])
        return Receipt(name, path, self._files.size_bytes, seconds, route, n_files)

    def _agree(self, line: ByteLine, sealer: Sealer, answers: RecordReader, have_bytes: int) -> tuple[int, str]:
        """Show the receiver the hash of as much as it has.

        :returns: where to begin, and what a person should know of it
        """
        if not 0 < have_bytes <= self._files.size_bytes:
            self._files.seek(0)
            return 0, ""
        digest = self._files.digest(have_bytes, self.stop.check)
        sealed = memoryview(bytearray(sealer.sealed_size(len(digest))))
        line.send_all(sealed[: sealer.next_into(digest, sealed, False)])
        line.patience_s = HASHING_S
        begin = int.from_bytes(self._receive_record(line, answers), "big")
        line.patience_s = STALL_S
        if begin not in (0, have_bytes):
            raise TransferFailed("the receiver asks for a place in the file that it can't have; send the file again")
        self._files.seek(begin)
        if begin == 0:
            return 0, ", started over: it has changed since its unfinished part was sent"
        return begin, f", went on from {begin / 1e6:,.1f} MB"

    def _send_records(self, line: ByteLine, sealer: Sealer, meter: Meter, begin: int) -> None:
        left = self._files.size_bytes - begin
        data = page_aligned(RECORD_BYTES)
        sealed = page_aligned(sealer.sealed_size(RECORD_BYTES))
        size = RecordSize()
        last = False
        while not last:
            begun = time.monotonic()
            n_bytes = self._files.readinto(data[: min(left, size.size_bytes)])
            left -= n_bytes
            last = left == 0
            line.send_all(sealed[: sealer.next_into(data[:n_bytes], sealed, last)])
            meter.advance(n_bytes)
            if len(self._sources) > 1:
                for source in self._files.take_done():
                    meter.file_done(source.name, source.size_bytes)
            size.took(time.monotonic() - begun)

    def _receive_receipt(self, line: ByteLine, answers: RecordReader) -> Published:
        line.patience_s = RECEIPT_S
        data = self._receive_record(line, answers)
        if not answers.ended:
            raise TransferFailed("the receiver's receipt is forged or damaged; ask whether the file arrived")
        return decode_receipt(data, self._files.size_bytes)

    def _receive_record(self, line: ByteLine, answers: RecordReader) -> bytes:
        data = None
        try:
            while data is None:
                n_bytes = line.receive_into(answers.space())
                if n_bytes == 0:
                    raise ConnectionLost(
                        "the receiver ended the connection without a receipt; ask whether the file arrived"
                    )
                data = answers.received(n_bytes)
        except (RemoteProtocolError, DecryptionError) as error:
            raise TransferFailed("the receiver's receipt is forged or damaged; ask whether the file arrived") from error
        return bytes(data)
