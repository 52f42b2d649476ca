"""The shell's ``plugins``: as ``ud2p plugins``, without leaving.

``list`` and ``info`` show what this program has loaded. The others run in a process of their own: a plugin that is
tried must not bring the chat down with it.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.errors import UsageError
from ud2p_shell.plugin_commands.table import plugin_table

if TYPE_CHECKING:
    from ud2p_shell.desk import Desk


def run_in_shell(desk: Desk, arguments: str) -> None:
    """Do what was typed behind ``plugins``, and show what came of it.

    :raises UD2PError: in one sentence why not
    """
    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise UsageError(f"{error}; close it") from None
    match words:
        case [] | ["list"]:
            desk.stage.show(plugin_table(desk.plugins))
        case ["info", name]:
            from ud2p_shell.plugin_commands.info import plugin_notice, records_named

            desk.stage.show(plugin_notice(records_named(desk.plugins, name)))
        case ["enable" | "disable" | "check" | "new", _, *_]:
            said = desk.wait(_run(words))
            desk.stage.show(screen.Notice(said) if said else screen.ErrorShown("it ended without a word; try it again"))
        case _:
            raise UsageError("say: plugins, or plugins info NAME, enable NAME, disable NAME, check NAME, new NAME KIND")


async def _run(words: list[str]) -> str:
    """``ud2p plugins`` with these words, and what it printed."""
    if words[0] == "new" and len(words) == 3:
        words = ["new", words[1], "--kind", words[2]]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ud2p_shell.main",
        "plugins",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode(errors="replace").strip()
