"""What the plugins bring: ciphers, themes and the like, collected when first asked for, once for each kind."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from threading import RLock
from types import MappingProxyType
from typing import Any

import pluggy

from ud2p.contracts import CipherInfo
from ud2p.errors import PluginError
from ud2p.faults import describe
from ud2p.hookspecs import REGISTER_HOOKS
from ud2p.plugins.record import KINDS, Plugin, interrupted
from ud2p.plugins.roster import Roster
from ud2p.plugins.watchdog import Watchdog
from ud2p.text import gate

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_COMMAND_NAME = re.compile(r"[a-z0-9]{1,32}")


class Registries:
    """One table of names for each kind. Safe to ask from any thread: the shell's and the client's both do."""

    def __init__(self, roster: Roster, watchdog: Watchdog) -> None:
        self._roster = roster
        self._watchdog = watchdog
        self._lock = RLock()
        self._tables: dict[str, tuple[Mapping[str, Any], Mapping[str, Plugin]]] = {}
        self._collecting: set[str] = set()

    def forget(self) -> None:
        """Collect anew at the next question, because there are other plugins now."""
        with self._lock:
            self._tables.clear()

    def infos(self, kind: str) -> Mapping[str, Any]:
        """Name to info, in the plugins' order."""
        return self._table(kind)[0]

    def owner(self, kind: str, name: str) -> Plugin | None:
        """The plugin that brought it."""
        return self._table(kind)[1].get(name)

    def names_by(self, plugin: Plugin) -> tuple[str, ...]:
        """What a plugin brings: ``cipher aes-gcm``, ``file transfer tcp``."""
        return tuple(
            f"{_words(kind)} {name}" for kind in KINDS for name in self.infos(kind) if self.owner(kind, name) is plugin
        )

    def unknown(self, kind: str, name: str) -> PluginError:
        """The sentence for a name that nobody brings."""
        there = list(self.infos(kind))
        guess = get_close_matches(name, there, n=1)
        hint = f"did you mean {guess[0]}? there are: " if guess else "there are: "
        return PluginError(f'no {_words(kind)} is called "{gate(name)}"; {hint}{", ".join(there) or "none"}')

    def _table(self, kind: str) -> tuple[Mapping[str, Any], Mapping[str, Plugin]]:
        with self._lock:
            table = self._tables.get(kind)
            if table is None:
                if kind in self._collecting:  # a register hook asks what it is about to answer
                    raise PluginError(
                        f"each {_words(kind)} is only being collected; do not ask for them in {KINDS[kind]}"
                    )
                self._collecting.add(kind)
                try:
                    table = self._tables[kind] = self._collect(kind, KINDS[kind])
                finally:
                    self._collecting.discard(kind)
            return table

    def _collect(self, kind: str, hook: str) -> tuple[Mapping[str, Any], Mapping[str, Plugin]]:
        infos: dict[str, Any] = {}
        owners: dict[str, Plugin] = {}
        for plugin, answer in self._ask_all(hook):
            for info in answer:
                problem = _look_at(kind, info)
                if problem is None and info.name in infos:
                    problem = f"the {_words(kind)} {info.name} is there already, from {owners[info.name].title}"
                if problem is not None:
                    self._roster.blame(plugin, problem, f"{hook}: {problem}; this one is left out", failed=False)
                    continue
                infos[info.name] = info
                owners[info.name] = plugin
        return MappingProxyType(infos), MappingProxyType(owners)

    def _ask_all(self, hook: str) -> Iterator[tuple[Plugin, Sequence[Any]]]:
        implementations = self._roster.implementations(hook)
        if implementations:
            with self._watchdog.on_duty():
                for implementation in implementations:
                    plugin = self._roster.plugin_of(implementation)
                    with self._watchdog.watching(plugin, f"is at {hook}"):
                        answer = self._ask(implementation, plugin, hook)
                    yield plugin, answer

    def _ask(self, implementation: pluggy.HookImpl, plugin: Plugin, hook: str) -> Sequence[Any]:
        try:
            answer = self._roster.call(implementation, {})
            if isinstance(answer, Sequence) and not isinstance(answer, (str, bytes)):
                return list(answer)
            if inspect.iscoroutine(answer):
                answer.close()  # or Python complains on the screen that nobody awaited it
            problem = f"returned {type(answer).__name__}, not a sequence"
        except KeyboardInterrupt as error:
            error.add_note(interrupted(plugin, f"answered {hook}"))
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit included: a plugin does not end the program
            problem = f"raised {describe(error)}"
        self._roster.blame(plugin, hook, f"{hook} {problem}; what it would bring is left out", failed=True)
        return ()


def _look_at(kind: str, info: Any) -> str | None:
    try:
        return _problem_with(kind, info)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a class of the plugin's own may do anything when looked at
        return f"looking at what it brings raised {describe(error)}"


def _problem_with(kind: str, info: Any) -> str | None:
    """Why an info can't be used; the contracts' dataclasses do not check what they are given."""
    expected = REGISTER_HOOKS[KINDS[kind]]
    if not isinstance(info, expected):
        return f"{gate(type(info).__name__)} is not a {expected.__name__}"
    pattern = _COMMAND_NAME if kind == "command" else _NAME
    if type(info.name) is not str or not pattern.fullmatch(info.name):
        return f"{gate(repr(info.name)[:40])} can't be the name of a {_words(kind)}"
    if not callable(getattr(info, "run" if kind == "command" else "make")) or not isinstance(info.summary, str):
        return f"the {_words(kind)} {info.name} does not keep its contract"
    if isinstance(info, CipherInfo):
        numbers = (info.key_size, info.max_records, info.max_bytes, info.max_failed_opens)
        if not all(type(number) is int and number > 0 for number in numbers):
            return f"the cipher {info.name} needs a key size and limits above 0"
    return None


def _words(kind: str) -> str:
    return kind.replace("_", " ")
