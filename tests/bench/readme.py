"""Puts the table into the README, between its two markers."""

from __future__ import annotations

from pathlib import Path

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def replace_between_markers(text: str, table: str) -> str:
    """``text`` with ``table`` in place of what stood between the markers, which stay.

    :raises ValueError: when the markers are not there, each once and in order
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the text needs one {BEGIN} and one {END} behind it; put them where the table belongs")
    return f"{before}{BEGIN}\n\n{table.strip()}\n\n{END}{after}"


def write_into(readme: Path, table: str) -> None:
    """Replace the table in the file ``readme``."""
    readme.write_text(replace_between_markers(readme.read_text(encoding="utf-8"), table), encoding="utf-8")
