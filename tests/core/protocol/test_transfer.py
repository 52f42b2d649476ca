"""The keys of a stream and its two ends."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.file_link import cipher_named

from ud2p.contracts import Cipher, CipherInfo, CopyingCipher, StreamId
from ud2p.contracts.cipher import Buffer
from ud2p.errors import DecryptionError, LocalProtocolError
from ud2p.protocol.transfer import (
    RECORD_BYTES,
    RECORDS_PER_KEY,
    StreamKeys,
    StreamOpener,
    StreamSealer,
    proof,
    stream_key,
)

SECRET, OFFER = b"s" * 32, b"o" * 32
FORTH, BACK = StreamId(b"context", from_sender=True), StreamId(b"context", from_sender=False)
AES_GCM = cipher_named("aes-gcm")


def stream(cipher: CipherInfo = AES_GCM, stream: StreamId = FORTH) -> tuple[StreamSealer, StreamOpener]:
    keys = StreamKeys(SECRET, OFFER, stream, cipher)
    return StreamSealer(keys), StreamOpener(keys)


def seal(sealer: StreamSealer, data: bytes, last: bool = False) -> bytes:
    out = memoryview(bytearray(sealer.sealed_size(len(data))))
    return bytes(out[: sealer.next_into(data, out, last)])


def open_(opener: StreamOpener, record: bytes) -> tuple[bytes, bool]:
    out = memoryview(bytearray(len(record)))
    size, last = opener.next_into(record[4:], out)
    return bytes(out[:size]), last


@pytest.mark.parametrize("cipher", ["aes-gcm", "xchacha20", "fernet"])
@pytest.mark.parametrize("sizes", [[0], [1], [5, 0, 7], [RECORD_BYTES, RECORD_BYTES - 1, 1]])
def test_records_open_as_they_were_sealed(cipher: str, sizes: list[int]) -> None:
    sealer, opener = stream(cipher_named(cipher))
    for number, size in enumerate(sizes):
        data, last = bytes([number]) * size, number == len(sizes) - 1
        record = seal(sealer, data, last)
        assert len(record) <= sealer.sealed_size(size)
        assert int.from_bytes(record[:4], "big") == len(record) - 4
        assert int.from_bytes(record[4:8], "big") == size | (1 << 31 if last else 0)
        assert open_(opener, record) == (data, last)


def test_a_record_is_byte_for_byte_what_the_docstring_says() -> None:
    from Crypto.Cipher import AES

    sealer, _ = stream()
    seal(sealer, b"first")
    key = stream_key(SECRET, OFFER, FORTH, "aes-gcm", 32)
    aes = AES.new(key, AES.MODE_GCM, nonce=(1).to_bytes(12, "big"))
    aes.update(head := (0x80000000 | 6).to_bytes(4, "big"))
    sealed, tag = aes.encrypt_and_digest(b"second")
    assert seal(sealer, b"second", last=True) == (4 + 6 + 16).to_bytes(4, "big") + head + sealed + tag


def test_the_key_is_hkdf_over_everything_that_makes_it_unique() -> None:
    info = b"".join(
        len(part).to_bytes(2, "big") + part
        for part in (b"ud2p/1 file stream", b"aes-gcm", b"sender", bytes(8), b"context")
    )
    extracted = hmac.digest(OFFER, SECRET, "sha256")
    first = hmac.digest(extracted, info + b"\1", "sha256")
    second = hmac.digest(extracted, first + info + b"\2", "sha256")
    assert stream_key(SECRET, OFFER, FORTH, "aes-gcm", 48) == first + second[:16]


def test_whatever_differs_gives_another_key() -> None:
    keys = {
        stream_key(SECRET, OFFER, FORTH, "aes-gcm", 32),
        stream_key(b"t" * 32, OFFER, FORTH, "aes-gcm", 32),
        stream_key(SECRET, b"p" * 32, FORTH, "aes-gcm", 32),
        stream_key(SECRET, OFFER, BACK, "aes-gcm", 32),
        stream_key(SECRET, OFFER, replace(FORTH, context=b"contexu"), "aes-gcm", 32),
        stream_key(SECRET, OFFER, FORTH, "xchacha20", 32),
        stream_key(SECRET, OFFER, FORTH, "aes-gcm", 32, part=1),
    }
    assert len(keys) == 7


def test_whatever_differs_gives_another_proof() -> None:
    proofs = {
        proof(SECRET, b"label", b"context"),
        proof(b"t" * 32, b"label", b"context"),
        proof(SECRET, b"lab", b"elcontext"),
        proof(SECRET, b"label", b"contexu"),
    }
    assert len(proofs) == 4
    assert {len(each) for each in proofs} == {32}


def lies(info: CipherInfo, honest: list[bytes]) -> Iterator[list[bytes]]:
    """What else could be made of the records of two streams with the same data."""
    a, b, c = honest
    yield [b, a, c]
    yield [a, a, c]
    yield [a, c]
    yield [b"", b, c]
    yield [seal(stream(info, BACK)[0], b"one")]  # reflected
    yield [a, b, c[:4] + bytes([c[4] ^ 0x80]) + c[5:]]  # the final record as one of many
    yield [a[:4] + bytes([a[4] ^ 0x80]) + a[5:]]  # one of many as the final record
    yield [a[:7] + bytes([a[7] ^ 1]) + a[8:]]
    yield [a[:-1]]
    yield [a + b"\0"]
    yield [a[:6]]


@pytest.mark.parametrize("cipher", ["aes-gcm", "xchacha20", "fernet"])
def test_nothing_but_the_next_record_opens(cipher: str) -> None:
    info = cipher_named(cipher)
    truth = [(b"one", False), (b"two", False), (b"three", True)]
    sealer, _ = stream(info)
    honest = [seal(sealer, *each) for each in truth]
    for lie in lies(info, honest):
        _, opener = stream(info)
        opened: list[tuple[bytes, bool]] = []
        with pytest.raises(DecryptionError):
            opened.extend(open_(opener, record) for record in lie)
        assert opened == truth[: len(opened)]
        with pytest.raises(DecryptionError):  # after one failure nothing opens, not even what would have
            open_(opener, honest[0])


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_every_bit_behind_the_length_counts(at: int, bit: int) -> None:
    sealer, opener = stream()
    record = bytearray(seal(sealer, b"some data", last=True))
    record[4 + at % (len(record) - 4)] ^= 1 << bit
    with pytest.raises(DecryptionError):
        open_(opener, bytes(record))


def test_nothing_comes_after_the_final_record() -> None:
    sealer, opener = stream()
    final = seal(sealer, b"", last=True)
    with pytest.raises(LocalProtocolError):
        seal(sealer, b"more")
    assert open_(opener, final) == (b"", True)
    with pytest.raises(DecryptionError):
        open_(opener, final)


def test_a_record_is_never_larger_than_a_mebibyte() -> None:
    sealer, _ = stream()
    with pytest.raises(LocalProtocolError):
        seal(sealer, bytes(RECORD_BYTES + 1))


class Spy(CopyingCipher):
    """A cipher that hides nothing and keeps what it is given."""

    def __init__(self, key: bytes, log: list[tuple[bytes, int]]) -> None:
        self.key, self.log = key, log

    def sealed_size(self, n: int) -> int:
        return n + 32

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        self.log.append((self.key, nonce))
        return bytes(data) + self._tag(nonce, data, associated_data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        opened, tag = bytes(data[:-32]), bytes(data[-32:])
        if tag != self._tag(nonce, opened, associated_data):
            raise DecryptionError
        return opened

    def _tag(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return hmac.digest(self.key, nonce.to_bytes(8, "big") + associated_data + data, "sha256")


def spying(log: list[tuple[bytes, int]], max_records: int = 2**40, max_bytes: int = 2**60) -> CipherInfo:
    def make(key: bytes) -> Cipher:
        return Spy(key, log)

    return CipherInfo("spy", 32, max_records, max_bytes, max_failed_opens=1, make=make)


@pytest.mark.parametrize("limits", [{"max_records": 3}, {"max_bytes": 3 * RECORD_BYTES + 5}])
def test_a_cipher_is_never_used_beyond_its_limits(limits: dict[str, int]) -> None:
    log: list[tuple[bytes, int]] = []
    sealer, opener = stream(spying(log, **limits))
    for number in range(10):
        assert open_(opener, seal(sealer, b"x" * number, last=number == 9)) == (b"x" * number, number == 9)
    keys = [key for key, _ in log]
    assert [keys.count(key) for key in dict.fromkeys(keys)] == [3, 3, 3, 1]
    assert len(set(log)) == 10


def test_every_64_gib_there_is_a_new_key() -> None:
    log: list[tuple[bytes, int]] = []
    assert StreamKeys(SECRET, OFFER, FORTH, spying(log)).records_per_key() == RECORDS_PER_KEY
    assert RECORDS_PER_KEY * RECORD_BYTES == 64 << 30
    assert StreamKeys(SECRET, OFFER, FORTH, AES_GCM).records_per_key() == RECORDS_PER_KEY


def test_a_cipher_that_opens_to_something_else_is_not_believed() -> None:
    class Bloating(Spy):
        def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
            return super().open(nonce, data, associated_data) + b"!"

    info = replace(spying([]), make=lambda key: Bloating(key, []))
    sealer, opener = stream(info)
    record = seal(sealer, b"data")
    with pytest.raises(DecryptionError, match="does not hold what it says"):
        open_(opener, record)


def test_the_secret_does_not_show() -> None:
    assert "ssss" not in repr(StreamKeys(SECRET, OFFER, FORTH, AES_GCM))
