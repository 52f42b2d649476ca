"""Observers: plugins that are told what happened."""

from __future__ import annotations

import inspect

import pluggy

from ud2p.faults import describe
from ud2p.plugins.roster import Roster


class Observers:
    """Tells everybody; one that raises is named and not told again."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._off: set[tuple[str, str]] = set()

    def tell(self, hook: str, arguments: dict[str, object]) -> None:
        """Call every implementation of ``hook``; nothing that they do comes back."""
        for implementation in self._roster.implementations(hook):
            if self._off and (implementation.plugin_name, hook) in self._off:
                continue
            try:
                answer = self._roster.call(implementation, arguments)
                if answer is not None and inspect.iscoroutine(answer):
                    answer.close()  # or Python complains on the screen that nobody awaited it
                    self._switch_off(implementation, hook, "is a coroutine; observers are plain functions")
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - SystemExit included: a plugin does not end the program
                self._switch_off(implementation, hook, f"raised {describe(error)}")

    def _switch_off(self, implementation: pluggy.HookImpl, hook: str, problem: str) -> None:
        self._off.add((implementation.plugin_name, hook))
        plugin = self._roster.plugin_of(implementation)
        self._roster.blame(plugin, hook, f"{hook} {problem}; it is not called any more", failed=True)
