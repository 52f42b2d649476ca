from __future__ import annotations

import pytest

from ud2p_server.log import LINES_A_SECOND, Log


def test_lines_pass_the_gate() -> None:
    lines: list[str] = []
    Log(lines.append)("eve\x1b[2J\n\u202e said so")
    assert lines == [r"eve\x1b[2J\x0a\u202e said so"]


def test_a_flood_is_cut_and_counted() -> None:
    lines: list[str] = []
    now = [100.0]
    log = Log(lines.append, lambda: now[0])
    for number in range(1000):
        log(f"line {number}")
    assert len(lines) == LINES_A_SECOND
    now[0] += 1
    log("later")
    log("and later")
    assert lines[-2:] == ["later (990 lines left out before this one)", "and later"]


def test_the_default_is_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Log()("hello")
    assert capsys.readouterr() == ("", "hello\n")
