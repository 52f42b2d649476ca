"""The suite of ciphers notices what breaks the contract."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.ciphers import AES_GCM, WrappedCipher, wrapped
from tests.support.inner_runs import failures

from ud2p import Buffer, Cipher, CipherInfo, DecryptionError
from ud2p.testing import CipherConformance

pytest_plugins = ["pytester"]


class IgnoresAssociatedData(WrappedCipher):
    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().seal(nonce, data, b"")

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().open(nonce, data, b"")


class IgnoresTheNonce(WrappedCipher):
    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().seal(1, data, associated_data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().open(1, data, associated_data)


class NarrowNonce(WrappedCipher):
    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().seal(nonce & 0xFFFFFFFF, data, associated_data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().open(nonce & 0xFFFFFFFF, data, associated_data)


class SharesABuffer(WrappedCipher):
    """Every cipher of this kind works in the same bytes."""

    page = bytearray(2**20 + 64)

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        self.page[: len(data)] = data
        return super().seal(nonce, bytes(self.page[: len(data)]), associated_data)


class TellsWhy(WrappedCipher):
    """Raises what its library raises."""

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        try:
            return super().open(nonce, data, associated_data)
        except DecryptionError as error:
            raise ValueError("bad tag") from error


class PromisesTooLittle(WrappedCipher):
    def sealed_size(self, n: int) -> int:
        return n + 15


class GrowsWithTheHeader(WrappedCipher):
    """Its records hold the associated data, too."""

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().seal(nonce, data, associated_data) + bytes(len(associated_data))

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return super().open(nonce, data[: len(data) - len(associated_data)], associated_data)


class LeavesTheText(WrappedCipher):
    """Writes what it decrypted before it knows whether that is right."""

    def open_into(self, nonce: int, data: Buffer, associated_data: bytes, out: memoryview) -> int:
        try:
            return super().open_into(nonce, data, associated_data, out)
        except DecryptionError:
            out[:24] = b"the words that nobody else"[:24]
            raise


class Remembers(WrappedCipher):
    """Takes records in order only."""

    def __init__(self, inner: Cipher) -> None:
        super().__init__(inner)
        self.last = -1

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        if nonce <= self.last:
            raise DecryptionError("that was before; drop it")
        opened = super().open(nonce, data, associated_data)
        self.last = nonce
        return opened


class Decorates(WrappedCipher):
    """Encrypts nothing: it signs."""

    def seal(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        return self._tag(nonce, data, associated_data) + bytes(data)

    def open(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        data = bytes(data)
        if data[:16] != self._tag(nonce, data[16:], associated_data):
            raise DecryptionError("this was not sealed under this key; it is dropped")
        return data[16:]

    def _tag(self, nonce: int, data: Buffer, associated_data: bytes) -> bytes:
        key = self.inner.seal(0, b"", b"")
        parts = (key, b"%d" % nonce, hashlib.sha256(associated_data).digest(), bytes(data))
        return hashlib.sha256(b"|".join(parts)).digest()[:16]


BROKEN: list[tuple[Callable[[Cipher], Cipher], str]] = [
    (IgnoresAssociatedData, "test_other_associated_data_is_noticed"),
    (IgnoresTheNonce, "test_another_nonce_is_noticed"),
    (IgnoresTheNonce, "test_equal_text_looks_different_under_another_nonce"),
    (NarrowNonce, "test_another_nonce_is_noticed"),
    (SharesABuffer, "test_ciphers_on_other_threads_get_nothing_into_each_others_way"),
    (TellsWhy, "test_garbage_is_refused"),
    (PromisesTooLittle, "test_round_trip_of_any_size_within_the_bound"),
    (GrowsWithTheHeader, "test_the_bound_holds_whatever_the_associated_data"),
    (LeavesTheText, "test_every_flipped_bit_is_noticed"),
    (Remembers, "test_records_open_in_any_order_and_twice"),
    (Decorates, "test_nothing_of_the_text_shows"),
]


@pytest.mark.parametrize(("wrap", "test"), BROKEN)
def test_a_cipher_that_breaks_its_contract_fails(
    pytester: pytest.Pytester, wrap: Callable[[Cipher], Cipher], test: str
) -> None:
    failed = failures(pytester, CipherConformance, wrapped(wrap, replace(AES_GCM, summary="broken")), only=test)
    assert failed == {test}


def test_one_key_for_all_is_noticed(pytester: pytest.Pytester) -> None:
    key = os.urandom(32)
    info: CipherInfo = replace(AES_GCM, make=lambda _: AES_GCM.make(key))
    failed = failures(pytester, CipherConformance, info)
    assert {"test_another_key_is_noticed", "test_equal_text_looks_different_under_another_key"} <= failed
    assert "test_a_key_of_another_size_is_refused" in failed


def test_a_good_one_passes_in_asyncios_strict_mode(pytester: pytest.Pytester) -> None:
    assert failures(pytester, CipherConformance, AES_GCM) == set()
