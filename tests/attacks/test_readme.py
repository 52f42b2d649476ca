"""The table of attacks names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
README = Path(__file__).with_name("README.md")


def test_every_test_that_it_names_is_there() -> None:
    named = 0
    file = ""
    for each in re.findall(r"`([^`\s]*\.py[^`]*|…::[^`]*)`", README.read_text(encoding="utf-8")):
        path, _, test = each.partition("::")
        path, _, case = path.partition("[")
        file = file if path == "…" else re.sub(r"^T", "core/protocol/test_", path)
        source = (TESTS / file).read_text(encoding="utf-8")
        assert not test or re.search(rf"^(async )?def {re.escape(test)}\b", source, re.MULTILINE), each
        assert not case or case.rstrip("]") in (TESTS / "support/tricks.py").read_text(encoding="utf-8"), each
        named += 1
    assert named > 60
