"""The receiving end of ``tcp``.

Two turns on a thread: first everything that can be refused at once (name, folder, room, port), so that the sender
hears of it before it connects; then the connection, its records, the file's name and the receipt.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from ud2p.contracts import FileLink, FileOffer, Progress, Receipt, Sealer, StreamId
from ud2p.errors import DecryptionError, RemoteProtocolError, TransferFailed, UnsafeName
from ud2p.names import check_file_name
from ud2p.protocol.record_reader import RecordReader
from ud2p.protocol.transfer import RECORD_BYTES
from ud2p_plugins.transfers.connecting import Door
from ud2p_plugins.transfers.conversation import Conversation, Listening
from ud2p_plugins.transfers.folder import Folder
from ud2p_plugins.transfers.line import ConnectionLost, Line, Stopped, StopSignal
from ud2p_plugins.transfers.meter import Meter
from ud2p_plugins.transfers.part_file import PartFile
from ud2p_plugins.transfers.receipt import encode_receipt
from ud2p_plugins.transfers.thread import run_in_thread


async def receive_file(link: FileLink, offer: FileOffer, into: Path, progress: Progress) -> Receipt:
    """See :meth:`ud2p.FileTransfer.receive`."""
    talk = Conversation(link, "sender")
    arrival = _Arrival(link, offer, into, progress)

    async def work() -> Receipt:
        port = await run_in_thread("ud2p-receive", arrival.prepare, arrival.stop.set)
        await talk.say(Listening(arrival.transfer_id, port))
        return await run_in_thread("ud2p-receive", arrival.receive, arrival.stop.set, done_is_done=True)

    try:
        return await talk.conduct(work)
    finally:
        arrival.close()


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
        self._part: PartFile
        self._door: Door

    def prepare(self) -> int:
        """Get ready to receive.

        :returns: the port to connect to
        """
        try:
            name = check_file_name(self._offer.name)
        except UnsafeName as error:
            raise TransferFailed(str(error)) from error
        folder = Folder(self._into)
        self._held.callback(folder.close)
        self._part = PartFile(folder, name, self._offer.size_bytes)
        self._held.callback(self._part.discard)
        self._door = Door(self._link.local_host)
        self._held.callback(self._door.close)
        return self._door.port

    def receive(self) -> Receipt:
        """Receive, publish, and say so."""
        line, context = self._door.admit(self.transfer_id, self._link.prove, self.stop)
        self._held.callback(line.close)
        with self._held, Meter(self._progress, self._offer.size_bytes) as meter:
            answers = self._link.sealer(StreamId(context, from_sender=False))
            opener = self._link.opener(StreamId(context, from_sender=True))
            self._receive_records(line, RecordReader(opener, answers.sealed_size(RECORD_BYTES)), meter)
            self.stop.check()
            name = self._part.publish()
            receipt = Receipt(name, self._part.path_of(name), self._offer.size_bytes, meter.seconds, "direct")
            self._send_receipt(line, answers, receipt)
            return receipt

    def close(self) -> None:
        """Let go of everything; what is not published is removed."""
        self._held.close()
        self.stop.close()

    def _send_receipt(self, line: Line, answers: Sealer, receipt: Receipt) -> None:
        said = encode_receipt(receipt.name, receipt.size_bytes)
        sealed = memoryview(bytearray(answers.sealed_size(len(said))))
        n_bytes = answers.next_into(said, sealed, True)
        with contextlib.suppress(TransferFailed, Stopped):  # the file is here, whole, even if the sender can't hear it
            line.send_all(sealed[:n_bytes])
            line.end_sending()

    def _receive_records(self, line: Line, reader: RecordReader, meter: Meter) -> None:
        """Receive and write records up to the end of the stream, exactly as many bytes as were offered."""
        due = self._offer.size_bytes
        try:
            while n_bytes := line.receive_into(reader.space()):
                data = reader.received(n_bytes)
                if data is None:
                    continue
                due -= len(data)
                if due < 0 or (due and reader.ended):
                    raise TransferFailed("the file is not as large as it was offered; offer it again")
                self._part.write(data)
                meter.advance(len(data))
        except (RemoteProtocolError, DecryptionError) as error:
            raise TransferFailed(str(error)) from error
        if not reader.ended:
            raise ConnectionLost("the connection ended before the file did; send the file again")
