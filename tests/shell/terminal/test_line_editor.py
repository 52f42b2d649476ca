"""Editing a line, in a terminal inside this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from tests.shell.terminal.helpers import Tty

from ud2p_shell.terminal import Completions, Console, LineInput, Prompt, complete_words


def make_input(console: Console, cmdqueue: list[str] | None = None, **details: object) -> LineInput:
    prompt = Prompt(text=lambda: [("", "> ")], **details)  # type: ignore[arg-type]
    return console.line_input(prompt, [] if cmdqueue is None else cmdqueue)


def test_enter_returns_the_line_and_leaves_it_on_the_screen(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.type("list\r")
    assert lines.readline() == "list\n"
    assert not lines.at_end
    tty.wait_for(lambda screen: screen == ["> list"])


def test_a_prompt_that_is_erased_leaves_nothing(tty: Tty, console: Console) -> None:
    lines = make_input(console, erase_when_done=True, toolbar=lambda: [("", "status")])
    tty.type("hello\r")
    assert lines.readline() == "hello\n"
    print("You > hello")
    tty.wait_for(lambda screen: screen == ["You > hello"])


def test_lines_typed_ahead_come_one_by_one(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.type("one\rtwo\rthr")
    assert [lines.readline(), lines.readline()] == ["one\n", "two\n"]
    console.main.post(lambda: tty.type("ee\r"))
    assert lines.readline() == "three\n"


def test_ctrl_d_on_an_empty_line_is_the_end_and_else_nothing(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.type("ab\x04c\r\x04")
    assert lines.readline() == "abc\n"
    assert lines.readline() == ""
    assert lines.at_end


def test_the_end_of_one_shell_is_not_the_end_of_the_next_prompt(tty: Tty, console: Console) -> None:
    chat, menu = make_input(console), make_input(console)
    tty.type("\x04list\r")
    assert chat.readline() == ""
    assert menu.readline() == "list\n"
    assert not menu.at_end


def test_a_typed_eof_is_a_line(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.type("EOF\r")
    assert lines.readline() == "EOF\n"
    assert not lines.at_end


def test_ctrl_c_clears_a_line_and_interrupts_on_an_empty_one(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.play((">", "abc"), ("> abc", "\x03def\r"))
    assert lines.readline() == "def\n"
    tty.join()
    tty.play((">", "\x03"))  # with no prompt open it would be a signal
    with pytest.raises(KeyboardInterrupt):
        lines.readline()
    assert not lines.at_end


def test_a_paste_of_several_lines_is_one_edit(tty: Tty, console: Console) -> None:
    chat, menu = make_input(console, keep_newlines=True), make_input(console)
    tty.type("a \x1b[200~one\rtwo\r\nthree\n\x1b[201~ z\r")
    assert chat.readline() == "a one\ntwo\nthree z\n"
    tty.type("\x1b[200~one\rtwo\n\x1b[201~\r")
    assert menu.readline() == "one two\n"


def test_alt_enter_starts_a_new_line_where_newlines_stay(tty: Tty, console: Console) -> None:
    chat = make_input(console, keep_newlines=True)
    tty.type("one\x1b\rtwo\r")
    assert chat.readline() == "one\ntwo\n"


def test_bytes_that_are_no_text_become_replacement_characters(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.type(b"a\xff\xc3(b\r")
    assert lines.readline() == "a\ufffd\ufffd(b\n"


def test_an_interruption_keeps_the_draft_and_its_cursor(tty: Tty, console: Console) -> None:
    queue: list[str] = []
    menu = make_input(console, queue, toolbar=lambda: [("", "status")])
    tty.play((">", "hello\x1b[D\x1b[D"), ("> hello", lambda: menu.interrupt_with("chat")))  # the cursor is on the l
    assert menu.readline() == "\n"
    assert queue == ["chat"]
    assert not menu.at_end
    tty.wait_for(lambda screen: screen == [])  # nothing of the prompt is left
    assert menu.readline() == "\n"  # as long as the command was not taken
    queue.clear()
    tty.type("XY\r")
    assert menu.readline() == "helXYlo\n"
    tty.type("next\r")
    assert menu.readline() == "next\n"  # the draft came back once


def test_ctrl_c_throws_a_draft_away(tty: Tty, console: Console) -> None:
    queue: list[str] = []
    menu = make_input(console, queue)
    tty.play((">", "hello"), ("> hello", lambda: menu.interrupt_with("chat")))
    menu.readline()
    queue.clear()
    tty.join()
    tty.wait_for(lambda screen: screen == [])
    tty.play(("> hello", "\x03"), (">", "\x03"))
    with pytest.raises(KeyboardInterrupt):
        menu.readline()
    tty.type("\r")
    assert menu.readline() == "\n"


def test_an_interruption_before_the_prompt_is_open_is_not_lost(tty: Tty, console: Console) -> None:
    queue: list[str] = []
    menu = make_input(console, queue)
    console.main.post(lambda: menu.interrupt_with("chat"))
    assert menu.readline() == "\n"
    assert queue == ["chat"]


def test_keys_behind_an_interruption_wait_for_the_next_prompt(tty: Tty, console: Console) -> None:
    queue: list[str] = []
    menu, chat = make_input(console, queue), make_input(console)

    def interrupt_and_type() -> None:
        menu.interrupt_with("chat")
        tty.type("hi\r")

    tty.play((">", interrupt_and_type))
    assert menu.readline() == "\n"
    assert chat.readline() == "hi\n"


def test_ask_takes_one_line_and_an_interruption_cancels_it(tty: Tty, console: Console) -> None:
    queue = ["a command that waits is no interruption"]
    menu = make_input(console, queue)
    tty.type("2\r\x15other\r")
    assert menu.ask("Number: ") == "2"
    assert menu.ask("Name: ", default="bob") == "other"
    tty.wait_for(lambda screen: screen == ["Number: 2", "Name: other"])
    console.main.post(lambda: menu.interrupt_with("chat"))
    assert menu.ask("Number: ") is None
    assert not menu.at_end
    queue.clear()
    tty.type("\x04")
    assert menu.ask("Number: ") is None
    assert menu.at_end


def test_posted_calls_run_while_a_prompt_is_open_and_print_above_it(tty: Tty, console: Console) -> None:
    seen: list[int] = []

    def arrive() -> None:
        seen.append(threading.get_ident())
        print("bob says hi")

    tty.play((">", lambda: console.main.post(arrive)), ("bob says hi", "ok\r"))
    assert make_input(console).readline() == "ok\n"
    tty.wait_for(lambda screen: screen == ["bob says hi", "> ok"])
    assert seen == [threading.get_ident()]


def test_when_a_line_was_begun(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    marks: list[float] = []

    def mark() -> None:
        marks.append(time.monotonic())

    tty.play((">", mark), (">", "y"), ("> y", mark), ("> y", "\r"))
    assert lines.readline() == "y\n"
    assert marks[0] <= lines.last_line_begun_at <= marks[1]


def test_a_line_begun_anew_counts_from_its_new_beginning(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    marks: list[float] = []
    tty.play((">", "x"), ("> x", lambda: marks.append(time.monotonic())), ("> x", "\x7fy\r"))
    assert lines.readline() == "y\n"
    assert lines.last_line_begun_at >= marks[0]


def test_an_empty_line_is_begun_when_it_is_entered(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    marks: list[float] = []
    tty.play((">", lambda: marks.append(time.monotonic())), (">", "\r"))
    assert lines.readline() == "\n"
    assert lines.last_line_begun_at >= marks[0]


def test_keys_typed_before_a_question_never_count_as_its_answer(tty: Tty, console: Console) -> None:
    lines = make_input(console)
    tty.type("a\r")
    lines.readline()
    tty.type("b\ry\r")  # a command runs
    asked_at = time.monotonic()
    for line in ("b\n", "y\n"):
        assert lines.readline() == line
        assert lines.last_line_begun_at < asked_at
    tty.play((">", "y\r"))
    assert lines.readline() == "y\n"
    assert lines.last_line_begun_at > asked_at


def test_a_draft_keeps_when_it_was_begun(tty: Tty, console: Console) -> None:
    queue: list[str] = []
    menu = make_input(console, queue)
    tty.play((">", "y"), ("> y", lambda: menu.interrupt_with("chat")))
    menu.readline()
    asked_at = time.monotonic()
    queue.clear()
    tty.type("\r")
    assert menu.readline() == "y\n"
    assert menu.last_line_begun_at < asked_at


def test_the_toolbar_comes_and_goes_and_the_placeholder_never_stays(tty: Tty, console: Console) -> None:
    texts = {"toolbar": "", "placeholder": ""}
    lines = make_input(
        console,
        toolbar=lambda: [("", texts["toolbar"])] if texts["toolbar"] else [],
        placeholder=lambda: [("", texts["placeholder"])],
    )

    def change(**new: str) -> None:
        texts.update(new)
        console.invalidate()

    tty.play(
        (">", lambda: change(toolbar="one\ntwo", placeholder="y or n?")),
        ("> y or n?", lambda: tty.wait_for(lambda screen: screen == ["> y or n?", "one", "two"])),
        ("> y or n?", "x"),
        ("> x", lambda: tty.wait_for(lambda screen: screen == ["> x", "one", "two"])),
        ("> x", "\x7f"),
        ("> y or n?", lambda: change(toolbar="")),
        ("> y or n?", lambda: tty.wait_for(lambda screen: screen == ["> y or n?"])),
        ("> y or n?", "\r"),
    )
    assert lines.readline() == "\n"
    tty.wait_for(lambda screen: screen == [">"])


def test_a_clock_in_the_toolbar_ticks(tty: Tty, console: Console) -> None:
    shown: list[float] = []

    def toolbar() -> list[tuple[str, str]]:
        shown.append(time.monotonic())
        if len(shown) == 2:
            tty.type("\r")
        return [("", str(len(shown)))]

    make_input(console, toolbar=toolbar, ticking=lambda: True).readline()
    assert len(shown) >= 2


@pytest.mark.parametrize("where", ["text", "toolbar", "placeholder"])
def test_an_error_in_a_callable_is_reported_once_and_the_line_stays_editable(tty: Tty, where: str) -> None:
    reported: list[BaseException] = []

    def broken() -> list[tuple[str, str]]:
        raise ValueError("broken")

    with Console(report=reported.append) as console:
        details: dict[str, Callable[[], list[tuple[str, str]]]] = {"text": lambda: [("", "> ")], where: broken}
        lines = console.line_input(Prompt(**details), [])  # type: ignore[arg-type]
        console.main.post(lambda: console.main.post(lambda: tty.type("abc\x7f\r")))
        assert lines.readline() == "ab\n"
    assert [str(error) for error in reported] == ["broken"]


def test_tab_completes_as_far_as_it_is_clear_and_then_lists(tty: Tty, console: Console) -> None:
    lines = make_input(console, completer=complete_words(lambda: ["connect", "continue", "list"]))
    tty.type("li\t\r")
    assert lines.readline() == "list \n"
    tty.play((">", "c\t"), ("> con", "\t"), ("connect   continue", "t\t\r"))
    assert lines.readline() == "continue \n"
    tty.wait_for(lambda screen: screen == ["> list", "connect   continue", "> continue"])


def test_tab_without_a_completer_or_a_candidate_changes_nothing(tty: Tty, console: Console) -> None:
    tty.type("a\tb\r")
    assert make_input(console).readline() == "ab\n"
    tty.type("a\tb\r")
    nobody = make_input(console, completer=lambda before: Completions(len(before), ()))
    assert nobody.readline() == "ab\n"


def test_a_completer_that_fails_is_reported_and_no_key_is_lost(tty: Tty) -> None:
    reported: list[BaseException] = []

    def fail(_: str) -> Completions:
        raise ValueError("broken")

    with Console(report=reported.append) as console:
        tty.type("a\tb\r")
        assert make_input(console, completer=fail).readline() == "ab\n"
    assert [str(error) for error in reported] == ["broken"]


def test_history_per_kind_of_prompt(tty: Tty, console: Console) -> None:
    menu, chat = make_input(console), make_input(console)
    tty.type("list\r")
    menu.readline()
    tty.type("hello\r")
    chat.readline()
    tty.type("\x1b[A\r")
    assert menu.readline() == "list\n"
    tty.type("\x1b[A\r")
    assert chat.readline() == "hello\n"
