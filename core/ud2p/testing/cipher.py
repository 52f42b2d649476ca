"""What every cipher must do, whoever made it: subclass :class:`CipherConformance` and set ``info``."""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ud2p.contracts import Cipher, CipherInfo
from ud2p.errors import DecryptionError
from ud2p.testing.extra import hypothesis, pytest
from ud2p.testing.extra import strategies as st
from ud2p.testing.interleaving import at_every_line, eager_threads

HEADER = b"a record's header"
TEXT = b"the words that nobody else may read or change"
LAST_NONCE = 2**64 - 1
SIZES = (0, 1, 15, 16, 17, 63, 64, 255, 256, 1023, 1200, 65535, 65536, 2**20 - 1, 2**20)
"""Around the blocks of ciphers, a chat's datagram, and up to a file's record."""


def assert_refused(cipher: Cipher, nonce: int, sealed: bytes | bytearray, associated_data: bytes, text: bytes) -> None:
    """Both ways of opening refuse, and leave nothing of ``text`` behind."""
    with pytest.raises(DecryptionError):
        cipher.open(nonce, sealed, associated_data)
    out = bytearray(b"\xaa" * (len(sealed) + 64))
    with pytest.raises(DecryptionError):
        cipher.open_into(nonce, sealed, associated_data, memoryview(out))
    if len(text) >= 8:
        assert text[:8] not in out


class CipherConformance:
    """The promises of :class:`ud2p.Cipher` and :class:`ud2p.CipherInfo`."""

    info: CipherInfo
    """What the plugin registers."""

    @pytest.fixture
    def cipher(self) -> Cipher:
        """One with a key of its own."""
        return self.info.make(self.key())

    def key(self, fill: int = 7) -> bytes:
        """A key; another for each number below 256."""
        return bytes((fill + i) % 256 for i in range(self.info.key_size))

    def test_the_info_can_be_registered_and_offered(self) -> None:
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", self.info.name)
        assert self.info.summary
        assert min(self.info.key_size, self.info.max_records, self.info.max_bytes, self.info.max_failed_opens) > 0

    def test_a_cipher_has_every_method_of_the_contract(self, cipher: Cipher) -> None:
        assert isinstance(cipher, Cipher)

    @pytest.mark.parametrize("difference", [-1, 1])
    def test_a_key_of_another_size_is_refused(self, difference: int) -> None:
        with pytest.raises(ValueError, match=str(self.info.key_size)):
            self.info.make(bytes(self.info.key_size + difference))

    @pytest.mark.parametrize("size", SIZES)
    def test_round_trip_of_any_size_within_the_bound(self, cipher: Cipher, size: int) -> None:
        data = os.urandom(size)
        sealed = cipher.seal(size, data, HEADER)
        assert isinstance(sealed, bytes)
        assert len(sealed) <= cipher.sealed_size(size)
        opened = cipher.open(size, sealed, HEADER)
        assert isinstance(opened, bytes)
        assert opened == data

    @pytest.mark.parametrize("size", SIZES)
    def test_the_buffer_methods_agree_with_the_others(self, cipher: Cipher, size: int) -> None:
        data = os.urandom(size)
        out = bytearray(b"\x55" * (cipher.sealed_size(size) + 32))
        written = cipher.seal_into(3, data, HEADER, memoryview(out))
        assert written <= cipher.sealed_size(size)
        assert cipher.open(3, out[:written], HEADER) == data
        assert out[cipher.sealed_size(size) :] == b"\x55" * 32
        sealed = cipher.seal(3, data, HEADER)
        back = bytearray(b"\x55" * (len(sealed) + 32))
        assert cipher.open_into(3, sealed, HEADER, memoryview(back)[: len(sealed)]) == size
        assert back[:size] == data
        assert back[len(sealed) :] == b"\x55" * 32

    @pytest.mark.parametrize("length", [0, 1, 19, 64, 65, 255, 256, 4000])
    def test_the_bound_holds_whatever_the_associated_data(self, cipher: Cipher, length: int) -> None:
        for size in (0, 1, 15, 16, 17, 1000):
            assert len(cipher.seal(1, bytes(size), bytes(length))) <= cipher.sealed_size(size)

    def test_round_trip_of_anything(self, cipher: Cipher) -> None:
        @hypothesis.given(
            nonce=st.integers(0, LAST_NONCE), data=st.binary(max_size=2000), associated_data=st.binary(max_size=300)
        )
        @hypothesis.settings(max_examples=50, deadline=None, database=None)
        def round_trip(nonce: int, data: bytes, associated_data: bytes) -> None:
            sealed = cipher.seal(nonce, data, associated_data)
            assert len(sealed) <= cipher.sealed_size(len(data))
            assert cipher.open(nonce, sealed, associated_data) == data

        round_trip()

    @pytest.mark.parametrize("nonce", [0, 1, 255, 256, 2**32 - 1, 2**32, 2**63, LAST_NONCE])
    def test_nonces_as_wide_as_the_contract_says(self, cipher: Cipher, nonce: int) -> None:
        assert cipher.open(nonce, cipher.seal(nonce, TEXT, HEADER), HEADER) == TEXT

    def test_every_flipped_bit_is_noticed(self, cipher: Cipher) -> None:
        sealed = cipher.seal(1, TEXT, HEADER)
        for position in range(len(sealed) * 8):
            forged = bytearray(sealed)
            forged[position // 8] ^= 1 << position % 8
            assert_refused(cipher, 1, forged, HEADER, TEXT)

    def test_every_truncation_and_extension_is_noticed(self, cipher: Cipher) -> None:
        sealed = cipher.seal(1, TEXT, HEADER)
        for length in range(len(sealed)):
            assert_refused(cipher, 1, sealed[:length], HEADER, TEXT)
            assert_refused(cipher, 1, sealed[length + 1 :], HEADER, TEXT)
        for more in (b"\0", b"\0" * 16, sealed):
            assert_refused(cipher, 1, sealed + more, HEADER, TEXT)

    @pytest.mark.parametrize("nonce", [0, 2, 1 << 8, 1 << 63, LAST_NONCE, 1 + 2**64, -1, 2**200])
    def test_another_nonce_is_noticed(self, cipher: Cipher, nonce: int) -> None:
        assert_refused(cipher, nonce, cipher.seal(1, TEXT, HEADER), HEADER, TEXT)

    @pytest.mark.parametrize("other", [b"", HEADER[:-1], HEADER + b"\0", b"\0" + HEADER, HEADER.upper(), HEADER * 30])
    def test_other_associated_data_is_noticed(self, cipher: Cipher, other: bytes) -> None:
        assert_refused(cipher, 1, cipher.seal(1, TEXT, HEADER), other, TEXT)
        assert_refused(cipher, 1, cipher.seal(1, TEXT, other), HEADER, TEXT)

    def test_a_byte_can_not_move_between_data_and_associated_data(self, cipher: Cipher) -> None:
        for size in (17, 64, 255, 300):
            header, text = b"h" * size, b"hh and the text"
            sealed = cipher.seal(1, text, header)
            assert_refused(cipher, 1, sealed, header + text[:1], text)
            assert_refused(cipher, 1, sealed, header[:-1], text)

    def test_long_associated_data_is_bound_whole(self, cipher: Cipher) -> None:
        header = bytes(4000)
        sealed = cipher.seal(1, TEXT, header)
        assert len(sealed) <= cipher.sealed_size(len(TEXT))
        assert cipher.open(1, sealed, header) == TEXT
        for position in (0, 63, 64, 255, 256, 3999):
            other = bytearray(header)
            other[position] = 1
            assert_refused(cipher, 1, sealed, bytes(other), TEXT)

    def test_another_key_is_noticed(self, cipher: Cipher) -> None:
        sealed = cipher.seal(1, TEXT, HEADER)
        for position in range(self.info.key_size):
            key = bytearray(self.key())
            key[position] ^= 1
            assert_refused(self.info.make(bytes(key)), 1, sealed, HEADER, TEXT)

    def test_garbage_is_refused(self, cipher: Cipher) -> None:
        for size in (0, 1, 15, 16, 17, 73, 200, 5000):
            assert_refused(cipher, 1, os.urandom(size), HEADER, b"")
            assert_refused(cipher, 1, bytes(size), HEADER, b"")
            assert_refused(cipher, 1, b"=" * size, HEADER, b"")

    def test_nothing_of_the_text_shows(self, cipher: Cipher) -> None:
        sealed = cipher.seal(1, TEXT * 20, HEADER)
        assert not any(TEXT[at : at + 5] in sealed for at in range(len(TEXT) - 5))
        assert HEADER not in sealed

    def test_equal_text_looks_different_under_another_nonce(self, cipher: Cipher) -> None:
        assert len({cipher.seal(nonce, TEXT, HEADER)[-40:] for nonce in range(100)}) == 100

    def test_equal_text_looks_different_under_another_key(self) -> None:
        sealed = {self.info.make(self.key(fill)).seal(1, TEXT, HEADER)[-40:] for fill in range(100)}
        assert len(sealed) == 100

    @pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
    def test_data_may_be_in_any_buffer_and_stays_as_it_is(self, cipher: Cipher, wrap: type[bytes]) -> None:
        data = wrap(TEXT)
        sealed = wrap(cipher.seal(1, data, HEADER))
        before = bytes(sealed)
        assert cipher.open(1, sealed, HEADER) == TEXT
        out = memoryview(bytearray(300))
        assert cipher.open_into(1, sealed, HEADER, out) == len(TEXT)
        assert out[: len(TEXT)] == TEXT
        written = cipher.seal_into(1, data, HEADER, out)
        assert cipher.open(1, out[:written], HEADER) == TEXT
        assert bytes(data) == TEXT
        assert bytes(sealed) == before

    def test_part_of_a_larger_buffer_is_enough(self, cipher: Cipher) -> None:
        page = bytearray(1000)
        view = memoryview(page)
        page[100 : 100 + len(TEXT)] = TEXT
        written = cipher.seal_into(1, view[100 : 100 + len(TEXT)], HEADER, view[400:900])
        assert cipher.open_into(1, view[400 : 400 + written], HEADER, view[150 : 150 + written]) == len(TEXT)
        assert page[150 : 150 + len(TEXT)] == TEXT

    def test_a_failed_opening_leaves_nothing_in_the_buffer(self, cipher: Cipher) -> None:
        data = b"secret " * 1000
        sealed = bytearray(cipher.seal(1, data, HEADER))
        sealed[-1] ^= 1
        out = bytearray(len(sealed))
        with pytest.raises(DecryptionError):
            cipher.open_into(1, sealed, HEADER, memoryview(out))
        assert b"secret" not in out

    def test_a_failure_does_not_upset_what_comes_after_it(self, cipher: Cipher) -> None:
        sealed = cipher.seal(1, TEXT, HEADER)
        for _ in range(3):
            assert_refused(cipher, 2, sealed, HEADER, TEXT)
            assert cipher.open(1, sealed, HEADER) == TEXT

    def test_records_open_in_any_order_and_twice(self, cipher: Cipher) -> None:
        sealed = [cipher.seal(nonce, b"%d" % nonce, HEADER) for nonce in range(20)]
        for nonce in [*reversed(range(20)), *range(20)]:
            assert cipher.open(nonce, sealed[nonce], HEADER) == b"%d" % nonce

    def test_ciphers_work_on_threads_at_the_same_time(self) -> None:
        begin = threading.Barrier(4)
        until = time.monotonic() + 0.1  # long enough for all of them to be at it together

        def work(number: int) -> bool:
            cipher = self.info.make(self.key(number))
            data = os.urandom(20_000)
            out = memoryview(bytearray(cipher.sealed_size(len(data))))
            begin.wait(30)
            for nonce in itertools.takewhile(lambda nonce: nonce < 5 or time.monotonic() < until, itertools.count()):
                sealed = out[: cipher.seal_into(nonce, data, HEADER, out)]
                if cipher.open(nonce, sealed, HEADER) != data:
                    return False
                if cipher.open(nonce, cipher.seal(nonce, data, HEADER), HEADER) != data:
                    return False
            return True

        with eager_threads(), ThreadPoolExecutor(4) as pool:
            assert all(pool.map(work, range(4))), "two ciphers share something; each is used by a thread of its own"

    def test_ciphers_on_other_threads_get_nothing_into_each_others_way(self, cipher: Cipher) -> None:
        """As above, with the turns of the threads where they hurt."""
        other = self.info.make(self.key(99))
        others_sealed = other.seal(2, TEXT[::-1], b"")
        page = memoryview(bytearray(cipher.sealed_size(len(TEXT))))
        others_page = memoryview(bytearray(len(page)))

        def meanwhile() -> None:
            assert other.open(2, other.seal(2, TEXT[::-1], b""), b"") == TEXT[::-1]
            assert other.open_into(2, others_sealed, b"", others_page) == len(TEXT)
            assert others_page[: len(TEXT)] == TEXT[::-1]
            other.seal_into(2, TEXT[::-1], b"", others_page)

        sealed = at_every_line(lambda: cipher.seal(1, TEXT, HEADER), meanwhile)
        assert cipher.open(1, sealed, HEADER) == TEXT
        assert at_every_line(lambda: cipher.open(1, sealed, HEADER), meanwhile) == TEXT
        written = at_every_line(lambda: cipher.seal_into(1, TEXT, HEADER, page), meanwhile)
        assert cipher.open(1, page[:written], HEADER) == TEXT
        assert at_every_line(lambda: cipher.open_into(1, sealed, HEADER, page), meanwhile) == len(TEXT)
        assert page[: len(TEXT)] == TEXT

    def test_one_cipher_may_be_used_on_one_thread_after_another(self, cipher: Cipher) -> None:
        with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
            for nonce in range(10):
                sealed = first.submit(cipher.seal, nonce, TEXT, HEADER).result(10)
                assert second.submit(cipher.open, nonce, sealed, HEADER).result(10) == TEXT
