"""``ud2p``: the composition root. Reads the command line and puts together what it asks for.

Nothing is imported before it is needed: ``ud2p --version`` loads no plugin and no asyncio.
"""

from __future__ import annotations

import atexit
import os
import sys

from ud2p.errors import UD2PError

TYPE_CHECKING = False  # as in ud2p itself: importing typing's own takes as long as Python's whole start
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path
    from typing import NoReturn

    from ud2p.config import Settings
    from ud2p.plugins import PluginManager


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``ud2p``.

    :param arguments: the command line without the program's name; ``sys.argv``'s by default
    :returns: the exit code: 0 done, 1 failed, 2 usage, 3 broker not reached at the start, 4 declined, 5 not
        who it should be, 130 interrupted
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments) == ["--version"]:  # no parser for the one thing that scripts ask at every start
        from ud2p import __version__

        print(f"ud2p {__version__}")
        return 0
    from ud2p_shell.arguments import make_parser

    options = make_parser().parse_args(arguments)
    run = _COMMANDS[options.command]
    try:
        return run(options)
    except UD2PError as error:
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt as error:
        for note in getattr(error, "__notes__", ()):
            print(f"ud2p: {note}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1


def run() -> NoReturn:
    """The installed program: :func:`main`, and an end without delay.

    Python takes everything apart before it ends, which takes longer than a small file; the system does it at once.
    """
    code = main()
    if "threading" in sys.modules and sys.modules["threading"].active_count() > 1:
        sys.exit(code)  # A plugin's thread may be at something that must be done.
    atexit._run_exitfuncs()  # What ends with the program, as a plugin's temporary files do; it may have words.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)  # Python says what it says of a pipe that nobody reads.
    os._exit(code)


def _shell(options: argparse.Namespace) -> int:
    from ud2p_shell.run_shell import run_shell

    settings = _settings(options)
    return run_shell(settings, _load_plugins(settings))


def _serve(options: argparse.Namespace) -> int:
    from pathlib import Path

    from ud2p_server.main import ServeSettings, release, run

    client_settings = _settings(options)  # plaintext, and which plugins to load
    settings = ServeSettings(
        host=options.host,
        port=options.port,
        directory=options.directory,
        show_addresses=options.show_addresses,
        plaintext=client_settings.plaintext,
        certificate=options.certificate and Path(options.certificate),
        key=options.key and Path(options.key),
    )
    plugins = _load_plugins(client_settings)
    return run(settings, plugins) if options.release is None else release(options.release, settings, plugins)


def _demo(options: argparse.Namespace) -> int:
    from dataclasses import replace

    from ud2p_server.main import Broker, ServeSettings
    from ud2p_shell.demo import demo_company, demo_name, open_port
    from ud2p_shell.run_shell import run_shell

    settings = _settings(options)
    plugins = _load_plugins(settings)

    def make_broker() -> Broker:
        return Broker(ServeSettings(port=open_port(), plaintext=settings.plaintext), plugins, log=lambda _: None)

    settings = replace(settings, name=settings.name or demo_name())
    return run_shell(settings, plugins, lambda: demo_company(make_broker, plugins, settings.ciphers))


def _plugins(options: argparse.Namespace) -> int:
    from ud2p_shell.plugin_commands.run import Request, run_plugins

    settings = _settings(options)
    request = Request(options.action, options.target, options.kind, options.into, as_json=options.json)
    return run_plugins(request, lambda: _load_plugins(settings), _plugin_folders(settings), _warn)


def _identity(options: argparse.Namespace) -> int:
    from ud2p.state import load_state
    from ud2p_shell.identity_command import run_identity

    name = _settings(options).name or load_state().name
    run_identity(options.action, name, options.file, as_json=options.json)
    return 0


def _peers(options: argparse.Namespace) -> int:
    from ud2p_shell.peers_command import run_peers

    run_peers(options.action, options.peer, options.key, _settings(options).broker, as_json=options.json)
    return 0


def _send(options: argparse.Namespace) -> int:
    from ud2p_shell.headless.sending import run_send

    settings = _settings(options)
    plugins = _load_plugins(settings)
    return run_send(settings, plugins, options.peer, options.files, options.wait, as_json=options.json)


def _receive(options: argparse.Namespace) -> int:
    from ud2p_shell.headless.receiving import Wishes, run_receive
    from ud2p_shell.questions import folder_of

    settings = _settings(options)
    if options.discard:
        return _discard(settings)
    wishes = Wishes(
        into=folder_of(options.into or str(settings.downloads)),
        peer=options.peer,
        max_bytes=options.max_size,
        takes_all=options.yes,
        keeps_on=options.keep,
    )
    return run_receive(settings, _load_plugins(settings), wishes, as_json=options.json)


def _discard(settings: Settings) -> int:
    from ud2p.text import gate

    removed = [path for info in _load_plugins(settings).file_transfers.values() for path in info.discard()]
    for path in removed:
        print(f"removed {gate(str(path))}")
    print(f"{len(removed)} unfinished files removed" if len(removed) != 1 else "1 unfinished file removed")
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    from ud2p.config import load_settings

    flags = {key: value for key, value in vars(options).items() if key in _FLAGS}
    return load_settings(flags, warn=_warn)


def _load_plugins(settings: Settings) -> PluginManager:
    from ud2p.plugins import PluginManager

    return PluginManager.load(
        safe_mode=settings.safe_mode,
        disabled=settings.no_plugin,
        kept_off=_disabled_plugins(),
        folders=_plugin_folders(settings),
        settings=settings.plugin_settings,
        warn=_warn,
    )


def _disabled_plugins() -> tuple[str, ...]:
    from ud2p.config import state_dir
    from ud2p.errors import ConfigError
    from ud2p.state import load_state

    try:
        state_dir()
    except ConfigError:  # nothing is remembered without a home, and a broker may have none
        return ()
    return load_state().disabled_plugins


def _plugin_folders(settings: Settings) -> list[Path]:
    from ud2p.config import config_dir
    from ud2p.errors import ConfigError

    folders = [settings.plugins_dir] if settings.plugins_dir else []
    try:
        return [config_dir() / "plugins", *folders]
    except ConfigError:
        return folders


_COMMANDS = {
    None: _shell,
    "serve": _serve,
    "demo": _demo,
    "plugins": _plugins,
    "identity": _identity,
    "peers": _peers,
    "send": _send,
    "receive": _receive,
}
_FLAGS = (
    "broker",
    "name",
    "theme",
    "ciphers",
    "transport",
    "file_transfer",
    "downloads",
    "plaintext",
    "trust_broker",
    "peer_key",
    "require_verified",
    "no_plugin",
    "safe_mode",
    "plugins_dir",
    "option",
)


def _warn(sentence: str) -> None:
    print(f"ud2p: warning: {sentence}", file=sys.stderr)


def _complain(error: UD2PError) -> None:
    from ud2p.text import gate

    print(f"ud2p: {gate(str(error))}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
