"""The plugin manager: finds plugins, keeps them apart from each other, and asks them.

Theory. Plugins enter through the entry-point group ``ud2p``, the built-in ones too, and each is imported on its own.
What a plugin gets wrong costs that plugin, never the program: every fault becomes one sentence that names the plugin,
its distribution and version, and the hook, and is kept in its :class:`PluginRecord`.

The way of a plugin, a file each: :mod:`~ud2p.plugins.scan` finds entry points → :mod:`~ud2p.plugins.check` looks at
its hooks before anything is called → :mod:`~ud2p.plugins.roster` keeps all of them in order and calls one
implementation at a time → :mod:`~ud2p.plugins.registry` collects what they bring,
:mod:`~ud2p.plugins.gatekeepers` ask whether something may happen, :mod:`~ud2p.plugins.observers` tell what happened.
"""

from ud2p.plugins.manager import PluginManager
from ud2p.plugins.record import PluginRecord, PluginState

__all__ = ["PluginManager", "PluginRecord", "PluginState"]
