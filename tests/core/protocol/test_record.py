from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ciphers import AES_GCM, FERNET, WrappedCipher, every_cipher, wrapped

from ud2p.contracts import Buffer, Cipher, CipherInfo
from ud2p.errors import DecryptionError, LocalProtocolError, PluginError
from ud2p.protocol.record import (
    BUCKET_BYTES,
    HEADER_BYTES,
    LAST_WORDS,
    MAX_DATAGRAM_BYTES,
    MAX_NUMBER,
    MOST_FAULTS_IN_A_ROW,
    WINDOW,
    RecordOpener,
    RecordSealer,
    ReplayWindow,
)

KEY = b"k" * 32
SESSION = b"session."


def sealer(cipher: CipherInfo = AES_GCM, session: bytes = SESSION, key: bytes = KEY, epoch: int = 0) -> RecordSealer:
    return RecordSealer(cipher, key, session, epoch=epoch)


def opener(cipher: CipherInfo = AES_GCM, session: bytes = SESSION, key: bytes = KEY, epoch: int = 0) -> RecordOpener:
    return RecordOpener(cipher, key, session, epoch=epoch)


def sealed_with(cipher: CipherInfo, number: int, frames: bytes = bytes(BUCKET_BYTES)) -> bytes:
    """A record with any number, as a peer with the right key could make it."""
    header = b"\x08\0\0" + SESSION + number.to_bytes(8, "big")
    return header + cipher.make(KEY).seal(number, frames, header)


# the replay window


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 3 * WINDOW) | st.integers(2**64 - 2 * WINDOW, MAX_NUMBER), max_size=60))
def test_the_window_is_the_set_of_what_was_seen(numbers: list[int]) -> None:
    window, seen = ReplayWindow(), set[int]()
    for number in numbers:
        fresh = number not in seen and number > max(seen, default=-1) - WINDOW
        assert window.is_fresh(number) is fresh
        if fresh:
            window.mark(number)
            seen.add(number)
        assert window.highest == max(seen, default=-1)


@pytest.mark.parametrize("highest", [WINDOW, 10 * WINDOW, MAX_NUMBER])
def test_the_edges_of_the_window(highest: int) -> None:
    window = ReplayWindow()
    window.mark(highest)
    assert not window.is_fresh(highest)
    assert window.is_fresh(highest - 1)
    assert window.is_fresh(highest + 1)
    assert window.is_fresh(highest - WINDOW + 1)
    assert not window.is_fresh(highest - WINDOW)
    assert not window.is_fresh(highest - WINDOW - 1)


def test_a_jump_by_the_window_forgets_all_but_itself() -> None:
    for jump in (WINDOW - 1, WINDOW, WINDOW + 1):
        window = ReplayWindow()
        window.mark(0)
        window.mark(jump)
        assert not window.is_fresh(0)
        assert window.is_fresh(1) is (jump < WINDOW + 1)


# sealing and opening


@every_cipher
def test_records_come_back_in_any_order(cipher: CipherInfo) -> None:
    seal, open_ = sealer(cipher), opener(cipher)
    records = [seal.seal(f"frames {i}".encode()) for i in range(50)]
    for number, datagram in records[::2] + records[-1::-2]:
        opened = open_.open(datagram)
        assert opened == (number, f"frames {number}".encode().ljust(BUCKET_BYTES, b"\0"))
    assert open_.highest == 49


@every_cipher
def test_datagrams_come_in_buckets_only(cipher: CipherInfo) -> None:
    seal = sealer(cipher)
    sizes = [len(seal.seal(bytes(n))[1]) for n in range(seal.max_payload + 1)]
    assert max(sizes) <= MAX_DATAGRAM_BYTES
    by_bucket = {(n - 1) // BUCKET_BYTES if n else 0: size for n, size in enumerate(sizes)}
    assert sizes == [by_bucket[(n - 1) // BUCKET_BYTES if n else 0] for n in range(len(sizes))]
    assert len(set(sizes)) == len(by_bucket) == seal.max_payload // BUCKET_BYTES
    with pytest.raises(LocalProtocolError):
        seal.seal(bytes(seal.max_payload + 1))


def test_a_record_that_is_no_bucket_is_dropped() -> None:
    for size in (0, 1, BUCKET_BYTES - 1, BUCKET_BYTES + 1):
        open_ = opener()
        assert open_.open(sealed_with(AES_GCM, 0, bytes(size))) is None
        assert open_.open(sealed_with(AES_GCM, 0, bytes(BUCKET_BYTES))) is not None


@every_cipher
def test_a_record_opens_once(cipher: CipherInfo) -> None:
    seal, open_ = sealer(cipher), opener(cipher)
    datagrams = [seal.seal(b"x")[1] for _ in range(5)]
    assert all(open_.open(datagram) for datagram in datagrams)
    assert not any(open_.open(datagram) for datagram in datagrams)
    assert open_.drops.replayed == 5


def test_the_window_edge_holds_for_records() -> None:
    open_ = opener()
    assert open_.open(sealed_with(AES_GCM, 5000)) is not None
    assert open_.open(sealed_with(AES_GCM, 5000 - WINDOW)) is None
    assert open_.open(sealed_with(AES_GCM, 5000 - WINDOW + 1)) is not None
    assert open_.drops.replayed == 1


def test_the_last_number_of_all_opens_once() -> None:
    open_ = opener()
    last = sealed_with(AES_GCM, MAX_NUMBER)
    assert open_.open(last) == (MAX_NUMBER, bytes(BUCKET_BYTES))
    assert open_.open(last) is None
    assert open_.open(sealed_with(AES_GCM, 0)) is None
    assert open_.open(sealed_with(AES_GCM, MAX_NUMBER - 1)) is not None


# forgeries


@every_cipher
def test_every_flipped_bit_of_the_header_drops_the_record(cipher: CipherInfo) -> None:
    _, datagram = sealer(cipher).seal(b"x")
    open_ = opener(cipher)
    for at in range(HEADER_BYTES):
        for bit in (0x01, 0x80):
            forged = datagram[:at] + bytes([datagram[at] ^ bit]) + datagram[at + 1 :]
            assert open_.open(forged) is None, f"byte {at}"
    drops = open_.drops
    assert (drops.not_a_record, drops.other_session, drops.not_opened) == (2, 20, 16)
    assert open_.open(datagram) is not None


@every_cipher
def test_every_flipped_byte_of_the_body_drops_the_record(cipher: CipherInfo) -> None:
    _, datagram = sealer(cipher).seal(b"x")
    open_ = opener(cipher)
    for at in range(HEADER_BYTES, len(datagram)):
        assert open_.open(datagram[:at] + bytes([datagram[at] ^ 1]) + datagram[at + 1 :]) is None
    assert open_.open(datagram[:-1]) is None
    assert open_.open(datagram + b"\0") is None
    assert open_.open(datagram) is not None


def test_forgeries_leave_the_window_alone() -> None:
    seal, open_ = sealer(), opener()
    genuine = [seal.seal(b"x")[1] for _ in range(10)]
    assert open_.open(genuine[0]) is not None
    for number in range(1, 3 * WINDOW, 7):
        header = b"\x08\0\0" + SESSION + number.to_bytes(8, "big")
        assert open_.open(header + bytes(BUCKET_BYTES + 16)) is None
    assert open_.highest == 0
    assert all(open_.open(datagram) for datagram in genuine[1:])


def test_records_of_another_session_key_or_epoch_are_dropped() -> None:
    _, datagram = sealer().seal(b"x")
    elsewhere = [opener(session=b"another."), opener(key=b"j" * 32), opener(epoch=1)]
    assert [open_.open(datagram) for open_ in elsewhere] == [None] * 3
    assert [open_.drops.other_session for open_ in elsewhere] == [1, 0, 1]


@every_cipher
def test_the_header_is_associated_data(cipher: CipherInfo) -> None:
    """By what a cipher opens alone: session and epoch of a header do not stand in the key or the nonce."""
    number, datagram = sealer(cipher).seal(b"frames")
    header, sealed = datagram[:HEADER_BYTES], datagram[HEADER_BYTES:]
    assert cipher.make(KEY).open(number, sealed, header).rstrip(b"\0") == b"frames"
    with pytest.raises(DecryptionError):
        cipher.make(KEY).open(number, sealed, b"")
    without_header = header + cipher.make(KEY).seal(number, bytes(BUCKET_BYTES), b"")
    assert opener(cipher).open(without_header) is None


def test_a_record_cannot_be_moved_to_another_number_session_or_epoch() -> None:
    # Whoever opens has the same key throughout: only the header stands between.
    _, datagram = sealer().seal(b"x")
    body = datagram[HEADER_BYTES:]
    assert opener().open(b"\x08\0\0" + SESSION + (1).to_bytes(8, "big") + body) is None
    assert opener(session=b"another.").open(b"\x08\0\0another." + bytes(8) + body) is None
    assert opener(epoch=1).open(b"\x08\0\1" + SESSION + bytes(8) + body) is None
    assert opener().open(b"\x08\0\0" + SESSION + bytes(8) + body) is not None


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=1300) | st.binary(max_size=120).map(lambda tail: b"\x08\0\0" + SESSION + tail))
def test_anything_else_is_dropped_and_counted(datagram: bytes) -> None:
    open_ = opener()
    assert open_.open(datagram) is None
    drops = open_.drops
    assert drops.not_a_record + drops.other_session + drops.not_opened == 1
    assert open_.highest == -1


def test_an_overlong_datagram_is_not_even_tried() -> None:
    cipher = replace(AES_GCM, max_failed_opens=1)
    open_ = opener(cipher)
    overlong = sealed_with(AES_GCM, 0, bytes(1216))
    assert len(overlong) > MAX_DATAGRAM_BYTES
    assert open_.open(overlong) is None
    assert not open_.exhausted


def test_a_key_that_saw_too_many_forgeries_opens_nothing_more() -> None:
    seal, open_ = sealer(), opener(replace(AES_GCM, max_failed_opens=3))
    for _ in range(3):
        assert not open_.exhausted
        _, datagram = seal.seal(b"x")
        assert open_.open(datagram[:-1] + bytes([datagram[-1] ^ 1])) is None
    assert open_.exhausted
    assert open_.open(seal.seal(b"x")[1]) is None


# nonces and limits


class NonceKeeper(WrappedCipher):
    seen: set[tuple[int, int]]

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        pair = (id(self), nonce)
        assert pair not in self.seen, "a nonce was used twice under a key"
        self.seen.add(pair)
        assert len(data) % BUCKET_BYTES == 0
        return bytes(16) + bytes(data)


def test_no_nonce_is_used_twice_not_even_after_a_failure() -> None:
    seen: set[tuple[int, int]] = set()

    class Failing(NonceKeeper):
        def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
            sealed = super().seal(nonce, data, associated_data)
            if nonce % 1000 == 999:
                raise MemoryError
            return sealed

    Failing.seen = seen
    seal = sealer(wrapped(Failing))
    for i in range(30_000):
        if i % 1000 == 999:
            with pytest.raises(PluginError):
                seal.seal(b"x")
        else:
            assert seal.seal(b"x")[0] == i
    assert len(seen) == 30_000


def test_the_last_records_of_a_key_are_kept_for_goodbye() -> None:
    seal = sealer(replace(AES_GCM, max_records=100))
    sent = 0
    while not seal.exhausted:
        seal.seal(b"x")
        sent += 1
    assert sent == 100 - LAST_WORDS
    for _ in range(LAST_WORDS):
        seal.seal(b"bye")
    with pytest.raises(LocalProtocolError, match="connect again"):
        seal.seal(b"x")


def test_bytes_are_limited_as_records_are() -> None:
    seal = sealer(replace(AES_GCM, max_bytes=20_000))
    sealed_bytes = 0
    while not seal.exhausted:
        seal.seal(bytes(seal.max_payload))
        sealed_bytes += seal.max_payload
    for _ in range(LAST_WORDS):
        seal.seal(b"bye")
        sealed_bytes += BUCKET_BYTES
    with pytest.raises(LocalProtocolError, match="connect again"):
        while True:
            seal.seal(b"x")
            sealed_bytes += BUCKET_BYTES
    assert sealed_bytes <= 20_000


def test_numbers_never_leave_their_field() -> None:
    seal = sealer(replace(AES_GCM, max_records=2**80, max_bytes=2**80))
    seal._next_number = MAX_NUMBER
    seal._records_left = 1
    number, datagram = seal.seal(b"x")
    assert (number, opener().open(datagram) is not None) == (MAX_NUMBER, True)
    with pytest.raises(LocalProtocolError):
        seal.seal(b"x")
    assert sealer(replace(AES_GCM, max_records=2**80))._records_left == MAX_NUMBER + 1


# ciphers that break their contract


class Broken(WrappedCipher):
    """Seals and opens to ``answer``, or raises it."""

    answer: Any

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return self._give(data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return self._give(data)

    def _give(self, data: Buffer) -> bytes:
        answer = self.answer(bytes(data)) if callable(self.answer) else self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]


def broken(answer: Any) -> CipherInfo:
    def make(inner: Cipher) -> Cipher:
        cipher = Broken(inner)
        cipher.answer = answer
        return cipher

    return wrapped(make)


BREACHES = {
    "raises": ValueError("no"),
    "raises what opening may raise": DecryptionError("no"),
    "returns its input": lambda data: data,
    "bloats": lambda data: data + bytes(2000),
    "returns nothing": None,
    "returns no bytes": lambda data: "x" * (len(data) + 16),
    "returns a bytearray": lambda data: bytearray(data + bytes(16)),
    "shrinks to nothing": b"",
}


@pytest.mark.parametrize("answer", BREACHES.values(), ids=BREACHES)
def test_a_cipher_that_seals_wrongly_sends_nothing(answer: Any) -> None:
    with pytest.raises(PluginError, match=r"the cipher wrapped .*--cipher"):
        sealer(broken(answer)).seal(b"x")


@pytest.mark.parametrize("answer", BREACHES.values(), ids=BREACHES)
def test_a_cipher_that_opens_wrongly_is_a_drop(answer: Any) -> None:
    open_ = opener(broken(answer))
    assert open_.open(sealer().seal(b"x")[1]) is None
    assert open_.drops.not_opened == 1
    assert open_.highest == -1


def test_a_cipher_that_fails_to_open_again_and_again_is_named() -> None:
    refuses_carelessly = [True]

    class Careless(WrappedCipher):
        def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
            if refuses_carelessly[0]:
                raise ValueError("no\x1b")
            return super().open(nonce, data, associated_data)

    seal, open_ = sealer(), opener(wrapped(Careless))
    for _ in range(MOST_FAULTS_IN_A_ROW - 1):
        assert open_.open(seal.seal(b"x")[1]) is None
    refuses_carelessly[0] = False
    assert open_.open(seal.seal(b"x")[1]) is not None  # one that opens, and the count begins anew
    refuses_carelessly[0] = True
    for _ in range(MOST_FAULTS_IN_A_ROW - 1):
        assert open_.open(seal.seal(b"x")[1]) is None
    with pytest.raises(PluginError, match=r"^the cipher wrapped fails to open \(ValueError: no\\x1b\); choose another"):
        open_.open(seal.seal(b"x")[1])


def test_forgeries_name_no_cipher() -> None:
    open_ = opener()
    for number in range(3 * MOST_FAULTS_IN_A_ROW):
        assert open_.open(sealer().seal(b"x")[1][:-1] + bytes([number])) is None


def test_a_cipher_that_returns_its_input_opens_nothing_of_any_size() -> None:
    open_ = opener(broken(lambda data: data))
    assert open_.open(b"\x08\0\0" + SESSION + bytes(8) + bytes(2 * BUCKET_BYTES)) is None
    assert open_.highest == -1


def sized(size: Any, inner: CipherInfo = AES_GCM) -> CipherInfo:
    class Sized(WrappedCipher):
        def sealed_size(self, n: int) -> int:
            return size(n)  # type: ignore[no-any-return]

    return wrapped(Sized, inner)


def fail(*_: object) -> Any:
    raise RuntimeError("out of order")


def test_a_cipher_that_cannot_be_used_says_so() -> None:
    for cipher in (replace(AES_GCM, name="wrapped", make=fail), sized(fail), sized(lambda n: n + 1000)):
        with pytest.raises(PluginError, match=r"the cipher wrapped .*--cipher"):
            sealer(cipher)


def test_a_cipher_that_understates_its_size_sends_nothing_overlong() -> None:
    seal = sealer(sized(lambda n: n, FERNET))
    assert HEADER_BYTES + seal.max_payload <= MAX_DATAGRAM_BYTES
    with pytest.raises(PluginError):
        seal.seal(bytes(seal.max_payload))
