from __future__ import annotations

import pytest

from ud2p.plugins.record import Plugin, canonical


@pytest.mark.parametrize(
    ("name", "form"), [("ud2p", "ud2p"), ("UD2P", "ud2p"), ("a.b_c--D", "a-b-c-d"), ("ud2p-x", "ud2p-x")]
)
def test_one_form_for_every_spelling(name: str, form: str) -> None:
    assert canonical(name) == form


def test_only_this_distribution_is_built_in() -> None:
    assert Plugin("x", "ud2p", "1").builtin
    assert not Plugin("x", "ud2p-sparkle", "1").builtin
    assert not Plugin("x", "", "").builtin


@pytest.mark.parametrize(
    ("distribution", "version", "title"),
    [
        ("ud2p-x", "1.0", 'plugin "x" (ud2p-x 1.0)'),
        ("ud2p-x", "", 'plugin "x" (ud2p-x)'),
        ("", "", 'plugin "x"'),
    ],
)
def test_how_it_is_named(distribution: str, version: str, title: str) -> None:
    assert Plugin("x", distribution, version).title == title


def test_names_pass_the_gate() -> None:
    assert Plugin("x\x1b", "y\u202e", "\x07").title.isprintable()


def test_problems_add_up_to_a_record() -> None:
    plugin = Plugin("x", "y", "1")
    plugin.off_because = "turned off"
    plugin.problems = {"a": "one", "b": "two"}
    assert plugin.record(()).problem == "turned off; one; two"
