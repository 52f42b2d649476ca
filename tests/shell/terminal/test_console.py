"""The sample shell as a program in a terminal, or on pipes."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from tests.shell.terminal.helpers import CHAT, MENU, SAMPLE, Sample, StartSample
from tests.support.terminal import Terminal

STORM = int(os.environ.get("UD2P_STORM", "1"))
"""How many times as many messages and keys; the number of trials too. ``UD2P_STORM=10`` is 300 and 1,000."""


def flags_of(terminal: Terminal) -> int:
    """Whether the terminal echoes and collects lines: its local flags."""
    flags = termios.tcgetattr(terminal.process.child_fd)[3]
    assert isinstance(flags, int)
    return flags & (termios.ECHO | termios.ICANON | termios.ISIG)


AS_FOUND = termios.ECHO | termios.ICANON | termios.ISIG


def in_chat(sample: Sample) -> Terminal:
    sample.terminal.enter("connect bob")
    sample.terminal.wait_for(CHAT)
    return sample.terminal


def storm_keys(dice: random.Random, count: int) -> tuple[list[str], str]:
    """Keys with slips of the finger, and the line that they make."""
    keys: list[str] = []
    line = ""
    while len(keys) < count:
        key = dice.choice("abcdefghij klm äöü 文字 👍") if dice.random() < 0.6 else "\x7f"
        if key == "\x7f":
            line = line[:-1]
        else:
            line += key
        keys.append(key)
    return [*keys, "e", "n", "d"], line + "end"


@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("trial", range(min(STORM, 4)))
def test_a_half_typed_line_survives_a_storm_of_messages(start_sample: StartSample, columns: int, trial: int) -> None:
    sample = start_sample(columns=columns)
    terminal = in_chat(sample)
    keys, line = storm_keys(random.Random(trial * 100 + columns), 100 * STORM)
    messages = 30 * STORM
    sample.tell(f"fill {messages}")
    terminal.type(keys, every_s=0.002)
    terminal.wait_for(f"message {messages - 1:05d}")
    terminal.enter("")
    screen = terminal.wait_for(CHAT)
    said = f"You > {line!r}"
    transcript = "".join(text for text in screen[3:-2] if not text.startswith("message"))
    assert [text for text in screen if text.startswith("message")] == [f"message {at:05d}" for at in range(messages)]
    assert transcript.replace(" ", "") == said.replace(" ", "")  # wrapped lines lose the spaces at their ends


def test_a_resize_in_mid_stream_loses_nothing(start_sample: StartSample) -> None:
    sample = start_sample(columns=60)
    terminal = in_chat(sample)
    sample.tell("fill 60")
    typed = "half a line 文字 👍"
    for key, columns in zip(typed, [33, 80, 40, 60, 35, 70, 45, 66, 38, 80, 52, 34, 77, 40, 80, 60], strict=False):
        terminal.type([key], every_s=0.01)
        terminal.resize(columns)
    terminal.resize(80, 20)
    terminal.wait_for("message 00059")
    terminal.enter("")
    screen = terminal.wait_for(f"You > {typed!r}")
    assert [line for line in screen if line.startswith("message")] == [f"message {at:05d}" for at in range(60)]


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys, ud2p_shell.terminal\n"
        "with ud2p_shell.terminal.Console():\n"
        "    print(*sorted({'prompt_toolkit', 'asyncio', 'tqdm', 'wcwidth'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_message_keeps_the_lines_that_were_pasted(sample: Sample) -> None:
    terminal = in_chat(sample)
    assert terminal.brackets_pastes
    terminal.paste("one\ntwo")
    terminal.wait_for(lambda screen: screen[-3:-1] == ["You > one", "      two"])
    terminal.enter("")
    terminal.wait_for(r"You > 'one\ntwo'")


def test_completion_of_commands_names_and_paths(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "My Holiday.jpg").touch()
    terminal = sample.terminal
    terminal.send("con\t")
    terminal.wait_for("menu> connect")
    terminal.send("b\t\t")
    terminal.wait_for(lambda screen: screen[-3:-1] == ["bob    bobby", "menu> connect bob"])
    terminal.enter("")
    terminal.wait_for(CHAT)
    terminal.send("sendf My\t")
    terminal.wait_for(r"You > sendf My\ Holiday.jpg")
    terminal.send("\x15")
    terminal.enter("sendf")
    terminal.wait_for(re.compile("^Enter filename >$"))
    terminal.send("My\t")
    terminal.wait_for("Enter filename > My Holiday.jpg")
    terminal.enter("")
    terminal.wait_for("file 'My Holiday.jpg'")


def test_commands_are_remembered_in_a_file_and_messages_are_not(start_sample: StartSample, tmp_path: Path) -> None:
    first = start_sample()
    terminal = in_chat(first)
    terminal.enter("a secret")
    terminal.wait_for("You > 'a secret'")
    terminal.enter("X")
    terminal.wait_for(MENU)
    terminal.enter("exit")
    assert terminal.wait_for_end() == 0
    kept = tmp_path / "state" / "history"
    assert kept.read_text() == "connect bob\nexit\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    second = start_sample()
    second.terminal.send("\x1b[A\x1b[A")
    second.terminal.wait_for("menu> connect bob")


def test_a_question_counts_down_and_only_a_line_begun_after_it_answers_it(sample: Sample) -> None:
    terminal = in_chat(sample)
    terminal.send("y")
    terminal.wait_for("You > y")
    sample.tell("ask bob offers Von.mp3?")
    terminal.wait_for("status bob offers Von.mp3? (59 s)")
    terminal.enter("")
    terminal.wait_for("You > 'y'")
    terminal.wait_for("You > bob offers Von.mp3?")
    terminal.wait_for(re.compile(r"status bob offers Von.mp3\? \(5[0-8] s\)"))
    terminal.enter("yes")
    terminal.wait_for("You > 'yes'")
    terminal.enter("y")
    terminal.wait_for("answered y")
    terminal.wait_for("status quiet")


def test_a_progress_bar_in_the_toolbar_and_above_when_done(start_sample: StartSample) -> None:
    sample = start_sample(columns=40)
    terminal = in_chat(sample)
    terminal.send("half")
    sample.tell("start 1000", "add 500")
    screen = terminal.wait_for("50%")
    assert [line[:26] for line in screen[-3:]] == ["You > half", "Sending Von.mp3...  50%|██", "status quiet"]
    sample.tell("add 500", "finish")
    terminal.wait_for(lambda screen: screen[-2:] == ["You > half", "status quiet"])
    assert "100%|" in terminal.screen[-3]


def test_the_screen_changes_under_a_half_typed_line(sample: Sample) -> None:
    terminal = sample.terminal
    terminal.send("lis")
    terminal.wait_for("menu> lis")
    sample.tell("run connect bob")
    terminal.wait_for(CHAT)
    assert terminal.style("You")["fg"] == "red"
    assert not any("menu" in line for line in terminal.screen)
    terminal.send("hello")
    terminal.wait_for("You > hello")
    sample.tell("run X")
    terminal.wait_for("menu> lis")
    terminal.enter("t")
    terminal.wait_for("unknown 'list'")


def test_ctrl_c_cancels_what_runs_and_waits_for_its_clean_up(sample: Sample) -> None:
    terminal = sample.terminal
    terminal.enter("wait")
    terminal.wait_for("waiting")
    terminal.send("\x03")
    screen = terminal.wait_for("to leave, type exit")
    assert screen.index("cleaned up") < screen.index("to leave, type exit")
    terminal.wait_for(MENU)
    terminal.send("abc")
    terminal.wait_for("menu> abc")
    terminal.send("\x03")
    terminal.wait_for(lambda screen: screen[-2:] == ["menu>", "status quiet"])


def test_what_is_typed_while_a_command_runs_waits_unseen(sample: Sample) -> None:
    terminal = sample.terminal
    terminal.enter("wait")
    terminal.wait_for("waiting")
    terminal.send("exi\x04")
    sample.tell("say something")
    terminal.wait_for("something")
    assert terminal.screen[-1] == "something"
    sample.tell("post from the main thread")  # it waits for the network and still listens
    terminal.wait_for("from the main thread")


def test_a_ctrl_d_between_two_prompts_is_not_lost(start_sample: StartSample) -> None:
    sample = start_sample()
    sample.terminal.send("crash\r\x04")
    assert sample.terminal.wait_for_end() == 0
    assert sample.terminal.screen[-3:] == ["menu>", "the input ended", "bye"]
    assert flags_of(sample.terminal) == AS_FOUND


def test_a_command_that_is_broken_is_one_line_and_the_shell_goes_on(sample: Sample) -> None:
    sample.terminal.enter("crash")
    sample.terminal.wait_for("internal error: ZeroDivisionError: a bug")
    sample.terminal.wait_for(MENU)


@pytest.mark.parametrize("where", ["menu", "command"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_and_the_terminal_is_as_it_was(
    sample: Sample, where: str, number: signal.Signals
) -> None:
    terminal = sample.terminal
    assert flags_of(terminal) & (termios.ECHO | termios.ICANON) == 0
    if where == "command":
        terminal.enter("wait")
        terminal.wait_for("waiting")
    else:
        terminal.send("half")
        terminal.wait_for("menu> half")
    terminal.kill(number)
    assert terminal.wait_for_end() == 128 + number
    assert flags_of(terminal) == AS_FOUND
    assert not terminal.brackets_pastes
    assert any("cleaned up" in line for line in terminal.screen) == (where == "command")


def test_an_error_that_nothing_catches_shows_on_a_terminal_as_it_was(start_sample: StartSample, tmp_path: Path) -> None:
    program = (
        "from ud2p_shell.terminal import Console, Prompt\n"
        "with Console() as console:\n"
        "    console.line_input(Prompt(text=lambda: [('', '> ')]), []).readline()\n"
        "    print('half a line', end='')\n"
        "    raise KeyError('the end')\n"
    )
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.wait_for(re.compile("^>$"))
        terminal.enter("ok")
        assert terminal.wait_for_end() == 1
        assert "KeyError: 'the end'" in terminal.screen
        assert flags_of(terminal) == AS_FOUND


def test_ctrl_z_stops_the_program_with_the_terminal_as_it_was_and_fg_goes_on(tmp_path: Path) -> None:
    with Terminal(["bash", "--norc", "--noediting", "-i"], env={"PS1": "$ "}, columns=200) as terminal:
        terminal.wait_for(re.compile(r"^\$$"))
        terminal.enter(f"'{sys.executable}' '{SAMPLE}' -")
        terminal.wait_for(MENU)
        terminal.send("half")
        terminal.wait_for("menu> half")
        terminal.send("\x1a")
        terminal.wait_for("Stopped")
        terminal.wait_for(lambda screen: screen[-1] == "$")
        assert not terminal.brackets_pastes
        terminal.enter("stty -a | grep -c ' icanon.*'; stty -a | grep -c ' echo '")
        terminal.wait_for(lambda screen: screen[-3:] == ["1", "1", "$"])
        terminal.enter("fg")
        terminal.wait_for(lambda screen: screen[-2:] == ["menu> half", "status quiet"])
        terminal.enter(" a line")
        terminal.wait_for("unknown 'half a line'")
        terminal.enter("wait")
        terminal.wait_for("waiting")
        terminal.send("\x1a")
        terminal.wait_for(lambda screen: screen[-1] == "$")
        terminal.enter("fg")
        terminal.wait_for(lambda _: flags_of(terminal) == termios.ISIG)
        terminal.send("\x03")
        terminal.wait_for("cleaned up")
        terminal.wait_for(MENU)


def test_a_terminal_that_hangs_up_ends_a_program_that_ignores_the_signal() -> None:
    with Terminal(["sh", "-c", f"trap '' HUP; exec '{sys.executable}' '{SAMPLE}' -"]) as terminal:
        terminal.wait_for(MENU)
        terminal.hang_up()
        assert terminal.wait_for_end(20) == 0


def run_on_pipes(text: bytes, **env: str) -> tuple[list[str], str, int]:
    done = subprocess.run(
        [sys.executable, str(SAMPLE), "-"], input=text, capture_output=True, timeout=60, env={**os.environ, **env}
    )
    assert b"\x1b" not in done.stdout + done.stderr
    return done.stdout.decode().splitlines(), done.stderr.decode(), done.returncode


def test_on_pipes_lines_in_lines_out_and_nothing_else() -> None:
    out, err, code = run_on_pipes(b"hello\r\nconnect bob\nhi \xff\xf0\nX\npick\n\nwhat\xc3\npick\n2")
    assert out == [
        "the banner",
        "unknown 'hello'",
        "Connected to bob",
        "You > 'hi \ufffd\ufffd'",
        "back in the menu",
        "picked '1'",
        "unknown 'what\ufffd'",
        "picked '2'",
        "the input ended",
        "bye",
    ]
    assert (err, code) == ("", 0)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_program_started_without_a_stream_does_without_it(closed: str) -> None:
    command = f"'{sys.executable}' '{SAMPLE}' - {closed}"
    done = subprocess.run(["sh", "-c", command], input=b"pick\n7\n", capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    if closed == "2>&-":
        assert b"picked '7'" in done.stdout


def test_on_a_dumb_terminal_prompts_are_plain_and_the_screen_has_no_escapes() -> None:
    with Terminal([sys.executable, str(SAMPLE), "-"], env={"TERM": "dumb"}) as terminal:
        terminal.wait_for(MENU)
        terminal.enter("pick")
        terminal.wait_for(re.compile(r"^number: \[1\]$"))
        terminal.enter("7")
        terminal.wait_for("picked '7'")
        terminal.send("\x03")
        terminal.wait_for("to leave, type exit")
        terminal.enter("wait")
        terminal.wait_for("waiting")
        terminal.send("\x03")
        terminal.wait_for("cleaned up")
        terminal.wait_for(lambda screen: screen[-1] == "menu>")
        terminal.send("\x04")
        assert terminal.wait_for_end() == 0
        assert b"\x1b" not in terminal.output


def test_on_a_dumb_terminal_a_command_interrupts_the_wait_for_a_line(start_sample: StartSample) -> None:
    sample = start_sample(env={"TERM": "dumb"})
    sample.tell("run connect bob")
    sample.terminal.wait_for(CHAT)
    sample.tell("say from a thread", "post from the main thread")
    sample.terminal.wait_for("from the main thread")


def test_no_color_leaves_the_colours_out(start_sample: StartSample) -> None:
    sample = start_sample(env={"NO_COLOR": "1"})
    assert in_chat(sample).style("You")["fg"] == "default"
