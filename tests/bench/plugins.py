"""What installed plugins cost that nobody uses, and what a hook call costs beside what it calls."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.bench.contest import Contest
from tests.bench.processes import UD2P, running_broker
from tests.bench.rounds import Samples
from tests.bench.startup import PROMPTS, VERSIONS, seconds_to_prompt, seconds_to_run
from tests.bench.table import Goal, Row, Unit
from tests.support.packages import Packages

from ud2p import PluginManager, impl

if TYPE_CHECKING:
    from ud2p import Chat

N_PLUGINS = 50
CALLS = 20_000
MODULE = """
from ud2p import CommandInfo, CopyingCipher, ThemeInfo, CipherInfo, Option

class Theme:
    def render(self, event, width):
        return None

class Cipher(CopyingCipher):
    def __init__(self, key):
        import Crypto.Cipher.ChaCha20_Poly1305

@impl
def ud2p_register_options():
    return [Option("word", "hello", "what to say")]

@impl
def ud2p_register_{kind}(options):
    return [{info}]

@impl
def ud2p_chat_opened(chat):
    pass
"""
INFOS = {
    "themes": 'ThemeInfo("spare{number}", Theme, "a theme")',
    "ciphers": 'CipherInfo("spare{number}", 32, 2**20, 2**30, 2**20, Cipher, "a cipher")',
    "commands": 'CommandInfo("spare{number}", print, "a command")',
}


class Plugins(Contest):
    """The installed program with fifty packages of others beside it, and without."""

    name = "plugins"

    def __init__(self, folder: Path, *, quick: bool) -> None:
        super().__init__(folder, quick=quick)
        self._versions: Samples[float] = Samples()
        self._prompts: Samples[float] = Samples()
        self._hooks: Samples[float] = Samples()
        site = folder / "fifty"
        if not site.exists():
            install_plugins(site)
        self._with = {"PYTHONPATH": str(site)}

    def measure(self) -> None:
        """See :class:`~tests.bench.contest.Contest`."""
        share = 4 if self.quick else 1
        version = (str(UD2P), "--version")
        seconds_to_run(self.folder, *version, environ=self._with)
        self._versions.take(
            VERSIONS // share,
            lambda: seconds_to_run(self.folder, *version, environ=self._with),
            lambda: seconds_to_run(self.folder, *version),
        )
        with running_broker(self.folder) as (broker, _):
            seconds_to_prompt(self.folder, broker, self._with)
            self._prompts.take(
                2 * PROMPTS // share,
                lambda: seconds_to_prompt(self.folder, broker, self._with),
                lambda: seconds_to_prompt(self.folder, broker),
            )
        self._hooks.take(10, seconds_to_ask, seconds_to_tell)

    def rows(self) -> list[Row]:
        """See :class:`~tests.bench.contest.Contest`."""
        rows = []
        for what, samples in (("ud2p --version", self._versions), ("ud2p to its prompt", self._prompts)):
            with_s, without_s = samples.medians(float)
            rows.append(
                Row(
                    f"{what}, with {N_PLUGINS} plugins that nobody uses",
                    f"{with_s * 1e3:.0f} ms",
                    f"without them: {without_s * 1e3:.0f} ms",
                    with_s / without_s,
                    Goal.at_most(1.2),
                )
            )
        asked_s, told_s = self._hooks.medians(float)
        for what, seconds in (("a gatekeeper asked", asked_s), ("an observer told", told_s)):
            rows.append(
                Row(
                    f"{what}, beside what it does itself",
                    f"{seconds * 1e6:.1f} µs",
                    "nothing",
                    seconds * 1e6,
                    Goal.at_most(5.0),
                    Unit.US,
                )
            )
        return rows


def install_plugins(site: Path) -> None:
    """Fifty packages, compiled, as an installer leaves them behind."""
    import compileall

    site.mkdir()
    packages = Packages(site)
    for number in range(N_PLUGINS):
        kind = list(INFOS)[number % len(INFOS)]
        source = MODULE.format(kind=kind, info=INFOS[kind].format(number=number))
        info = packages.install(f"ud2p-spare{number}", "1.0", {f"spare{number}": source})
        with (info / "METADATA").open("a") as file:
            file.write("Requires-Dist: ud2p>=0.1\n\n" + "A long description.\n" * 200)
    compileall.compile_dir(site, quiet=1)


class _Idle:
    """A plugin whose hooks do nothing."""

    @impl
    def ud2p_message_sending(self, text: str) -> None:
        """No opinion."""

    @impl
    def ud2p_message_received(self, text: str) -> None:
        """Not interested."""


def _manager() -> PluginManager:
    manager = PluginManager(sys.exit)
    manager.register(_Idle(), "idle")
    return manager


def seconds_to_tell() -> float:
    """One call of an observer that does nothing."""
    manager, chat = _manager(), cast("Chat", None)
    began = time.perf_counter()
    for _ in range(CALLS):
        manager.observe("ud2p_message_received", chat=chat, text="hello")
    return (time.perf_counter() - began) / CALLS


def seconds_to_ask() -> float:
    """One call of a gatekeeper that does nothing."""

    async def ask() -> float:
        manager, chat = _manager(), cast("Chat", None)
        began = time.perf_counter()
        for _ in range(CALLS):
            await manager.ask_message_sending(chat, "hello")
        return (time.perf_counter() - began) / CALLS

    return asyncio.run(ask())
