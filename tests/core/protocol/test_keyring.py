from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from tests.support.ciphers import AES_GCM
from tests.support.lossy_link import MASTER

from ud2p.contracts import Buffer, CipherInfo, CopyingCipher
from ud2p.errors import PluginError
from ud2p.protocol.frames import FrameType, decode_frames, encode_frame
from ud2p.protocol.keyring import FILE_SECRETS, Keyring
from ud2p.protocol.keys import Role

ALICE, BOB = Role.INITIATOR, Role.RESPONDER
KEY_FRAMES = {FrameType.REKEY, FrameType.REKEY_WANTED}
PING = encode_frame(FrameType.PING)


class Rings:
    """Both ends' keys, and records that always arrive."""

    def __init__(self, cipher: CipherInfo) -> None:
        chance = random.Random(3)
        self.ends = {role: Keyring(role, MASTER, cipher, 0.0, chance.randbytes) for role in Role}
        self.now = 0.0

    def carry(self, sender: Role, frames: bytes) -> bytes | None:
        """Seal and open a record, and read what is for the keys."""
        _, datagram = self.ends[sender].sealer.seal(frames)
        opened = self.ends[sender.other].open(datagram, self.now)
        if opened is None:
            return None
        for kind, body in decode_frames(opened[1]):
            if kind in KEY_FRAMES:
                self.ends[sender.other].receive_frame(kind, body, self.now)
        return opened[1]

    def agree(self) -> None:
        """Carry what is due for new keys, until nothing is."""
        quiet = False
        while not quiet:
            quiet = True
            for role, ring in self.ends.items():
                while (frame := ring.frame_to_send(self.now)) is not None:
                    quiet = False
                    self.carry(role, frame)
        self.carry(BOB, PING)  # An acknowledgement, whose epoch tells alice that bob follows.


class Ledger:
    """Writes down what is sealed under which key with which nonce; cheap enough for a million."""

    def __init__(self) -> None:
        self.highest: dict[bytes, int] = {}
        self.sealed: Counter[bytes] = Counter()

    def make(self, key: bytes) -> Noted:
        return Noted(self, key)

    def note(self, key: bytes, nonce: int) -> None:
        # Numbers only ever go up, so that the highest one is all that needs to be kept.
        assert nonce > self.highest.get(key, -1), "a nonce twice under one key"
        self.highest[key] = nonce
        self.sealed[key] += 1


class Noted(CopyingCipher):
    """Seals nothing: the ledger is what is tested."""

    def __init__(self, ledger: Ledger, key: bytes) -> None:
        self.ledger, self.key = ledger, key

    def sealed_size(self, n: int) -> int:
        return n + 1

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        self.ledger.note(self.key, nonce)
        return bytes(data) + b"."

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return bytes(data)[:-1]


def test_a_million_records_and_no_nonce_twice_under_a_key() -> None:
    ledger = Ledger()
    limit = 50_000
    rings = Rings(CipherInfo("noted", 32, limit, 2**60, 2**60, ledger.make))
    chance = random.Random(4)
    count = 0
    while count < 1_000_000:
        for role in Role:
            for _ in range(chance.randrange(1, 2000)):
                rings.carry(role, PING)
                count += 1
        rings.now += 1.0
        rings.agree()
    assert sum(ledger.sealed.values()) >= 1_000_000
    assert len(ledger.sealed) >= 30, "a key each way and epoch"
    assert max(ledger.sealed.values()) <= limit


def test_the_secrets_of_files_of_the_last_epochs_are_kept_and_agree() -> None:
    rings = Rings(AES_GCM)
    for epoch in range(6):
        secrets = [[ring.file_secret(n) for n in range(epoch + 2)] for ring in rings.ends.values()]
        assert secrets[0] == secrets[1]
        kept = [n for n, secret in enumerate(secrets[0]) if secret is not None]
        assert kept == list(range(max(0, epoch + 1 - FILE_SECRETS), epoch + 1))
        assert {ring.epoch for ring in rings.ends.values()} == {epoch}
        rings.now += 600.0
        for ring in rings.ends.values():
            ring.handle_timer(rings.now)
        rings.agree()


def test_the_master_of_an_epoch_is_not_kept_when_the_next_is_there() -> None:
    rings = Rings(AES_GCM)
    rings.now = 600.0
    rings.ends[ALICE].handle_timer(rings.now)
    rings.agree()
    for ring in rings.ends.values():
        assert ring._rekey.newest.master != MASTER
        assert MASTER.secret not in repr_of(ring)


def repr_of(ring: Keyring) -> bytes:
    """Every byte string that the ring and its machine hold."""
    held: list[object] = []
    for owner in (ring, ring._rekey, ring.sealer, ring.opener):
        held += [getattr(owner, name) for name in type(owner).__slots__]
    return b"".join(value for value in flat(held) if isinstance(value, bytes))


def flat(values: list[object]) -> list[object]:
    found: list[object] = []
    for value in values:
        if isinstance(value, dict):
            found += flat([*value.keys(), *value.values()])
        elif isinstance(value, tuple):
            found += flat(list(value))
        elif hasattr(value, "secret"):
            found.append(value.secret)
        else:
            found.append(value)
    return found


def test_a_cipher_that_cant_be_made_for_the_next_key_is_a_plugin_error() -> None:
    made = []

    def make(key: bytes) -> Noted:
        made.append(key)
        if len(set(made)) > 2:
            raise OSError("the hardware takes two keys")
        return Noted(Ledger(), key)

    ring = Keyring(BOB, MASTER, replace(AES_GCM, name="noted", make=make), 0.0, random.Random(1).randbytes)
    public = bytes.fromhex("de9edb7d7b7dbc1adc5a2e21ba1e4ea06ddc6f2fd2f0f32c6a6d6cdb3f0b4e22")
    with pytest.raises(PluginError, match="takes two keys"):
        ring.receive_frame(FrameType.REKEY, b"\0\1" + public, 0.0)
