"""Which files and folders may be offered together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ud2p.contracts import FileEntry, FileOffer
from ud2p.entries import MAX_DEPTH, MAX_ENTRIES, MAX_TOTAL_BYTES, check_entries
from ud2p.errors import UnsafeName


def folder(path: str) -> FileEntry:
    return FileEntry(path, is_folder=True)


def deep(n_names: int) -> list[FileEntry]:
    return [folder("/".join(["d"] * n)) for n in range(1, n_names + 1)]


def test_what_keeps_the_rules_stays_as_it_is() -> None:
    entries = [folder("a"), FileEntry("a/b", 5), folder("a/c"), FileEntry("a/c/b", 5), FileEntry("b", 0), *deep(32)]
    assert check_entries(entries) == entries


def test_paths_are_composed() -> None:
    assert [entry.path for entry in check_entries([folder("e\u0301"), FileEntry("\u00e9/o\u0308")])] == ["é", "é/ö"]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ([FileEntry("a/b")], "in a folder that is not offered"),
        ([FileEntry("a"), FileEntry("a/b")], "in a folder that is not offered"),
        ([FileEntry("/etc/passwd")], "in a folder that is not offered"),
        ([FileEntry("/passwd")], "in a folder that is not offered"),
        ([folder("a"), FileEntry("a//b")], "in a folder that is not offered"),
        ([folder("a"), FileEntry("a/")], "must have a name"),
        ([folder("..")], "is a folder"),
        ([folder("a"), FileEntry("a/..")], "is a folder"),
        ([folder("a"), FileEntry("a/NUL.txt")], "device"),
        ([folder("a"), FileEntry("a/b\\c")], "holds a path"),
        ([folder("a"), folder("A")], "two of"),
        ([folder("stra\u00dfe"), folder("STRASSE")], "two of"),
        ([folder("a"), FileEntry("a")], "two of"),
        (deep(MAX_DEPTH + 1), "more than 32 folders deep"),
        ([FileEntry("a", -1)], "impossible size"),
        ([FileEntry("a", MAX_TOTAL_BYTES), FileEntry("b", 1)], "impossible size"),
        ([FileEntry("a", 5, is_folder=True)], "impossible size"),
        ([FileEntry(f"{n}") for n in range(MAX_ENTRIES + 1)], "more than 20,000"),
    ],
)
def test_what_does_not(entries: list[FileEntry], sentence: str) -> None:
    with pytest.raises(UnsafeName, match=sentence):
        check_entries(entries)


def test_no_path_of_a_hundred_megabytes_is_shown_whole() -> None:
    with pytest.raises(UnsafeName) as refused:
        check_entries([FileEntry("x" * 1000 + "/y")])
    assert len(str(refused.value)) < 250


PARTS = st.sampled_from(["a", "A", "..", ".", "", "b\\", "C:", "c", "nul", "d. ", "é", "e\u0301", "\u202e"])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@given(st.lists(st.tuples(PATHS, st.booleans()), min_size=1, max_size=6))
def test_what_is_let_through_stays_where_it_is_put(tree: list[tuple[str, bool]]) -> None:
    try:
        entries = check_entries([FileEntry(path, is_folder=is_folder) for path, is_folder in tree])
    except UnsafeName:
        return
    seen: set[str] = set()
    for entry in entries:
        assert not {"", ".", ".."} & set(entry.parts)
        assert not entry.path.startswith(("/", "\\"))
        assert entry.is_root or entry.path.rpartition("/")[0] in {each.path for each in entries if each.is_folder}
        assert entry.path.casefold() not in seen
        seen.add(entry.path.casefold())


def test_what_an_offer_is_called() -> None:
    assert FileOffer("0" * 32, "tcp", (FileEntry("a.txt", 5),)).name == "a.txt"
    offer = FileOffer("0" * 32, "tcp", (folder("a"), FileEntry("a/b", 5), FileEntry("c", 6), FileEntry("d", 7)))
    assert (offer.name, offer.size_bytes, offer.n_files) == ("a and 2 more", 18, 3)
    assert not offer.is_single_file
    assert not FileOffer("0" * 32, "tcp", (folder("a"),)).is_single_file
