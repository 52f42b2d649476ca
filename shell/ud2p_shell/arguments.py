"""The command line of ``ud2p``, as argparse has it."""

from __future__ import annotations

import argparse

from ud2p import __version__

TYPE_CHECKING = False  # as in main: typing's own is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    _Commands = argparse._SubParsersAction["_AnyOrderParser"]

DESCRIPTION = "Chat and send files straight to each other from a terminal."
EPILOG = "Without a command, the shell opens. Settings: flags, then UD2P_* in the environment, then config.toml."


class _AnyOrderParser(argparse.ArgumentParser):
    """Takes options between a command's words, as in ``identity export --name alice FILE``; argparse's own would not
    take the last word then."""

    _is_within = False

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """See the class."""
        if self._is_within:
            return super().parse_known_args(args, namespace)
        self._is_within = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_within = False


def make_parser() -> argparse.ArgumentParser:
    """The parser of every command; the absent one is the shell."""
    plugin_options = _plugin_options()
    client_options = _client_options()
    parser = argparse.ArgumentParser(
        prog="ud2p",
        description=DESCRIPTION,
        epilog=EPILOG,
        parents=[client_options, plugin_options],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ud2p {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_AnyOrderParser)
    serve = commands.add_parser("serve", help="run a broker", parents=[plugin_options], allow_abbrev=False)
    serve.add_argument("--host", default="127.0.0.1", help="the IP address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=_port, default=17280, help="TCP and UDP port (default: 17280; 0: any free one)")
    serve.add_argument("--directory", default="memory", help="where presence is kept (default: memory)")
    serve.add_argument("--show-addresses", action="store_true", help="show everyone's address in lists")
    serve.add_argument("--certificate", metavar="FILE", help="a certificate, PEM (default: one of its own making)")
    serve.add_argument("--key", metavar="FILE", help="the key of --certificate, PEM")
    serve.add_argument("--release", metavar="NAME", help="free a name whose owner is gone for good, and end")
    serve.add_argument("--plaintext", action="store_true", help="do without TLS; on this machine alone")
    commands.add_parser(
        "demo",
        help="a broker, an echo peer and the shell, on this machine",
        parents=[_client_options(is_demo=True), plugin_options],
        allow_abbrev=False,
    )
    _add_plugins(commands, [plugin_options])
    _add_send(commands, [client_options, plugin_options])
    _add_receive(commands, [client_options, plugin_options])
    _add_identity(commands)
    _add_peers(commands)
    return parser


def _add_plugins(commands: _Commands, parents: list[_AnyOrderParser]) -> None:
    plugins = commands.add_parser(
        "plugins",
        help="what is installed: list, info, enable, disable, new, check",
        description="What is installed, what is wrong with it, and a start for a plugin of your own.",
        parents=parents,
        allow_abbrev=False,
    )
    plugins.add_argument(
        "action", nargs="?", choices=["list", "info", "enable", "disable", "new", "check"], default="list"
    )
    plugins.add_argument(
        "target",
        nargs="?",
        default=None,
        metavar="NAME|PATH",
        help="which; for check also a folder or file",
    )
    plugins.add_argument(
        "--kind",
        default=None,
        metavar="KIND",
        help="for new: cipher, theme, transport, file-transfer, directory, command or bot",
    )
    plugins.add_argument("--into", default=None, metavar="DIR", help="for new: where (default: the current folder)")
    plugins.add_argument("--json", action="store_true", default=False, help="print JSON")


def _add_send(commands: _Commands, parents: list[_AnyOrderParser]) -> None:
    send = commands.add_parser(
        "send", help="send files and folders to somebody, without the shell", parents=parents, allow_abbrev=False
    )
    send.add_argument("peer", metavar="NAME", help="to whom")
    send.add_argument("files", nargs="+", metavar="FILE", help="what; folders go with everything in them")
    send.add_argument(
        "--wait", type=_seconds, default=60.0, metavar="SECONDS", help="how long to wait for NAME (default: 60)"
    )
    send.add_argument("--json", action="store_true", default=False, help="print what happens, an event a line")


def _add_receive(commands: _Commands, parents: list[_AnyOrderParser]) -> None:
    receive = commands.add_parser(
        "receive",
        help="wait for files and take them, without the shell",
        description="Ends with the chat that brought something.",
        parents=parents,
        allow_abbrev=False,
    )
    receive.add_argument("--from", dest="peer", default=None, metavar="NAME", help="from nobody else")
    receive.add_argument("--into", default=None, metavar="DIR", help="where to (default: --downloads)")
    receive.add_argument("--yes", action="store_true", default=False, help="ask nobody; take every file that fits")
    receive.add_argument(
        "--max-size", type=_bytes, default=None, metavar="SIZE", help="of all that is sent at once, such as 500M or 2G"
    )
    receive.add_argument(
        "--discard", action="store_true", default=False, help="remove what unfinished files have left here, and end"
    )
    receive.add_argument("--keep", action="store_true", default=False, help="go on until interrupted")
    receive.add_argument("--json", action="store_true", default=False, help="print what happens, an event a line")


def _add_identity(commands: _Commands) -> None:
    identity = commands.add_parser(
        "identity",
        help="who you are: show, export, import",
        description="Each name has an identity of its own, made on its first start and never written over.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    identity.add_argument("action", nargs="?", choices=["show", "export", "import"], default="show")
    identity.add_argument(
        "file", nargs="?", default=None, metavar="FILE", help="where to, or from; - is standard output"
    )
    identity.add_argument("--name", metavar="NAME", help="whose (default: the name that the shell remembers)")
    identity.add_argument("--json", action="store_true", default=False, help="print JSON")


def _add_peers(commands: _Commands) -> None:
    peers = commands.add_parser(
        "peers",
        help="whom you know: list, replace, forget, block, unblock",
        description="What is known of peers. replace takes a peer's new key; compare it by voice or in person first.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    peers.add_argument("action", nargs="?", choices=["list", "replace", "forget", "block", "unblock"], default="list")
    peers.add_argument("peer", nargs="?", default=None, metavar="NAME", help="whom")
    peers.add_argument("key", nargs="?", default=None, metavar="SHA256:...", help="for replace: the new fingerprint")
    peers.add_argument("--broker", metavar="HOST[:PORT]", help="where you know them (default: localhost:17280)")
    peers.add_argument("--json", action="store_true", default=False, help="print JSON")


def _client_options(*, is_demo: bool = False) -> _AnyOrderParser:
    # Options that a subcommand shares with the shell must not overwrite what stood before the subcommand.
    options = _AnyOrderParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("the shell")
    group.add_argument("--name", metavar="NAME", help="who you are (asked once, then remembered)")
    group.add_argument("--theme", metavar="THEME", help="how everything looks: lutho, chulumanco, roanda, ...")
    group.add_argument("--cipher", dest="ciphers", metavar="LIST", help="ciphers to offer, the preferred first")
    group.add_argument("--downloads", metavar="DIR", help="where received files go (default: the current folder)")
    group.add_argument("--peer-key", metavar="SHA256:...", help="chat only with whoever has this key")
    group.add_argument("--require-verified", action="store_true", help="chat only with peers you have verified")
    if not is_demo:
        group.add_argument("--broker", metavar="HOST[:PORT]", help="the broker (default: localhost:17280)")
        group.add_argument("--transport", metavar="NAME", help="what carries chats (default: udp)")
        group.add_argument("--file-transfer", metavar="NAME", help="how files travel (default: tcp)")
        group.add_argument("--plaintext", action="store_true", help="no TLS to the broker, which is on this machine")
        group.add_argument(
            "--trust-broker", metavar="FINGERPRINT", help="the key that the broker must have; it is then remembered"
        )
    return options


def _plugin_options() -> _AnyOrderParser:
    options = _AnyOrderParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("plugins")
    group.add_argument("--no-plugin", action="append", metavar="NAME", help="leave this plugin out (may be repeated)")
    group.add_argument("--safe-mode", action="store_true", help="load only what ud2p comes with")
    group.add_argument("--plugins-dir", metavar="DIR", help="load the single-file plugins in DIR too")
    group.add_argument(
        "-o", dest="option", action="append", metavar="NAME.KEY=VALUE", help="set a plugin's option (may be repeated)"
    )
    return options


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:
        raise argparse.ArgumentTypeError("seconds are a number, such as 60")
    return seconds


def _bytes(text: str) -> int:
    """``500``, ``500K``, ``1.5M``, ``2G``, ``1T``: thousands, as disks are sold."""
    power = max(0, " KMGT".find(text[-1:].upper()))
    try:
        size = float(text[:-1] if power else text) * 1000**power
    except ValueError:
        size = -1.0
    if not 0 <= size < 2**62:
        raise argparse.ArgumentTypeError("a size is a number of bytes, such as 500000, 500K, 20M or 2G")
    return int(size)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)
