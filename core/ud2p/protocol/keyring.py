"""The keys of a session: both directions of the epoch in use, and how they follow one another.

It joins the sealer and the opener of records (:mod:`record`) with the machine that agrees on new keys (:mod:`rekey`)::

    REKEY → a new epoch → opened from now on → sealed by the initiator at once, by the responder once the peer does

``PluginError`` from any of these: the cipher can't be made for a key, and the session ends.
"""

from __future__ import annotations

from collections.abc import Callable

from ud2p.contracts.cipher import CipherInfo
from ud2p.protocol.frames import FrameType
from ud2p.protocol.keys import Master, Role
from ud2p.protocol.record import RecordOpener, RecordSealer
from ud2p.protocol.rekey import Rekey

FILE_SECRETS = 3
"""An offer of a file may be under way while so many epochs begin."""
_REKEY = int(FrameType.REKEY)


class Keyring:
    """One end's."""

    __slots__ = ("_cipher", "_file_secrets", "_opened_epoch", "_rekey", "_role", "opener", "sealer")

    def __init__(
        self,
        role: Role,
        master: Master,
        cipher: CipherInfo,
        now: float,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """:raises PluginError: when the cipher can't be made, or leaves no room in a datagram"""
        self._role = role
        self._cipher = cipher
        self._rekey = Rekey(role, master, now, random_bytes)
        self._file_secrets = {0: master.file_secret()}
        self._opened_epoch = 0
        self.sealer = RecordSealer(cipher, self._key(role), master.session_id(role.other))
        self.opener = RecordOpener(cipher, self._key(role.other), master.session_id(role))

    @property
    def epoch(self) -> int:
        """The epoch that this side seals under; the peer has its keys."""
        return self._rekey.sealing

    @property
    def is_used_up(self) -> bool:
        """Whether there is no key left to go on with."""
        return self._rekey.is_at_end or self.sealer.spent or self.opener.exhausted

    def file_secret(self, epoch: int) -> bytes | None:
        """The secret under which a file is keyed, 32 bytes.

        :param epoch: the one that the offer names
        :returns: None when it is not one of the last few
        """
        return self._file_secrets.get(epoch)

    def open(self, datagram: bytes, now: float) -> tuple[int, bytes] | None:
        """See :meth:`RecordOpener.open`."""
        opener = self.opener
        opened = opener.open(datagram)
        if opener.epoch != self._opened_epoch:
            self._opened_epoch = opener.epoch
            if self._rekey.opened(opener.epoch, now):
                self.sealer.change_key(self._key(self._role), opener.epoch)
        return opened

    def receive_frame(self, kind: int, body: bytes, now: float) -> None:
        """REKEY or REKEY_WANTED arrived.

        :raises RemoteProtocolError: nobody who keeps to the protocol sends that
        """
        if kind != _REKEY:
            self._rekey.receive_wanted(body, now)
            return
        epoch = self._rekey.receive_rekey(body, now)
        if epoch is None:
            return
        number, master = epoch
        self._file_secrets[number] = master.file_secret()
        self._file_secrets.pop(number - FILE_SECRETS, None)
        self.opener.drop_keys_before(number - 1)
        self.opener.add_key(self._key(self._role.other), number)
        if self._rekey.sealing == number:
            self.sealer.change_key(self._key(self._role), number)

    def frame_to_send(self, now: float) -> bytes | None:
        """What is due for new keys; see :meth:`Rekey.frame_to_send`."""
        rekey = self._rekey
        if self.sealer.worn or self.opener.worn:
            rekey.want(now)
        elif not rekey.is_due(now):  # as nearly always
            return None
        return rekey.frame_to_send(now)

    def next_timer(self) -> float:
        """When :meth:`handle_timer`, or a frame, is due."""
        return self._rekey.next_timer()

    def handle_timer(self, now: float) -> None:
        """Time passed."""
        if self._rekey.handle_timer(now):
            self.opener.drop_keys_before(self._rekey.newest.number)

    def _key(self, sender: Role) -> bytes:
        """The key of the newest epoch."""
        number, master = self._rekey.newest
        return master.traffic_key(sender, number, self._cipher.name, self._cipher.key_size)
