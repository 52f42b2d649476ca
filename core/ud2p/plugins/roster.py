"""All plugins, in order, and the one place where an implementation is called and a fault is named.

pluggy asks the plugin that registered last first, so plugins are registered from the last to the first; ``tryfirst``
and ``trylast`` then do what pluggy says they do (of several that try to be last, the first in order is last). pluggy's
own way of calling is not used: it stops at the first exception, and here one plugin's exception must not silence
another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import pluggy

from ud2p import hookspecs
from ud2p.errors import PluginError
from ud2p.faults import describe
from ud2p.plugins.check import check, deprecations
from ud2p.plugins.record import Plugin
from ud2p.text import gate


class Roster:
    """The plugins of one manager."""

    def __init__(self, warn: Callable[[str], None] | None) -> None:
        self._warn = warn
        self._on: dict[str, Plugin] = {}
        self._pluggy = _empty()
        self._found: dict[str, tuple[pluggy.HookImpl, ...]] = {}
        """What :meth:`implementations` has answered; some hooks are asked for every message."""
        self.plugins: list[Plugin] = []
        """All that are known, whatever their state, in order."""

    def warn(self, sentence: str) -> None:
        """Tell the user; what the callback does with it must not break the caller."""
        if self._warn is not None:
            with suppress(Exception):  # a screen that is gone is no reason to stop a chat
                self._warn(gate(sentence))

    def take_in(self, plugins: Iterable[Plugin]) -> None:
        """Add plugins whose ``holds`` is loaded; those that break a rule are named and stay ``failed``."""
        for plugin in plugins:
            self.plugins.append(plugin)
            if plugin.state == "on":
                self._admit(plugin)
        self.plugins.sort(key=lambda plugin: plugin.order)
        self.rebuild()

    def leave_out(self, plugin: Plugin, problem: str) -> None:
        """A plugin that can't be used at all; one that is registered already stays so until :meth:`rebuild`."""
        plugin.state = "failed"
        plugin.problems[""] = gate(problem)
        self._on = {name: other for name, other in self._on.items() if other is not plugin}
        self.warn(f"{plugin.title} is left out: {problem}; --no-plugin {plugin.name} turns it off")

    def blame(self, plugin: Plugin, place: str, problem: str, *, failed: bool) -> None:
        """Name what a plugin did wrong, once for each place.

        :param place: the hook, or whatever else tells this fault from others
        :param failed: whether some of the plugin is not used any more
        """
        if failed:
            plugin.state = "failed"
        if place not in plugin.problems:
            plugin.problems[place] = gate(problem)
            self.warn(f"{plugin.title}: {problem}")

    def implementations(self, hook: str) -> tuple[pluggy.HookImpl, ...]:
        """Who implements ``hook``, first to be asked first."""
        remembered = self._found  # before the look at pluggy: another thread may rebuild both meanwhile
        found = remembered.get(hook)
        if found is None:
            found = remembered[hook] = tuple(reversed(getattr(self._pluggy.hook, hook).get_hookimpls()))
        return found

    def call(self, implementation: pluggy.HookImpl, arguments: Mapping[str, object]) -> object:
        """Call one implementation with the arguments that it asks for; ``options`` are those of its own plugin."""
        names = implementation.argnames
        if "options" in names:
            arguments = {**arguments, "options": self.plugin_of(implementation).options}
        return implementation.function(*[arguments[name] for name in names])

    def plugin_of(self, implementation: pluggy.HookImpl) -> Plugin:
        """Whose it is."""
        return self._on[implementation.plugin_name]

    def _admit(self, plugin: Plugin) -> None:
        try:
            self._check_unique(plugin)
            plugin.hooks = check(plugin.holds, self._pluggy)
            old = dict(deprecations(plugin.holds, plugin.hooks))
        except PluginError as error:
            self.leave_out(plugin, str(error))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - objects may do anything when looked at
            self.leave_out(plugin, f"looking at it raised {describe(error)}")
        else:
            self._on[plugin.name] = plugin
            for hook, sentence in old.items():
                self.blame(plugin, f"deprecated {hook}", sentence, failed=False)

    def _check_unique(self, plugin: Plugin) -> None:
        namesake = self._on.get(plugin.name)
        if namesake is not None:
            raise PluginError(f"the name is taken by {namesake.title}")
        for other in self._on.values():
            if other.holds is plugin.holds:
                raise PluginError(f"it is the same object as {other.title}")
        if plugin.holds == object():  # pluggy compares plugins: one that does this, or raises, would harm the next
            raise PluginError("it claims to be equal to other objects")

    def rebuild(self) -> None:
        """Register everybody anew: it is the only public way to an order that pluggy does not know of."""
        while True:
            manager = _empty()
            for plugin in sorted(self._on.values(), key=lambda each: each.order, reverse=True):
                try:
                    manager.register(plugin.holds, plugin.name)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # noqa: BLE001 - as above; pluggy may have half of it by now
                    self.leave_out(plugin, f"registering it raised {describe(error)}")
                    break
            else:
                self._pluggy = manager
                self._found = {}
                return


def _empty() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("ud2p")
    manager.add_hookspecs(hookspecs)
    return manager
