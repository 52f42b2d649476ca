"""Has the system write to the disk what has come so far, while more comes.

So that it is on the disk soon after the last byte: the receipt waits for that, and so does a cancelled transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

WRITE_BEHIND_BYTES = 32 << 20


class WriteBehind:
    """Calls ``write_out`` on a thread of its own, after every 32 MiB.

    :param write_out: returns when everything that was written before is on the disk; may raise OSError
    """

    def __init__(self, write_out: Callable[[], object]) -> None:
        self._write_out = write_out
        self._behind = 0
        self._pool: ThreadPoolExecutor | None = None
        self._writing: Future[object] | None = None

    def wrote(self, n_bytes: int) -> None:
        """That many more bytes were written.

        :raises OSError: what was written earlier did not get onto the disk
        """
        self._behind += n_bytes
        if self._behind < WRITE_BEHIND_BYTES:
            return
        self._behind = 0
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, "ud2p-write-behind")
        self.wait()  # slower than the network: what is not on the disk yet must not grow without end
        self._writing = self._pool.submit(self._write_out)

    def wait(self) -> None:
        """Wait until it does nothing.

        :raises OSError: what was written earlier did not get onto the disk
        """
        if self._writing is not None:
            self._writing.result()

    def close(self) -> None:
        """Wait, and let go of the thread. Never raises; twice is once."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
