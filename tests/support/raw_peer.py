"""A session's peer driven by hand: it has the right keys and may say anything."""

from __future__ import annotations

import random

from tests.support.ciphers import AES_GCM
from tests.support.lossy_link import ADDRESSES, MASTER

from ud2p.contracts import Address, CipherInfo
from ud2p.protocol.frames import FrameType, decode_frames, encode_frame
from ud2p.protocol.keys import Role
from ud2p.protocol.record import RecordOpener, RecordSealer
from ud2p.protocol.session import Session, State
from ud2p.protocol.session_events import Closed, SessionEvent

HERE = ADDRESSES[Role.RESPONDER]
ELSEWHERE = ("198.51.100.7", 7777)


class RawPeer:
    """The responder; :attr:`session` is the initiator under test. The clock stands still unless moved."""

    def __init__(self, cipher: CipherInfo = AES_GCM) -> None:
        self.now = 1000.0
        self.session = Session(Role.INITIATOR, MASTER, cipher, self.now, random.Random(1).randbytes)
        keys = {role: MASTER.traffic_key(role, 0, cipher.name, cipher.key_size) for role in Role}
        self.sealer = RecordSealer(cipher, keys[Role.RESPONDER], MASTER.session_id(Role.INITIATOR))
        self.opener = RecordOpener(cipher, keys[Role.INITIATOR], MASTER.session_id(Role.RESPONDER))
        self.sent: list[tuple[bytes, Address]] = []
        """The datagrams of the session, whole."""
        self.received_bytes: dict[Address, int] = {}
        """How many bytes the session was sent, by where from."""

    def open(self) -> None:
        """Let the session find its path."""
        self.session.add_candidate(HERE, self.now)
        for kind, body in self.hear():
            if kind == FrameType.PATH_CHALLENGE:
                self.say(encode_frame(FrameType.PATH_RESPONSE, body))
        assert self.session.state is State.OPEN
        self.session.events()

    def seal(self, *frames: bytes) -> bytes:
        """A record of these frames."""
        return self.sealer.seal(b"".join(frames))[1]

    def say(self, *frames: bytes, source: Address | None = HERE) -> None:
        """Send the session a record."""
        self.deliver(self.seal(*frames), source)

    def deliver(self, datagram: bytes, source: Address | None = HERE) -> None:
        """Send the session a datagram."""
        if source is not None:
            self.received_bytes[source] = self.received_bytes.get(source, 0) + len(datagram)
        self.session.receive_datagram(datagram, source, self.now)

    def hear(self) -> list[tuple[int, bytes]]:
        """The frames of everything that the session sends now."""
        frames = []
        for datagram, to in self.session.datagrams_to_send(self.now):
            self.sent.append((datagram, to))
            opened = self.opener.open(datagram)
            assert opened is not None
            frames += decode_frames(opened[1])
        return frames

    def wait(self, seconds: float) -> list[tuple[int, bytes]]:
        """Let time pass, timer by timer; what is heard meanwhile."""
        until, heard = self.now + seconds, self.hear()
        while (at := self.session.next_timer()) is not None and at <= until:
            self.now = max(self.now, at)
            self.session.handle_timer(self.now)
            heard += self.hear()
            later = self.session.next_timer()
            assert later is None or later > self.now, "its driver would spin"
        self.now = until
        return heard

    def closed(self) -> Closed:
        """How the session ended."""
        events: list[SessionEvent] = self.session.events()
        assert events
        assert isinstance(events[-1], Closed)
        return events[-1]
