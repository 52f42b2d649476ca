"""What ``send`` and ``receive`` have in common: a client that is logged in, and a report, for as long as it takes."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.contracts import Progress, Receipt
from ud2p.errors import TransferRefused, UD2PError, UsageError
from ud2p.state import load_state
from ud2p_shell.file_screens import file_done, file_or_files
from ud2p_shell.headless.report import Report
from ud2p_shell.logging_in import check_choices, first_contact_sentence, make_client

if TYPE_CHECKING:
    from ud2p.chat import Chat
    from ud2p.client import Client
    from ud2p.config import Settings
    from ud2p.plugins import PluginManager
    from ud2p_shell.stage import Stage
    from ud2p_shell.terminal.progress import ProgressBoard

FALLBACK_COLUMNS = (80, 24)


class Outcome:
    """What became of the files: the exit code of the whole."""

    def __init__(self) -> None:
        self.files_done = 0
        self.exit_code = 0

    async def follow(
        self,
        report: Report,
        transfer: Callable[[Progress], Awaitable[Receipt]],
        chat: Chat,
        name: str,
        n_entries: int,
        *,
        sent: bool,
    ) -> None:
        """Let one transfer through, and tell what became of it."""
        files = file_or_files(n_entries)
        title = f"Sending {files} to {chat.peer}..." if sent else f"Receiving {files} from {chat.peer}..."
        try:
            receipt = await transfer(report.bar(title, name, sent=sent))
        except UD2PError as error:
            self.exit_code = error.exit_code
            event = "refused" if isinstance(error, TransferRefused) else "failed"
            report.tell(event, screen.FileFailed(name, str(error), sent), name=name, reason=str(error), peer=chat.peer)
            return
        self.files_done += 1
        size, seconds = receipt.size_bytes, receipt.seconds
        report.tell(
            "sent" if sent else "received",
            file_done(receipt, sent=sent),
            name=receipt.name,
            path=str(receipt.path),
            files=receipt.n_files,
            bytes=size,
            seconds=round(seconds, 6),
            bytes_per_second=round(size / seconds) if seconds else None,
            route=receipt.route,
            peer=chat.peer,
        )


def run_headless(
    settings: Settings,
    plugins: PluginManager,
    work: Callable[[Client, Report], Awaitable[int]],
    *,
    as_json: bool,
) -> int:
    """Log in, do ``work``, and leave. Ctrl-C ends it, and the peer is told.

    :returns: the exit code
    :raises UD2PError: it could not be done; told in JSON too, where that is wanted
    """
    check_choices(settings, plugins)
    name = settings.name or load_state().name
    if name is None:
        raise UsageError("who are you? add --name NAME, or start ud2p once in a terminal")
    report = Report(None if as_json else _make_stage(settings, plugins))

    async def main() -> int:
        # While the broker is waited for; the first transfer need not wait then.
        warming_up = asyncio.get_running_loop().run_in_executor(None, _warm_up, settings, plugins)
        try:
            async with _logged_in(settings, plugins, name, report) as client:
                return await work(client, report)
        finally:
            await warming_up

    try:
        return asyncio.run(main())
    except UD2PError as error:
        if as_json:
            report.fail(error)
        raise


def _warm_up(settings: Settings, plugins: PluginManager) -> None:
    """Load what the first file will need."""
    with suppress(Exception):  # Who really makes one is told what is wrong with it.
        plugins.file_transfers[settings.file_transfer].make()
        import_module("ud2p.screen.files")


def _make_stage(settings: Settings, plugins: PluginManager) -> tuple[Stage, ProgressBoard]:
    # Here: a script that reads JSON pays for none of it.
    from ud2p_shell.paint import wants_colour
    from ud2p_shell.stage import Stage
    from ud2p_shell.terminal.progress import ProgressBoard

    colour = sys.stdout.isatty() and wants_colour(sys.stdout, os.environ)
    stage = Stage(plugins.themes, _columns, colour=colour)
    if problem := stage.begin(settings.theme):
        print(f"ud2p: warning: {problem}", file=sys.stderr)
    return stage, ProgressBoard(lambda: None, _columns, in_toolbar=False)


def _columns() -> int:
    return shutil.get_terminal_size(FALLBACK_COLUMNS).columns


@asynccontextmanager
async def _logged_in(settings: Settings, plugins: PluginManager, name: str, report: Report) -> AsyncIterator[Client]:
    async with make_client(settings, plugins, name, settings.broker) as client:
        sentence = first_contact_sentence(client)
        report.tell(
            "connected",
            None if sentence is None else screen.Notice(sentence),
            name=client.name,
            broker=client.broker,
            first_contact=sentence is not None,
        )
        yield client
