"""Questions: one at a time, answered by a whole line that was begun after they appeared."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ud2p.errors import UsageError
from ud2p.screen import InvitationArrived, ScreenEvent
from ud2p_shell.questions import Question, Questions


class Desk:
    """Asks, and notes what was shown and answered."""

    def __init__(self) -> None:
        self.shown: list[ScreenEvent] = []
        self.answers: list[tuple[str, bool, str]] = []
        self.questions = Questions(self.shown.append)

    def ask(self, peer: str) -> None:
        def answer(yes: bool, reason: str) -> None:
            self.answers.append((peer, yes, reason))

        event = InvitationArrived(peer, None, 60)
        self.questions.ask(Question(peer, peer, lambda: event, answer))

    def type(self, line: str, begun_at: float | None = None) -> bool:
        begun_at = time.monotonic() if begun_at is None else begun_at
        if self.questions.is_answer(line, begun_at):
            self.questions.answer_line(line)
            return True
        return False


def test_y_and_n_answer_and_nothing_else_does() -> None:
    desk = Desk()
    desk.ask("bob")
    for line in ("yes", "no", "yo", "", "y n", "j"):
        assert not desk.type(line)
    assert desk.type("Y")
    desk.ask("bob")
    assert desk.type(" n ")
    assert desk.answers == [("bob", True, ""), ("bob", False, "")]


def test_into_a_folder_is_an_answer_where_a_file_is_asked_about(tmp_path: Path) -> None:
    desk = Desk()
    desk.ask("bob")
    assert not desk.type(f"into {tmp_path}")
    desk.type("n")
    folders: list[Path] = []
    event = InvitationArrived("carol", None, 60)
    desk.questions.ask(Question("file", "carol", lambda: event, lambda yes, reason: None, into=folders.append))
    assert not desk.type("into")
    with pytest.raises(UsageError, match="is not a folder; make it"):
        desk.type(f"into {tmp_path}/nowhere")
    assert desk.questions.current is not None
    assert not desk.type(f"into {tmp_path}", begun_at=0.0)
    assert desk.type(f" Into {tmp_path} ")
    assert folders == [tmp_path]
    assert desk.questions.current is None


def test_a_line_begun_before_the_question_is_no_answer() -> None:
    desk = Desk()
    begun_at = time.monotonic()
    desk.ask("bob")
    assert not desk.type("y", begun_at)
    assert desk.type("y")


def test_without_a_question_y_is_just_a_word() -> None:
    assert not Desk().type("y")


def test_one_question_at_a_time() -> None:
    desk = Desk()
    desk.ask("bob")
    desk.ask("carol")
    assert len(desk.shown) == 1
    asked_bob = time.monotonic()
    assert desk.type("n")
    assert len(desk.shown) == 2
    assert not desk.type("y", asked_bob)  # it was meant for Bob's
    assert desk.type("y")
    assert desk.answers == [("bob", False, ""), ("carol", True, "")]
    assert desk.questions.current is None


def test_answering_by_name() -> None:
    desk = Desk()
    desk.ask("bob")
    desk.ask("Carol")
    assert desk.questions.answer("carol", False, "busy")
    assert not desk.questions.answer("dave", True)
    assert desk.questions.answer("", True)
    assert not desk.questions.answer("", True)
    assert desk.answers == [("Carol", False, "busy"), ("bob", True, "")]


def test_withdrawing() -> None:
    desk = Desk()
    desk.ask("bob")
    desk.ask("carol")
    assert desk.questions.withdraw("bob")
    assert len(desk.shown) == 2
    assert not desk.questions.withdraw("bob")
    assert desk.type("y")
    assert desk.answers == [("carol", True, "")]
