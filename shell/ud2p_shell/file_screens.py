"""What is shown of files that are offered, and of those that are through."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen

if TYPE_CHECKING:
    from ud2p.contracts import FileOffer, Receipt

MAX_PATHS = 10
"""Shown before the question; it must stay on the screen."""


def file_question(peer: str, offer: FileOffer, into: Path) -> screen.FileQuestion:
    """The question, as things stand in the folder ``into`` now."""
    existing = tuple(root.path for root in offer.roots if os.path.lexists(into / root.path))
    paths = () if offer.is_single_file else tuple(entry.path + "/" * entry.is_folder for entry in offer.entries)
    return screen.FileQuestion(
        peer,
        offer.name,
        offer.size_bytes,
        str(into),
        existing,
        offer.n_files,
        paths[:MAX_PATHS],
        max(0, len(paths) - MAX_PATHS),
        _free_bytes(into),
    )


def file_or_files(n_entries: int) -> str:
    """The word in the title of a bar."""
    return "file" if n_entries == 1 else "files"


def file_done(receipt: Receipt, *, sent: bool) -> screen.FileSent | screen.FileReceived:
    """The end of a transfer that went well."""
    how = (receipt.size_bytes, receipt.seconds, receipt.route, receipt.n_files)
    return screen.FileSent(receipt.name, *how) if sent else screen.FileReceived(receipt.name, str(receipt.path), *how)


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
