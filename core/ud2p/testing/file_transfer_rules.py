"""What has to hold when a file transfer has ended, however it went."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ud2p.contracts import Receipt
from ud2p.errors import TransferFailed
from ud2p.testing.progress import ProgressLog
from ud2p.testing.transfers import TransferEnds, tree
from ud2p.text import gate

Outcome = Receipt | BaseException
"""What an end of a transfer came to."""


def failed(outcome: Outcome) -> bool:
    """Whether an end says that it did not go well; one that the core had to end did not say so itself."""
    return isinstance(outcome, (TransferFailed, asyncio.CancelledError))


def assert_said_why(outcome: Outcome) -> None:
    """It ended with a sentence that a user can read."""
    assert isinstance(outcome, TransferFailed), f"it came to {outcome!r}, not to a TransferFailed"
    sentence = str(outcome)
    assert len(sentence) > 10, "a failure is a sentence"
    assert gate(sentence) == sentence


def assert_receipts(ends: TransferEnds, sent: Outcome, received: Outcome) -> None:
    """Both ends say what went where."""
    assert isinstance(sent, Receipt), sent
    assert isinstance(received, Receipt), received
    offer = ends.offer
    single = offer.is_single_file
    assert received.path == (ends.into / ends.name if single else ends.into)
    assert sent.path == (ends.source if single else ends.source.parent)
    for receipt in (sent, received):
        assert receipt.name == offer.name
        assert receipt.size_bytes == offer.size_bytes
        assert receipt.n_files == offer.n_files
        assert receipt.seconds >= 0
        assert receipt.route, "the receipt says which way it went"
        assert gate(receipt.route) == receipt.route


def assert_progress_of(bar: ProgressLog, size_bytes: int) -> None:
    """It was told all of a transfer that went well."""
    assert bar.starts == 1 + len(bar.paused), "it starts once, and again after each pause"
    assert bar.paused or bar.total == size_bytes
    assert sum(bar.moved) == size_bytes, "every byte is told of once"
    assert min(bar.moved, default=0) >= 0
    assert bar.finished == 1


def assert_nothing_else_changed(
    ends: TransferEnds, before: Mapping[str, bytes | str | None], received: Outcome
) -> None:
    """In the receiver's folder is what was there, as it was, and the whole file or nothing of it."""
    after = tree(ends.into)
    assert {name: after.get(name, "gone") for name in before} == dict(before), "something that was there is changed"
    new = {name: content for name, content in after.items() if name not in before}
    assert len(new) <= 1, f"something is left over: {sorted(new)}"
    assert set(new.values()) <= {ends.content}, f"{sorted(new)} is not the whole file"
    if isinstance(received, Receipt):
        assert received.path is not None
        assert [ends.into / name for name in new] == [received.path]
