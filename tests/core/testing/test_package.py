"""``ud2p.testing`` itself: its names, and what importing it costs."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from tests.core.test_public_api import loaded_by

from ud2p import testing

PUBLIC = [
    "CipherConformance",
    "Clock",
    "CommandConformance",
    "DirectoryConformance",
    "FileTransferConformance",
    "LossyTransport",
    "NameStoreConformance",
    "Pair",
    "PairedLink",
    "Person",
    "ProgressLog",
    "SESSION",
    "Terminal",
    "ThemeConformance",
    "TransportConformance",
    "a_broker",
    "a_person",
    "hostile_events",
    "hostile_text",
    "identity_of",
    "introduce",
    "link_pair",
    "lossy",
    "plain_text",
    "suites_for",
    "two_in_a_chat",
]


def test_the_public_names_are_these() -> None:
    assert testing.__all__ == PUBLIC
    assert set(PUBLIC) <= set(dir(testing))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(testing, name) is not None


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'CypherConformance'"):
        _ = testing.CypherConformance  # type: ignore[attr-defined]


def test_importing_it_loads_nothing_else() -> None:
    modules = [f"ud2p.testing.{each.name}" for each in pkgutil.iter_modules(testing.__path__)]
    names = " ".join([*modules, "pytest", "hypothesis", "pytest_asyncio", "asyncio", "ud2p.errors", "ud2p_server"])
    assert loaded_by("import ud2p.testing; dir(ud2p.testing)", names) == []


def test_every_module_that_asserts_is_explained_by_pytest() -> None:
    folder = Path(testing.__path__[0])
    asserting = {path.stem for path in folder.glob("*.py") if re.search(r"^ +assert ", path.read_text(), re.MULTILINE)}
    assert {f"ud2p.testing.{name}" for name in asserting} <= set(testing.MODULES)


def test_the_library_itself_does_not_need_it() -> None:
    everything = "import ud2p; [getattr(ud2p, name) for name in ud2p.__all__]"
    assert loaded_by(everything, "ud2p.testing pytest hypothesis") == []
    assert importlib.import_module("ud2p.testing") is testing
