"""A plugin that never comes to an end is named."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ud2p.hookspecs import impl
from ud2p.plugins import PluginManager, manager
from ud2p.plugins.record import Plugin
from ud2p.plugins.watchdog import LIMIT_S, Watchdog

SLOW = Plugin("slow", "ud2p-slow", "1.0")
DEADLINE_S = 20.0


class Heard:
    """Takes warnings, and lets whoever waits for one go on."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self._something = threading.Event()

    def warn(self, sentence: str) -> None:
        self.sentences.append(sentence)
        self._something.set()

    def wait(self) -> None:
        assert self._something.wait(DEADLINE_S)


def test_it_is_named_while_it_goes_on() -> None:
    heard = Heard()
    watchdog = Watchdog(heard.warn, limit_s=0.01)
    with watchdog.on_duty(), watchdog.watching(SLOW, "is being imported"):
        heard.wait()
    assert heard.sentences == [
        'still waiting for plugin "slow" (ud2p-slow 1.0), which is being imported; '
        "Ctrl-C ends this, and --no-plugin slow starts without it"
    ]


def test_each_is_named_once_and_the_quick_ones_are_not() -> None:
    heard = Heard()
    watchdog = Watchdog(heard.warn, limit_s=0.05)
    with watchdog.on_duty():
        for number in range(2000):
            with watchdog.watching(Plugin(f"quick{number}", "", ""), "is being imported"):
                pass
        with watchdog.watching(SLOW, "is being imported"):
            heard.wait()
            assert not threading.Event().wait(0.2)  # time for a second warning, which must not come
    assert len(heard.sentences) == 1


def test_nothing_is_left_running() -> None:
    watchdog = Watchdog(pytest.fail)
    with watchdog.on_duty(), watchdog.on_duty():
        assert any(thread.name == "ud2p-plugin-watchdog" for thread in threading.enumerate())
    assert not any(thread.name == "ud2p-plugin-watchdog" for thread in threading.enumerate())
    assert LIMIT_S == 5.0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Managers that name a plugin after 10 ms."""
    monkeypatch.setattr(manager, "Watchdog", lambda warn: Watchdog(warn, limit_s=0.01))


class Waiting:
    """A plugin whose hooks end when somebody was warned."""

    def __init__(self, wait: Callable[[], None]) -> None:
        self._wait = wait

    @impl
    def ud2p_register_themes(self) -> list[object]:
        self._wait()
        return []


@pytest.mark.usefixtures("impatient")
def test_a_register_hook_is_watched() -> None:
    heard = Heard()
    plugins = PluginManager(heard.warn)
    plugins.register(Waiting(heard.wait), "slow")
    assert plugins.themes == {}
    assert heard.sentences == [
        'still waiting for plugin "slow", which is at ud2p_register_themes; '
        "Ctrl-C ends this, and --no-plugin slow starts without it"
    ]


@pytest.mark.usefixtures("impatient")
def test_an_import_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    monkeypatch.setattr(threading, "ud2p_test_wait", heard.wait, raising=False)
    source = "import threading\nfrom ud2p import impl\nthreading.ud2p_test_wait()\n@impl\ndef ud2p_broker_event(): ..."
    (tmp_path / "slow.py").write_text(source)
    PluginManager.load(folders=[tmp_path], warn=heard.warn)
    assert heard.sentences == [
        f'still waiting for plugin "slow" ({tmp_path}/slow.py), which is being imported; '
        "Ctrl-C ends this, and --no-plugin slow starts without it"
    ]
