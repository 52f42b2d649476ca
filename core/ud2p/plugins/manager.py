"""The plugin manager: what the client, the shell and the broker see of all plugins."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p.contracts import (
    CipherInfo,
    CommandInfo,
    Decision,
    DirectoryInfo,
    FileTransferInfo,
    InvitationRequest,
    InviteRequest,
    LoginRequest,
    ThemeInfo,
    TransportInfo,
)
from ud2p.errors import PluginError
from ud2p.faults import describe
from ud2p.hookspecs import OPTIONS_HOOK
from ud2p.plugin_settings import PluginSettings
from ud2p.plugins.compatibility import check_all, check_ud2p
from ud2p.plugins.gatekeepers import Gatekeepers
from ud2p.plugins.observers import Observers
from ud2p.plugins.options import check_declared, name_unknown, resolve
from ud2p.plugins.record import Found, Plugin, PluginRecord, interrupted
from ud2p.plugins.registry import Registries
from ud2p.plugins.roster import Roster
from ud2p.plugins.scan import find_plugins
from ud2p.plugins.watchdog import Watchdog

if TYPE_CHECKING:
    from ud2p.chat import Chat

PREFERRED_CIPHERS = ("aes-gcm", "xchacha20", "fernet")
"""What is offered when the user names none, the fastest first."""

KEPT_OFF = "disabled; ud2p plugins enable turns it on"
"""Why a plugin is off that was disabled for good."""


class PluginManager:
    """All plugins of one program. Make one with :meth:`load`; an empty one has no plugins at all.

    Gatekeepers and observers are asked on the loop thread; everything else may be asked on any.
    """

    def __init__(self, warn: Callable[[str], None] | None = None, *, settings: PluginSettings | None = None) -> None:
        """
        :param warn: gets one sentence, safe to print, for each fault of a plugin; may be called on any thread
        :param settings: what the user set for plugins
        """
        self._settings = settings or PluginSettings()
        self._roster = Roster(warn)
        self._watchdog = Watchdog(self._roster.warn)
        self._registries = Registries(self._roster, self._watchdog)
        self._gatekeepers = Gatekeepers(self._roster)
        self._observers = Observers(self._roster)

    @classmethod
    def load(
        cls,
        *,
        safe_mode: bool = False,
        disabled: Collection[str] = (),
        kept_off: Collection[str] = (),
        folders: Sequence[Path] = (),
        settings: PluginSettings | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> PluginManager:
        """Load every installed plugin; what fails is named, and the others are there.

        :param safe_mode: import the built-ins only
        :param disabled: plugins that are listed as ``off`` and not imported
        :param kept_off: the same, because the user said so once and for all; unknown names are nobody's mistake
        :param folders: where single-file plugins are
        :param settings: what the user set for plugins
        :raises UsageError: something was set on the command line that can't be used
        :raises ConfigError: something was set elsewhere that can't be used
        """
        manager = cls(warn, settings=settings)
        found = find_plugins(folders, manager._roster.warn)
        for each in found:
            if each.plugin.name in kept_off:
                each.plugin.turn_off(KEPT_OFF)
            if each.plugin.name in disabled:
                each.plugin.turn_off("turned off")
            elif safe_mode and not each.plugin.builtin:
                each.plugin.turn_off("not loaded in safe mode")
        manager.load_found(found)
        manager._name_unknown(disabled)
        name_unknown(manager._settings, manager._roster.plugins, manager._roster.warn)
        return manager

    def load_found(self, found: Sequence[Found]) -> None:
        """Import plugins that were found, save those that are off, and add them all."""
        with self._watchdog.on_duty():
            for each in found:
                if each.plugin.state == "on":
                    with self._watchdog.watching(each.plugin, "is being imported"):
                        self._import(each)
            self._take_in([each.plugin for each in found])
        self._registries.forget()

    def register(self, plugin: object, name: str, distribution: str = "", version: str = "") -> None:
        """Add a plugin that is at hand: a module, or an object with hooks. A bad one is named and left out."""
        newcomer = Plugin(name, distribution, version)
        newcomer.holds = plugin
        with self._watchdog.on_duty():
            self._take_in([newcomer])
        self._registries.forget()

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plugin, whatever its state, in the order in which they are asked; collects what they bring."""
        registers = {id(plugin): self._registries.names_by(plugin) for plugin in self._roster.plugins}
        return tuple(plugin.record(registers[id(plugin)]) for plugin in self._roster.plugins)

    @property
    def ciphers(self) -> Mapping[str, CipherInfo]:
        """Every cipher by name, third parties' too; see :meth:`offered_ciphers`."""
        return self._registries.infos("cipher")

    @property
    def themes(self) -> Mapping[str, ThemeInfo]:
        """Every theme by name."""
        return self._registries.infos("theme")

    @property
    def transports(self) -> Mapping[str, TransportInfo]:
        """Every transport by name."""
        return self._registries.infos("transport")

    @property
    def file_transfers(self) -> Mapping[str, FileTransferInfo]:
        """Every file transfer by name."""
        return self._registries.infos("file_transfer")

    @property
    def directories(self) -> Mapping[str, DirectoryInfo]:
        """Every broker directory by name."""
        return self._registries.infos("directory")

    @property
    def commands(self) -> Mapping[str, CommandInfo]:
        """Every shell command that plugins add, by name."""
        return self._registries.infos("command")

    def is_builtin(self, kind: str, name: str) -> bool:
        """Whether ud2p itself brings it; False for what nobody brings.

        :param kind: ``cipher``, ``theme``, ``transport``, ``file_transfer``, ``directory`` or ``command``
        """
        owner = self._registries.owner(kind, name)
        return owner is not None and owner.builtin

    def package_of(self, kind: str, name: str) -> str:
        """The distribution that brings it; empty for what the program itself registered.

        :raises PluginError: nobody brings it
        """
        owner = self._registries.owner(kind, name)
        if owner is None:
            raise self.unknown(kind, name)
        return owner.distribution

    def unknown(self, kind: str, name: str) -> PluginError:
        """The error to raise for a name that nobody brings; it lists what there is."""
        return self._registries.unknown(kind, name)

    def offered_ciphers(self, named: Sequence[str] | None = None) -> tuple[CipherInfo, ...]:
        """The ciphers to offer a peer, best first.

        :param named: what the user named: exactly those, in that order. None: the built-ins, the fastest first;
            a third party's cipher is never offered unless it is named
        :raises PluginError: there is none of that name, or an empty list was given
        """
        ciphers = self.ciphers
        if named is None:
            return tuple(ciphers[name] for name in PREFERRED_CIPHERS if self.is_builtin("cipher", name))
        for name in named:
            if name not in ciphers:
                raise self.unknown("cipher", name)
        if not named:
            raise PluginError(f"name at least one cipher; there are: {', '.join(ciphers) or 'none'}")
        return tuple(ciphers[name] for name in dict.fromkeys(named))

    def has_implementations(self, hook: str) -> bool:
        """Whether any plugin implements ``hook``."""
        return bool(self._roster.implementations(hook))

    async def ask_message_sending(self, chat: Chat, text: str) -> str:
        """The text to send, as the gatekeepers changed it.

        :raises MessageVetoed: with the reason of the first that refused
        """
        return await self._gatekeepers.message_sending(chat, text)

    async def ask_invitation(self, request: InvitationRequest) -> Decision | None:
        """The strictest opinion on an invitation; None when nobody has one."""
        return await self._gatekeepers.invitation(request)

    async def ask_broker_login(self, request: LoginRequest) -> str | None:
        """Why a broker's plugin refuses a login, None when none does."""
        return await self._gatekeepers.broker_login(request)

    async def ask_broker_invite(self, request: InviteRequest) -> str | None:
        """Why a broker's plugin refuses an invitation, None when none does."""
        return await self._gatekeepers.broker_invite(request)

    def observe(self, hook: str, /, **arguments: object) -> None:
        """Tell the observers of ``hook``; never raises what they raise."""
        self._observers.tell(hook, arguments)

    def _import(self, found: Found) -> None:
        plugin = found.plugin
        try:
            if not plugin.builtin:
                (check_all if plugin.file else check_ud2p)(found.requirements())
            plugin.holds = found.load()
        except KeyboardInterrupt as error:
            error.add_note(interrupted(plugin, "was imported"))
            raise
        except PluginError as error:
            self._roster.leave_out(plugin, str(error))
        except BaseException as error:  # noqa: BLE001 - SystemExit included: a plugin does not end the program
            self._roster.leave_out(plugin, f"importing it raised {describe(error)}")

    def _take_in(self, newcomers: Sequence[Plugin]) -> None:
        self._roster.take_in(newcomers)
        broken = [plugin for plugin in newcomers if OPTIONS_HOOK in plugin.hooks and not self._set_options(plugin)]
        if broken:
            self._roster.rebuild()

    def _set_options(self, plugin: Plugin) -> bool:
        """Ask a plugin for its options and work out their values; one that can't say what they are is left out."""
        try:
            with self._watchdog.watching(plugin, f"is at {OPTIONS_HOOK}"):
                answers = [
                    self._roster.call(each, {})
                    for each in self._roster.implementations(OPTIONS_HOOK)
                    if each.plugin_name == plugin.name
                ]
            plugin.declared = check_declared(answers)
        except KeyboardInterrupt as error:
            error.add_note(interrupted(plugin, f"answered {OPTIONS_HOOK}"))
            raise
        except PluginError as error:
            self._roster.leave_out(plugin, f"{OPTIONS_HOOK} {error}")
            return False
        except BaseException as error:  # noqa: BLE001 - SystemExit included: a plugin does not end the program
            self._roster.leave_out(plugin, f"{OPTIONS_HOOK} raised {describe(error)}")
            return False
        plugin.options = resolve(plugin, plugin.declared, self._settings)
        return True

    def _name_unknown(self, disabled: Collection[str]) -> None:
        names = [plugin.name for plugin in self._roster.plugins]
        for name in disabled:
            if name not in names:
                guess = get_close_matches(name, names, n=1)
                hint = f"did you mean {guess[0]}?" if guess else "see: ud2p plugins"
                self._roster.warn(f'no plugin is called "{name}", so it can\'t be turned off; {hint}')
