"""One run of the shell: a console, a client on the loop thread, and the menu, put together and taken apart."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ud2p import screen
from ud2p.config import Settings, state_dir
from ud2p.errors import BrokerRefused, ConfigError, UD2PError, UsageError
from ud2p.known_peers import KnownPeers
from ud2p.state import load_state, remember_name
from ud2p_shell.logging_in import check_choices, first_contact_sentence, make_client
from ud2p_shell.paint import wants_colour
from ud2p_shell.stage import Stage
from ud2p_shell.terminal import Console, LoopThread

if TYPE_CHECKING:
    from ud2p.client import Client
    from ud2p.plugins import PluginManager

NAME_CODES = ("name-taken", "name-invalid")
"""Refusals of a login after which another name may help."""

Company = Callable[[], AbstractAsyncContextManager[tuple[str, str | None]]]
"""Starts what the shell needs beside itself on the loop thread, and gives the broker's address and its fingerprint."""


def run_shell(settings: Settings, plugins: PluginManager, company: Company | None = None) -> int:
    """Run the shell until the user leaves.

    :param company: what ``ud2p demo`` starts first
    :returns: the exit code
    :raises UD2PError: when there is nothing to run
    """
    check_choices(settings, plugins)
    with Console() as console:
        colour = console.is_interactive and wants_colour(sys.stdout, os.environ)
        stage = Stage(plugins.themes, lambda: console.columns, colour=colour)
        console.main.report = stage.fail
        if problem := stage.begin(settings.theme):
            print(f"ud2p: warning: {problem}", file=sys.stderr)
        with LoopThread(console.main) as loop:
            run = _Run(settings, plugins, console, stage, loop)
            return run.with_company(company) if company is not None else run.main(settings.broker)


class _Run:
    """The parts of one run."""

    def __init__(
        self, settings: Settings, plugins: PluginManager, console: Console, stage: Stage, loop: LoopThread
    ) -> None:
        self._settings = settings
        self._plugins = plugins
        self._console = console
        self._stage = stage
        self._loop = loop
        self._known_peers: KnownPeers | None = None

    def with_company(self, company: Company) -> int:
        """As :meth:`main`, with ``company`` around it."""
        entered = company()
        broker, key = self._loop.wait(entered.__aenter__())
        self._settings = replace(self._settings, trust_broker=key, plaintext=key is None)
        self._known_peers = KnownPeers()  # Who comes and goes with the company is not remembered.
        try:
            return self.main(broker)
        finally:
            self._loop.wait(entered.__aexit__(None, None, None))

    def main(self, broker: str) -> int:
        """Log in and run the menu."""
        client = self._log_in(broker)
        if client is None:
            return 130
        try:
            exit_code = self._run_menu(client)
        finally:
            self._loop.wait(client.close())
        self._stage.show(screen.Goodbye())
        return exit_code

    def _run_menu(self, client: Client) -> int:
        from ud2p_shell.desk import Desk
        from ud2p_shell.menu_shell import MenuShell

        sentence = first_contact_sentence(client)
        if sentence is not None:
            self._stage.show(screen.Notice(sentence))
        host, _, port = client.broker.rpartition(":")
        self._stage.show(screen.Welcome(host, int(port), client.name))
        self._stage.show(screen.Menu(client.online))
        downloads = self._settings.downloads.expanduser().absolute()
        desk = Desk(client, self._plugins, self._stage, self._console, self._loop, downloads)
        desk.listen()
        shell = MenuShell(self._console, desk, _history_file())
        shell.run()
        return shell.exit_code

    def _log_in(self, broker: str) -> Client | None:
        """Connect under the name that was given, is remembered, or is asked for; None when the user gives up."""
        given = self._settings.name
        name = given or load_state().name
        while True:
            if name is None:
                name = self._ask_name()
                if name is None:
                    return None
            try:
                client = self._loop.wait(_connect(self._settings, self._plugins, name, broker, self._known_peers))
            except BrokerRefused as error:
                if error.code not in NAME_CODES or not self._console.is_interactive:
                    raise
                self._stage.fail(error)
                name = None
            except KeyboardInterrupt:
                return None
            else:
                if given is None:
                    self._remember(name)
                return client

    def _ask_name(self) -> str | None:
        if not self._console.is_interactive:
            raise UsageError("who are you? start with --name NAME, or once in a terminal")
        from ud2p_shell.terminal import Prompt

        lines = self._console.line_input(Prompt(text=list), [])
        while True:
            try:
                name = lines.ask(self._stage.text(screen.UsernamePrompt()))
            except KeyboardInterrupt:
                return None
            if name is None:
                return None
            if name.strip():
                return name.strip()

    def _remember(self, name: str) -> None:
        try:
            remember_name(name)
        except ConfigError as error:
            self._stage.fail(error)


async def _connect(
    settings: Settings, plugins: PluginManager, name: str, broker: str, known_peers: KnownPeers | None
) -> Client:
    client = make_client(settings, plugins, name, broker, known_peers)
    await client.connect()
    return client


def _history_file() -> Path | None:
    with contextlib.suppress(UD2PError):
        return state_dir() / "history"
    return None
