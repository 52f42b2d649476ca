from __future__ import annotations

import ctypes
import mmap

import pytest

from ud2p.protocol.buffers import page_aligned


@pytest.mark.parametrize("size", [0, 1, 4096, 1 << 20, (1 << 20) + 28])
def test_memory_begins_at_a_page(size: int) -> None:
    memory = page_aligned(size)
    assert len(memory) == size
    assert not any(memory)
    if size:
        assert ctypes.addressof(ctypes.c_char.from_buffer(memory)) % mmap.PAGESIZE == 0
