"""The files of a transfer as one row of bytes, against the bytes themselves."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.errors import TransferFailed
from ud2p.sources import inspect_sources
from ud2p_plugins.transfers.departing_files import DepartingFiles


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=6), st.lists(st.integers(1, 30), min_size=1), st.data())
def test_it_reads_what_is_there(contents: list[bytes], steps: list[int], data: st.DataObject) -> None:
    whole = b"".join(contents)
    begin = data.draw(st.integers(0, len(whole)))
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(contents):
            Path(folder, f"{number}").write_bytes(content)
        files = DepartingFiles(inspect_sources([Path(folder)]))
        files.check()
        assert files.size_bytes == len(whole)
        assert files.digest(begin, lambda: None) == hashlib.blake2b(whole[:begin], digest_size=32).digest()
        files.seek(begin)
        found, at = b"", 0
        while True:
            space = bytearray(steps[at % len(steps)])
            n_bytes = files.readinto(memoryview(space))
            found += space[:n_bytes]
            at += 1
            if n_bytes < len(space):
                break
        assert found == whole[begin:]
        # Of those that lie before the beginning, nothing is told; of all others, once and in order.
        done = [source.path.name for source in files.take_done()]
        assert done == [f"{number}" for number in range(len(contents))][len(contents) - len(done) :]
        assert files.readinto(memoryview(bytearray(5))) == 0
        files.close()
        files.close()


def test_it_says_what_can_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    files = DepartingFiles(inspect_sources([tmp_path / "a"]))
    (tmp_path / "a").unlink()
    with pytest.raises(TransferFailed, match="a can't be read any more"):
        files.check()
