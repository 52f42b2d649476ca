"""Words, names and paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.text import gate
from ud2p_shell.terminal import (
    Completions,
    complete_commands,
    complete_path,
    complete_paths,
    complete_words,
    split_paths,
)
from ud2p_shell.terminal import completion as completion_module


def texts(completions: Completions) -> list[str]:
    return [candidate.text for candidate in completions.candidates]


def completed(before: str, completions: Completions) -> str:
    """The line after Tab, when there is one candidate."""
    (only,) = completions.candidates
    return before[: completions.start] + only.text + only.ends


def test_words_without_regard_to_case_and_each_once() -> None:
    complete = complete_words(lambda: ["Bob", "alice", "bobby", "Bob"])
    assert texts(complete("bO")) == ["Bob", "bobby"]
    assert texts(complete("")) == ["alice", "Bob", "bobby"]
    assert complete("  al") == Completions(2, complete("al").candidates)
    assert texts(complete("x")) == []


def test_words_are_those_of_this_moment() -> None:
    names = ["bob"]
    complete = complete_words(lambda: names)
    assert texts(complete("")) == ["bob"]
    names.append("carol")
    assert texts(complete("")) == ["bob", "carol"]


def test_arguments_by_the_first_word() -> None:
    names = complete_words(lambda: ["bob", "carol"])
    complete = complete_commands(lambda: ["connect", "list"], {"connect": names})
    assert completed("l", complete("l")) == "list "
    assert completed(" CON", complete(" CON")) == " connect "
    assert completed("connect c", complete("connect c")) == "connect carol "
    assert completed("Connect  c", complete("Connect  c")) == "Connect  carol "
    assert texts(complete("list b")) == []
    assert texts(complete("unknown b")) == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one.txt", "My Holiday.jpg", "Bob's file", ".hidden", "bad\x1bname", "nothing.", 'say "hi"'):
        (tmp_path / name).touch()
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "Von.mp3").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("on", "one.txt "),
        ("mu", "music/"),
        ("music/", "music/Von.mp3 "),
        ("~", "~/"),
        ("~/o", "~/one.txt "),
        ("My", r"My\ Holiday.jpg "),
        (r"My\ H", r"My\ Holiday.jpg "),
        ('"My H', '"My Holiday.jpg" '),
        ("'My H", "'My Holiday.jpg' "),
        ("Bob", r"Bob\'s\ file "),
        ("'Bob", r"""'Bob'\''s file' """),
        ('"Bob', '"Bob\'s file" '),
        ('"say', r'"say \"hi\"" '),
        ('"mu', '"music/'),
        ("one.txt mu", "one.txt music/"),
        (r"My\ Holiday.jpg music/V", r"My\ Holiday.jpg music/Von.mp3 "),
        (".h", ".hidden "),
    ],
)
def test_paths_quoted_as_in_a_shell(folder: Path, typed: str, becomes: str) -> None:
    assert completed(typed, complete_paths(typed)) == becomes
    if not becomes.endswith("/"):
        assert [Path(path).exists() for path in split_paths(becomes)] == [True] * len(split_paths(becomes))


def test_a_line_that_is_one_path_has_no_quotes(folder: Path) -> None:
    assert completed("My H", complete_path("My H")) == "My Holiday.jpg"
    assert completed("music/V", complete_path("music/V")) == "music/Von.mp3"
    assert completed("~/mu", complete_path("~/mu")) == "~/music/"


def test_hidden_names_and_names_that_would_act_on_the_terminal_are_not_offered(folder: Path) -> None:
    labels = [candidate.label for candidate in complete_path("").candidates]
    assert labels == ["Bob's file", "My Holiday.jpg", "music/", "nothing.", "one.txt", 'say "hi"']
    assert texts(complete_path("bad")) == []


@pytest.mark.parametrize("typed", ["nowhere/", "one.txt/", "a\0b", "/root/no/such", "~nobody-of-that-name/x"])
def test_what_can_not_be_listed_offers_nothing(folder: Path, typed: str) -> None:
    assert texts(complete_paths(typed)) == []


def test_a_huge_folder_is_looked_at_in_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion_module, "MAX_ENTRIES", 3)
    assert len(complete_path("").candidates) <= 3


def test_split_paths(folder: Path) -> None:
    assert split_paths("") == []
    assert split_paths(" My Holiday.jpg ") == ["My Holiday.jpg"]  # names something as it stands
    assert split_paths("Bob's file") == ["Bob's file"]
    assert split_paths("one.txt music/Von.mp3") == ["one.txt", "music/Von.mp3"]
    assert split_paths("~/one.txt 'a b'") == [str(folder / "one.txt"), "a b"]
    assert split_paths("Alice's file") == ["Alice's file"]  # the quote never closes
    assert split_paths("a#b") == ["a#b"]


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z", "M"), exclude_characters="/")
    | st.sampled_from(" '\"\\~$&"),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in (".", "..") and not name.startswith("~"))


@given(name=NAMES, quote=st.sampled_from(["", '"', "'"]), cut=st.integers(0, 12))
def test_what_is_completed_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, quote: str, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("names")
    if gate(name) != name or len(os.fsencode(name)) > 255:
        return
    (folder / name).touch()
    start, _ = completion_module._quoted(f"{folder}/{name[:cut]}", quote)
    if cut == 0 and name.startswith("."):
        return
    line = completed(start, complete_paths(start))
    assert split_paths(line) == [str(folder / name)]
