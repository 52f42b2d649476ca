"""The handshake of an introduction: two strangers become two ends of a session that nobody between them can read.

``Noise_XXpsk0_25519_ChaChaPoly_SHA256`` (:mod:`ud2p.protocol.noise`), over the signalling channel::

    0x01 | message 1   → psk, e        payload: commitment[32] = SHA-256("ud2p/1 commit" s_I.pub r_I)
    0x02 | message 2   ← e, ee, s, es  payload: empty
    0x03 | message 3   → s, se         payload: r_I[32]

    psk    = HKDF-SHA256(salt = session id, ikm = the broker's key, info = "ud2p/1 psk")
    master = HKDF-Extract(salt = handshake hash, ikm = k1 k2)               see :mod:`ud2p.protocol.keys`

The initiator commits to its key and to 32 random bytes before it has seen the responder's: whoever sits between the two
has one guess an introduction at what the two may compare of the transcript, however much it computes.

A message that does not open changes nothing and is counted; a second, different message where one was taken already
ends the handshake, as do 15 s. Who gives up says so, which nothing authenticates: it ends what could not begin::

    0x00 | reason, at most 64 bytes of ASCII

There is no way from here to anything weaker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.keys import Master, Role, Transcript
from ud2p.protocol.noise import NoiseXX
from ud2p.protocol.session_events import Closed

HANDSHAKE_DEADLINE_S = 15.0
COMMITMENT_BYTES = 32
MAX_ABORT_REASON_BYTES = 64
_ABORT = 0
_COMMIT_LABEL = b"ud2p/1 commit"


class Handshake:
    """One end. Feed it the peer's messages; it says what to send, and ends with :attr:`master` or :attr:`closed`."""

    def __init__(
        self,
        role: Role,
        transcript: Transcript,
        broker_key: bytes,
        identity: X25519PrivateKey,
        now: float,
        random_bytes: Callable[[int], bytes],
        introduced: bytes | None = None,
    ) -> None:
        """
        :param broker_key: 32 bytes, the same for both, fresh for this introduction
        :param identity: this side's static key
        :param introduced: the public key that the peer signed at its login, as the broker passed it on: what it has to
            show here; None where there is none to compare
        """
        self.master: Master | None = None
        """What the session's keys come from, once the handshake is done."""
        self.closed: Closed | None = None
        """Why there will be no session; None while there may be one."""
        self.ignored = 0
        """Messages that did not open, or came again."""
        self._role = role
        self._deadline = now + HANDSHAKE_DEADLINE_S
        self._introduced = introduced
        self._own_public = identity.public_key().public_bytes_raw()
        ephemeral = X25519PrivateKey.from_private_bytes(random_bytes(32))
        psk = HKDF(SHA256(), 32, transcript.session_id, b"ud2p/1 psk").derive(broker_key)
        self._noise = NoiseXX(role, transcript.prologue(), identity, ephemeral, [(0, psk)])
        self._opening = random_bytes(COMMITMENT_BYTES)
        self._commitment = b""
        self._taken: dict[int, bytes] = {}
        self._out: list[bytes] = []
        if role is Role.INITIATOR:
            self._write(1, commitment(self._own_public, self._opening))

    @property
    def remote_static(self) -> bytes:
        """The peer's identity, 32 bytes; to be believed once :attr:`master` is there."""
        return self._noise.remote_static

    @property
    def transcript_hash(self) -> bytes:
        """What both ends saw, as 32 bytes; the words are made from it."""
        return self._noise.handshake_hash

    def receive_message(self, message: bytes) -> None:
        """A handshake message of the peer's arrived."""
        if self.closed is not None or not message:
            return
        number, body = message[0], message[1:]
        if number == _ABORT:
            self._receive_abort(body)
        elif number in self._taken:
            self._receive_again(number, body)
        elif number != self._due():
            self.ignored += 1
        else:
            self._receive_due(number, body)

    def abort(self, reason: str, text: str = "") -> None:
        """Give up, and tell the peer.

        :param reason: a word, as in :class:`~ud2p.protocol.session_events.Closed`, which the peer is told
        :param text: a sentence for this side
        """
        if self.closed is None:
            self.closed = Closed(reason, by_peer=False, text=text)
            self._out = [bytes([_ABORT]) + reason.encode("ascii")]

    def messages_to_send(self) -> list[bytes]:
        """What goes to the peer over the signalling channel now."""
        out, self._out = self._out, []
        return out

    def next_timer(self) -> float | None:
        """When the handshake is given up; None when it is over."""
        return None if self.master is not None or self.closed is not None else self._deadline

    def handle_timer(self, now: float) -> None:
        """Time passed."""
        if self.next_timer() is not None and now >= self._deadline:
            self._fail("the two sides did not agree on keys in 15 s; somebody may have changed what they sent")

    def _due(self) -> int:
        """The number of the peer's message that may come now; 0 when none."""
        if self._role is Role.INITIATOR:
            return 2 if 2 not in self._taken else 0
        return next((number for number in (1, 3) if number not in self._taken), 0)

    def _receive_again(self, number: int, body: bytes) -> None:
        self.ignored += 1
        if body != self._taken[number]:
            self._fail("a handshake message came twice, and differed; somebody is between you and the peer")

    def _receive_abort(self, body: bytes) -> None:
        self._out.clear()
        reason = body[:MAX_ABORT_REASON_BYTES].decode("ascii", "backslashreplace")
        self.closed = Closed(reason or "error", by_peer=True)

    def _receive_due(self, number: int, body: bytes) -> None:
        try:
            payload = self._noise.read_message(body)
        except RemoteProtocolError:
            self.ignored += 1
            return
        self._taken[number] = body
        if number == 1:
            self._receive_commitment(payload)
        elif number == 2:
            self._receive_answer(payload)
        else:
            self._receive_opening(payload)

    def _receive_commitment(self, payload: bytes) -> None:
        if len(payload) != COMMITMENT_BYTES:
            self._fail("the peer did not commit to its key; it needs another version of ud2p")
            return
        self._commitment = payload
        self._write(2, b"")

    def _receive_answer(self, payload: bytes) -> None:
        if payload:
            self._fail("the peer's answer holds more than this version allows; update the older of the two")
            return
        if not self._is_introduced():
            return
        self._write(3, self._opening)
        self._finish()

    def _receive_opening(self, payload: bytes) -> None:
        if len(payload) != COMMITMENT_BYTES or commitment(self.remote_static, payload) != self._commitment:
            self._fail("the peer's key is not the one it committed to; somebody is between you and the peer")
            return
        if self._is_introduced():
            self._finish()

    def _is_introduced(self) -> bool:
        """Whether the peer's key is the one under which the broker introduced it; else this side gives up."""
        if self._introduced is not None and self.remote_static != self._introduced:
            self._fail(
                "the peer's key is not the one that it signed for the broker; somebody is between you and the peer"
            )
        return self.closed is None

    def _write(self, number: int, payload: bytes) -> None:
        try:
            self._out.append(bytes([number]) + self._noise.write_message(payload))
        except RemoteProtocolError as error:  # what the peer sent before, it shows, can't be answered
            self._fail(str(error))

    def _finish(self) -> None:
        if self.remote_static == self._own_public:
            self._fail("the peer shows this side's own key; somebody sends your messages back to you")
            return
        first, second = self._noise.split()
        self.master = Master.extract(self.transcript_hash, first + second)

    def _fail(self, sentence: str) -> None:
        self.abort("handshake", sentence)


def commitment(public: bytes, opening: bytes) -> bytes:
    """What message 1 commits to.

    :param public: the initiator's static public key, 32 bytes
    :param opening: 32 random bytes, revealed in message 3
    """
    return hashlib.sha256(_COMMIT_LABEL + public + opening).digest()
