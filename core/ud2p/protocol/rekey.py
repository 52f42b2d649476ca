"""New keys for a session that goes on: what is sealed under old ones stays closed to whoever steals the new.

Only the initiator starts, ten minutes after the last time or when half of a cipher's limit is used up; the responder
asks for it by REKEY_WANTED::

    REKEY          epoch u16 | e[32]      the epoch that begins, and an X25519 public key made for it
    REKEY_WANTED   epoch u16              the epoch that is used up

    dh      = X25519(own e, the other's e)
    master' = HKDF-SHA256(salt = master, ikm = dh, info = "ud2p/1 rekey" 0x00 epoch e_I e_R)

The initiator repeats its REKEY until the answer comes; the responder answers every copy with the same key. The
initiator seals under the new epoch from the answer on, the responder from the first record of it that opens: each then
knows that the other has the key. Until that first record the initiator starts no other, and repeats a PING under the
new epoch so that there is one to open. Each end opens the old epoch for another 30 s, for what was under way.

================ ================== ===================================================================================
the initiator    leaves for         when
================ ================== ===================================================================================
settled          asking             10 minutes have passed, half of a limit is used up, or REKEY_WANTED of this epoch
asking           unconfirmed        REKEY of the responder: the new epoch begins
unconfirmed      settled            a record of the new epoch opened; until then a PING is repeated
================ ================== ===================================================================================

================ ================== ===================================================================================
the responder    leaves for         when
================ ================== ===================================================================================
settled          answered           REKEY of the initiator: both epochs are opened, the old one is sealed
answered         settled            a record of the new epoch opened: it is sealed from here on
================ ================== ===================================================================================

Epoch 65535 is never used; a session that would need it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from ud2p.errors import RemoteProtocolError
from ud2p.protocol.frames import FrameType, encode_frame
from ud2p.protocol.keys import Master, Role

REKEY_AFTER_S = 600.0
KEEP_OLD_KEY_S = 30.0
FIRST_REPEAT_S = 1.0
MAX_REPEAT_S = 10.0
LAST_EPOCH = 65534

_EPOCH = Struct(">H")
_PING = encode_frame(FrameType.PING)
_REKEY = Struct(">H32s")
_NEVER = float("inf")


class Epoch(NamedTuple):
    """An epoch and what its keys come from."""

    number: int
    master: Master


class Rekey:
    """One end. It says which frames to send and which epoch begins; sealing and opening are the session's."""

    __slots__ = (
        "_answer",
        "_is_confirmed",
        "_is_initiator",
        "_own",
        "_peer_public",
        "_random_bytes",
        "_repeat_s",
        "_start_at",
        "is_at_end",
        "newest",
        "old_key_until",
        "send_at",
    )

    def __init__(self, role: Role, master: Master, now: float, random_bytes: Callable[[int], bytes]) -> None:
        self.newest = Epoch(0, master)
        """The newest epoch of which this side has the keys."""
        self.old_key_until: float | None = None
        """When the keys of the epoch before are to be dropped."""
        self.send_at = _NEVER
        """When :meth:`frame_to_send` gives the next one."""
        self.is_at_end = False
        """Whether new keys were wanted and there is no epoch left to have them in: the session ends."""
        self._is_initiator = role is Role.INITIATOR
        self._random_bytes = random_bytes
        self._start_at = now + REKEY_AFTER_S if self._is_initiator else _NEVER
        self._repeat_s = FIRST_REPEAT_S
        self._is_confirmed = True
        self._own: X25519PrivateKey | None = None
        self._peer_public = b""
        self._answer: bytes | None = None

    @property
    def sealing(self) -> int:
        """The number of the epoch that this side seals under."""
        number = self.newest.number
        return number if self._is_initiator or self._is_confirmed else number - 1

    def want(self, now: float) -> None:
        """A key is half used up: make, or ask for, the next."""
        if not self._is_confirmed or self.send_at != _NEVER:
            return
        if self.newest.number >= LAST_EPOCH:
            self.is_at_end = True
            return
        if self._is_initiator:
            self._own = X25519PrivateKey.from_private_bytes(self._random_bytes(32))
        self._send_from(now)

    def is_due(self, now: float) -> bool:
        """Whether :meth:`frame_to_send` gives one."""
        return now >= self.send_at or self._answer is not None

    def frame_to_send(self, now: float) -> bytes | None:
        """What is due: REKEY or REKEY_WANTED, the answer to a REKEY, or the PING that has the new epoch confirmed."""
        if self._answer is not None:
            answer, self._answer = self._answer, None
            return answer
        if now < self.send_at:
            return None
        self.send_at = now + self._repeat_s
        self._repeat_s = min(2 * self._repeat_s, MAX_REPEAT_S)
        if not self._is_confirmed:
            return _PING
        if self._own is not None:
            return _rekey_frame(self.newest.number + 1, self._own)
        return encode_frame(FrameType.REKEY_WANTED, _EPOCH.pack(self.newest.number))

    def receive_wanted(self, body: bytes, now: float) -> None:
        """REKEY_WANTED arrived.

        :raises RemoteProtocolError: it is none, or came from the initiator
        """
        if len(body) != _EPOCH.size or not self._is_initiator:
            raise RemoteProtocolError("a wish for new keys makes no sense")
        if _EPOCH.unpack(body)[0] == self.newest.number:  # else an old one, fulfilled meanwhile
            self.want(now)

    def receive_rekey(self, body: bytes, now: float) -> Epoch | None:
        """REKEY arrived.

        :returns: the epoch that begins by it; None when it is a copy of one that came before
        :raises RemoteProtocolError: nobody who keeps to the protocol sends that, or its key protects nothing
        """
        if len(body) != _REKEY.size:
            raise RemoteProtocolError("an offer of new keys has no sensible length")
        number, public = _REKEY.unpack(body)
        if number == self.newest.number and public == self._peer_public:
            if not self._is_initiator and self._own is not None:
                self._answer = _rekey_frame(number, self._own)
            return None
        if number < self.newest.number:
            return None  # It was under way for long, and another followed it.
        return (
            self._receive_answer(number, public, now) if self._is_initiator else self._receive_request(number, public)
        )

    def opened(self, epoch: int, now: float) -> bool:
        """A record of ``epoch`` opened, the first of it.

        :returns: whether this side seals under it from here on and did not before
        """
        if self._is_confirmed or epoch != self.newest.number:
            return False
        self._is_confirmed = True
        self.old_key_until = now + KEEP_OLD_KEY_S
        self._own, self.send_at = None, _NEVER
        if self._is_initiator:
            self._start_at = now + REKEY_AFTER_S
        return not self._is_initiator

    def next_timer(self) -> float:
        """When :meth:`handle_timer`, or a frame, is due."""
        at = self.send_at if self.send_at < self._start_at else self._start_at
        until = self.old_key_until
        return at if until is None or at < until else until

    def handle_timer(self, now: float) -> bool:
        """Time passed.

        :returns: whether the keys of the epoch before are to be dropped now
        """
        if now >= self._start_at:
            self._start_at = _NEVER
            self.want(now)
        if self.old_key_until is None or now < self.old_key_until:
            return False
        self.old_key_until = None
        return True

    def _receive_answer(self, number: int, public: bytes, now: float) -> Epoch:
        own = self._own
        if own is None or number != self.newest.number + 1:
            raise RemoteProtocolError("new keys were answered that were not offered")
        epoch = self._begin(number, own, public, _public(own) + public)
        self._own, self._start_at = None, _NEVER
        self._send_from(now)
        return epoch

    def _receive_request(self, number: int, public: bytes) -> Epoch:
        if number != self.newest.number + 1 or number > LAST_EPOCH or not self._is_confirmed:
            raise RemoteProtocolError("new keys were offered out of turn")
        own = X25519PrivateKey.from_private_bytes(self._random_bytes(32))
        epoch = self._begin(number, own, public, public + _public(own))
        self._own, self._answer = own, _rekey_frame(number, own)
        return epoch

    def _begin(self, number: int, own: X25519PrivateKey, public: bytes, both: bytes) -> Epoch:
        try:
            shared = own.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:
            raise RemoteProtocolError("the peer's new key is one that protects nothing") from None
        master = Master.extract(self.newest.master.secret, shared).expand("rekey", _EPOCH.pack(number) + both)
        self.newest = Epoch(number, Master(master))
        self._peer_public = public
        self._is_confirmed = False
        self.send_at, self.old_key_until = _NEVER, None
        return self.newest

    def _send_from(self, now: float) -> None:
        self._repeat_s, self.send_at = FIRST_REPEAT_S, now


def _public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _rekey_frame(number: int, key: X25519PrivateKey) -> bytes:
    return encode_frame(FrameType.REKEY, _REKEY.pack(number, _public(key)))
