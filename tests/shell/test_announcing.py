"""What is said beside a bar."""

from __future__ import annotations

import pytest
from tests.support.transfers import Bar

from ud2p_shell.announcing import MAX_LINES, NOT_LISTED, Announcing


@pytest.mark.parametrize("n_files", [1, MAX_LINES, MAX_LINES + 1, 3 * MAX_LINES])
def test_a_line_a_file_up_to_a_point(n_files: int) -> None:
    bar, said, shown = Bar(), list[str](), list[str]()
    announcing = Announcing(bar, lambda: said.append("begins"), said.append, shown.extend)
    announcing.start(5)
    for number in range(n_files):
        announcing.file_done(f"{number}", 1)
        if number == MAX_LINES:
            assert len(shown) == MAX_LINES, "what is said stands behind them"
    announcing.pause("it paused")
    announcing.finish()
    assert shown == [f"{number}" for number in range(min(n_files, MAX_LINES))]
    assert said == ["begins", *([NOT_LISTED] if n_files > MAX_LINES else []), "it paused"]
    assert bar.paths == [f"{number}" for number in range(n_files)]
    assert (bar.total, bar.paused, bar.finished) == (5, ["it paused"], 1)
