"""The list of defences stays true to the source: `make mutants` runs it."""

from __future__ import annotations

import collections

import pytest
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import ROOT, Mutant

SENTENCE = "changed the source? then change the list in tests/mutants/catalogue with it (see CONTRIBUTING.md)"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.defence)
def test_each_can_still_be_taken_out(mutant: Mutant) -> None:
    """Its texts stand in the source exactly once, what is left is Python, and its tests are there."""
    assert mutant.problems() == [], SENTENCE
    assert mutant.tests
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert mutant.apply(source) != source


def test_none_is_there_twice() -> None:
    for key in ((each.defence for each in MUTANTS), ((each.file, each.edits) for each in MUTANTS)):
        assert [one for one, times in collections.Counter(key).items() if times > 1] == []
