"""Bars, where nobody sees them and where they are measured."""

from __future__ import annotations

import io
import subprocess
import sys
import threading

import pytest
from tests.shell.terminal.helpers import Tty

from ud2p.contracts import Progress
from ud2p.text import width
from ud2p_shell.terminal import Console, Prompt
from ud2p_shell.terminal.progress import ProgressBoard
from ud2p_shell.terminal.tqdm_bars import ToolbarBar

WIDTHS = [*range(5, 60), 79, 80, 120, 300]


def make_board(columns: int = 80) -> tuple[ProgressBoard, list[int]]:
    drawings: list[int] = []
    return ProgressBoard(lambda: drawings.append(1), lambda: columns, in_toolbar=True), drawings


@pytest.mark.parametrize("title", ["Sending Von.mp3 to bob...", "文字" * 40, "👍" * 30, ""])
@pytest.mark.parametrize(("total", "done"), [(5_300_000, 4_610_000), (1, 1), (0, 0), (10**13, 10**12), (10, 20)])
def test_a_meter_is_never_wider_than_the_terminal(title: str, total: int, done: int) -> None:
    bar = ToolbarBar(title, total, lambda: None)
    bar.update(done)
    for columns in WIDTHS:
        assert width(bar.meter(columns)) <= columns
    bar.close()


def test_a_meter_says_what_counts_in_any_width() -> None:
    bar = ToolbarBar("Sending Von.mp3 to bob...", 5_300_000, lambda: None)
    bar.update(4_610_000)
    assert "87%|" in bar.meter(20)
    assert "4.61M/5.30M" in bar.meter(34)
    for part in ("Sending Von.mp3 to bob...", "87%|███", "4.61M/5.30M [00:0", "B/s]"):
        assert part in bar.meter(100)
    bar.close()


def test_a_title_that_comes_from_others_can_not_act_on_the_terminal() -> None:
    bar = ToolbarBar("evil\x1b[2J{n}\n", 10, lambda: None)
    assert bar.meter(80).startswith(r"evil\x1b[2J{n}\x0a")
    bar.close()


def test_the_board_shows_bars_from_start_to_finish(capsys: pytest.CaptureFixture[str]) -> None:
    board, drawings = make_board()
    first: Progress = board.bar("first")
    second: Progress = board.bar("second", leave=False)
    assert not board.is_running
    first.start(100)
    second.start(100)
    second.advance(50)
    assert [row.split()[0] for row in board.rows()] == ["first", "second"]
    assert board.is_running
    assert drawings
    second.finish()
    first.advance(100)
    first.finish()
    first.finish()
    assert board.rows() == []
    out = capsys.readouterr().out
    assert out.startswith("first 100%|")
    assert out.count("\n") == 1


def test_progress_counts_from_many_threads() -> None:
    board, _ = make_board()
    progress = board.bar("file")
    progress.start(80_000)

    def advance() -> None:
        for _ in range(10_000):
            progress.advance(1)

    threads = [threading.Thread(target=advance) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "100%" in board.rows()[0]
    progress.finish()


def test_it_never_raises_and_may_start_anew() -> None:
    def fail() -> None:
        raise OSError

    board = ProgressBoard(fail, lambda: 80, in_toolbar=True)
    progress = board.bar("file", leave=False)
    progress.finish()
    progress.advance(1)
    progress.start(10)
    progress.advance(5)
    progress.finish()
    working, _ = make_board()
    again = working.bar("file", leave=False)
    again.start(10)
    again.advance(9)
    again.start(100)
    assert len(working.rows()) == 1
    assert "  0%" in working.rows()[0]
    again.finish()


def test_drawings_are_rationed() -> None:
    board, drawings = make_board()
    progress = board.bar("file", leave=False)
    progress.start(10**6)
    for _ in range(1000):
        progress.advance(1000)
    assert len(drawings) < 100
    progress.finish()


def test_without_a_terminal_it_is_plain_tqdm_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    board = ProgressBoard(lambda: None, lambda: 80, in_toolbar=False)
    first, second = board.bar("first"), board.bar("second")
    first.start(100)
    second.start(100)
    for progress in (first, second):
        progress.advance(100)
        progress.finish()
    assert "first 100%|" in stderr.getvalue()
    assert "second 100%|" in stderr.getvalue()
    assert stderr.getvalue().endswith("\n")
    assert "\x1b" not in stderr.getvalue()


def test_a_bar_that_ends_while_the_prompt_is_open_is_printed_above_it(tty: Tty, console: Console) -> None:
    lines = console.line_input(Prompt(text=lambda: [("", "> ")]), [])
    progress = console.progress("file")

    def transfer() -> None:
        progress.start(10)
        progress.advance(10)
        tty.wait_for(lambda screen: len(screen) == 2 and screen[1].startswith("file 100%|"))
        progress.finish()
        tty.wait_for(lambda screen: screen[1:] == [">"] and screen[0].startswith("file 100%|"))

    tty.play((">", transfer), (">", "ok\r"))
    assert lines.readline() == "ok\n"


def test_tqdm_starts_no_thread_and_loads_no_multiprocessing() -> None:
    program = (
        "import sys, threading\n"
        "from ud2p_shell.terminal.progress import ProgressBoard\n"
        "board = ProgressBoard(lambda: None, lambda: 80, in_toolbar=True)\n"
        "assert 'tqdm' not in sys.modules\n"
        "board.bar('file').start(10)\n"
        "print(board.is_running, threading.active_count(), 'multiprocessing.synchronize' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True 1 False\n"
