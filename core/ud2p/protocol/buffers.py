"""Memory for bulk data."""

from __future__ import annotations

import mmap


def page_aligned(n_bytes: int) -> memoryview:
    """Zeroed memory that begins at a page.

    The kernel copies into it at full speed. What ``bytearray`` allocates begins 16 bytes behind a page, and there the
    fast string copy of AMD processors takes three to four times as long: 540 instead of 150 µs for a MiB of a file.
    """
    return memoryview(mmap.mmap(-1, max(n_bytes, 1)))[:n_bytes]
